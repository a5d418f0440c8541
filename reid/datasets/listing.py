"""Parts that readers share: finding images, collecting their labels, numbering cameras and tracklets."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reid.datasets.records import DISTRACTOR, Split
from reid.errors import InputError
from reid.stills import is_image, left_out

log = logging.getLogger(__name__)

EXAMPLE = "0002_c1s1_000451_03.jpg"
_NAME = re.compile(r"(-?[0-9]{1,18})_c([0-9]+)(?:s([0-9]+))?")  # 18 digits fit into int64


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """Labels in a file name of Market-1501; person 0 is a distractor, -1 is junk."""

    person: int
    camera: str
    passage: str


def label(name: str) -> ImageLabel | None:
    """Person, camera and sequence of `0002_c1s1_000451_03.jpg`; None for any other name.

    The sequence may be missing, as in DukeMTMC (`0001_c2_f0046182.jpg`) and CUHK03-NP.
    """
    if (found := _NAME.match(name)) is None:
        return None
    return ImageLabel(int(found[1]), f"c{int(found[2])}", f"s{found[3]}" if found[3] else "")


@dataclass(slots=True, eq=False)
class Listing:
    """The images of one split while a reader collects them."""

    name: str
    paths: list[Path] = field(default_factory=list)
    persons: list[int] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)
    sites: dict[str, str] = field(default_factory=dict)  # of cameras, by name

    def add(self, path: Path, person: int, camera: str, passage: str = "", site: str = "") -> None:
        """Add one image; `passage` tells apart the times that a person crossed the camera.

        Cameras of one name at two sites are two cameras.
        """
        if site:
            camera = f"{site}/{camera}"
            self.sites[camera] = site
        self.paths.append(path)
        self.persons.append(person)
        self.cameras.append(camera)
        self.passages.append(passage)


def number(listings: Sequence[Listing], persons: Mapping[str, int] | None = None) -> list[Split]:
    """Number cameras and tracklets alike in all listings, and give one split for each.

    Distractors have nothing in common, so each is a tracklet of its own.

    Args:
        persons: what `person_numbers` gave, where people have names.
    """
    person_names = {person: name for name, person in (persons or {}).items() if name != str(person)}
    names = tuple(sorted({camera for listing in listings for camera in listing.cameras}, key=natural))
    positions = {camera: position for position, camera in enumerate(names)}
    sites = {camera: site for listing in listings for camera, site in listing.sites.items()}
    known: dict[tuple[int, str, str], int] = {}
    splits, alone = [], -1  # tracklets of distractors count down, so that they cannot meet the others
    for listing in listings:
        tracklets = []
        for key in zip(listing.persons, listing.cameras, listing.passages, strict=True):
            if key[0] == DISTRACTOR:
                tracklets.append(alone)
                alone -= 1
            else:
                tracklets.append(known.setdefault(key, len(known)))
        splits.append(
            Split(
                name=listing.name,
                paths=tuple(listing.paths),
                persons=np.array(listing.persons, dtype=np.int64),
                cameras=np.array([positions[camera] for camera in listing.cameras], dtype=np.int64),
                tracklets=np.array(tracklets, dtype=np.int64),
                camera_names=names,
                camera_sites=tuple(sites.get(camera, "") for camera in names) if sites else (),
                person_names=person_names,
            )
        )
    return splits


def person_numbers(names: Iterable[str]) -> dict[str, int]:
    """A number from 0 for every name of a person; names that are whole numbers keep them."""
    ordered = sorted(set(names), key=natural)
    if all(re.fullmatch(r"[0-9]{1,18}", name) for name in ordered):
        numbers = {name: int(name) for name in ordered}
        if len(set(numbers.values())) == len(ordered):  # not where both 1 and 01 occur
            return numbers
    return {name: position for position, name in enumerate(ordered)}


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key that puts c2 before c10."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def images(folder: Path) -> list[Path]:
    """The images that lie directly in `folder`, by name; other files are not looked at."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    _tell_left_out(folder, names)
    return [folder / name for name in names if is_image(name)]


def images_below(folder: Path) -> list[Path]:
    """The images in `folder` and all folders below it, sorted; folders of other programs are not looked into."""
    found: list[Path] = []
    names: list[str] = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_of_programs(name)]
        found += [Path(where, name) for name in files if is_image(name)]
        names += files
    _tell_left_out(folder, names)
    return sorted(found)


def _tell_left_out(folder: Path, names: Sequence[str]) -> None:
    """Images that would be read were they of another kind are missed in no figure without a word."""
    if (sentence := left_out(names)) is not None:
        log.warning("%s: %s", folder, sentence)


def _is_of_programs(folder: str) -> bool:
    """Whether a program made the folder: `.thumbs`, Synology's `@eaDir`, macOS's `__MACOSX`."""
    return folder.startswith((".", "@")) or folder == "__MACOSX"


def require_folder(folder: Path, wanted: str) -> None:
    """Raise InputError unless `folder` is one; `wanted` says what it must hold."""
    if not folder.is_dir():
        kind = "a file, not a folder" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {kind}; it must hold {wanted}")


def find_root(root: Path, fits: Callable[[Path], bool], wanted: str) -> Path:
    """`root` if it `fits`; otherwise the error says whether a folder above or below it would.

    Raises:
        InputError: `root` is missing or is not what the reader wants.
    """
    require_folder(root, wanted)
    if fits(root):
        return root
    below = _folders(root)
    deeper = (path for folder in below for path in _folders(folder))
    above = root.resolve().parents[:2]
    for candidate in (*above, *below, *deeper):
        if fits(candidate):
            raise InputError(f"{root}: the wrong level, it must hold {wanted}; --root {candidate} would work")
    found = ", ".join(path.name for path in below[:5]) or "no folders"
    raise InputError(f"{root}: it must hold {wanted}; it holds {found}{', ...' if len(below) > 5 else ''}")


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not _is_of_programs(path.name))


def require_files(paths: Iterable[Path], source: Path) -> None:
    """Raise InputError if images that `source` lists are missing, naming the first three."""
    absent = [path for path in paths if not path.is_file()]
    if absent:
        first = ", ".join(map(str, absent[:3]))
        raise InputError(
            f"{source}: {len(absent):,} of the listed images are missing, the first {min(3, len(absent))}: "
            f"{first}; copy them again, or take their lines out"
        )
