"""The results of `reid video` as images to learn from, as the reviewer has left them.

`crops/P0001/<camera>_<track>_<n>.jpg`: the folder is the person. Whatever a reviewer did there counts: images
moved, folders merged, made or removed. What they did in the gallery (merge, rename, forget) comes as `Corrections`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from reid.datasets.folder import DISTRACTOR_NAME
from reid.datasets.listing import Listing, images_below, number, person_numbers, require_folder
from reid.datasets.records import Split
from reid.errors import InputError
from reid.results_files import crop_of, recorded_path, table_rows
from reid.text_file import read_json
from reid.types import TrackletKey
from reid.wording import counted

CROPS, RUN, TABLE = "crops", "run.json", "tracklets.csv"
WANTED = f"{CROPS} and {RUN}, as `reid video` writes them"
_MARKS = (RUN, "identities.json")
_PERSON = re.compile(r"P([0-9]{1,18})")


RunKey = tuple[datetime, tuple[str, ...]]  # when a run started, and its cameras


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrections:
    """Present names of a gallery's people, as `reid.store.sqlite.people_now` finds them."""

    gallery: Path
    people: Mapping[int, str | None]  # every id ever given: what they are called now; None: erased
    runs: Set[RunKey]  # of the gallery: start in whole seconds, cameras by name
    # the person of each tracklet of a run now; those that show no person, or one who is erased, are left out
    tracklets: Mapping[RunKey, Mapping[TrackletKey, int]] = field(default_factory=dict)
    own: bool = False  # the gallery is of one results folder alone


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadResults:
    """Images of one results folder."""

    split: Split
    shared: bool  # people and cameras are those of the corrections' gallery
    notes: tuple[str, ...]


def is_results(folder: Path) -> bool:
    """Whether `folder` is a results folder with crops."""
    return (folder / CROPS).is_dir() and any((folder / mark).is_file() for mark in _MARKS)


def read_results(root: Path, name: str, corrections: Corrections | None) -> ReadResults:
    """The images of people in a results folder; `name` tells its new people from those of other folders.

    Raises:
        InputError: not a results folder, no crops of people left, or it cannot be told whether `corrections`
            are about it.
    """
    require_folder(root, WANTED)
    if not is_results(root):
        raise InputError(f"{root}: not a results folder; it must hold {WANTED}")
    linked, notes = _linked_with(root, corrections)
    now = _decided(root, corrections) if linked and corrections is not None else None
    rows, left_out = _sorted_out(root / CROPS, name, now)
    if not rows:
        reasons = "; ".join(f"of {counted(count, 'crop')} {why}" for why, count in left_out.items())
        why = reasons or "`reid video` writes them where outputs.crops is on"
        raise InputError(f"{root / CROPS}: no crops of people that may be learned from; {why}")
    numbers = person_numbers(row.person for row in rows)
    listing = Listing(name)
    for row in rows:
        listing.add(row.path, numbers[row.person], row.camera, row.track)
    notes += [f"{counted(count, 'crop')} left out: {why}" for why, count in left_out.items()]
    if deep := sum(row.path.parent.parent != root / CROPS for row in rows):
        notes.append(f"{counted(deep, 'crop')} in folders within a person's folder count as that person's")
    (split,) = number([listing], numbers)
    own = corrections is not None and corrections.own
    return ReadResults(split=split, shared=linked and not own, notes=tuple(notes))


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    person: str
    camera: str
    track: str


_ERASED = "their people are not in the gallery any more (forgotten, or the run was pruned or repeated)"
_NO_PERSON = "they show no person of the gallery (decided so, or erased)"
_HOMELESS = f"they lie in no person's folder, or in {DISTRACTOR_NAME}"
_NAMELESS = "their names are not <camera>_<track>_<n>.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What a gallery says of the people of a results folder, and of its tracklets."""

    people: Mapping[int, str | None]  # as in `Corrections`
    tracklets: Mapping[tuple[str, int], int]  # by camera and number: the person now
    written: Mapping[tuple[str, int], str]  # the folder that the run wrote a tracklet's crops to

    def person_of(self, folder: str, source: str, tracklet: tuple[str, int] | None) -> str | None:
        """Present name of the person that a crop in a folder shows; None: none that may be learned.

        A folder counts where a reviewer moved the crop there; else what was decided of its tracklet.
        """
        if tracklet is not None and self.written.get(tracklet) == folder:
            return self.people.get(self.tracklets.get(tracklet, 0))
        found = _PERSON.fullmatch(folder)
        if found is not None and int(found[1]) in self.people:
            return self.people[int(found[1])]
        # a reviewer's new folder: a person of the gallery, by label, or a person of this source alone
        return folder if folder in self.people.values() else f"{folder} ({source})"


def _decided(root: Path, corrections: Corrections) -> _Decided:
    run = _run(root)
    known = {} if run is None else corrections.tracklets.get(_start_and_cameras(run, root), {})
    return _Decided(
        people=corrections.people,
        tracklets={(key.camera_id, key.track_id): person_id for key, person_id in known.items()},
        written=_written(root / TABLE) if known else {},
    )


def _written(table: Path) -> dict[tuple[str, int], str]:
    """The folder of each tracklet's crops, by the table of the run; empty where there is none."""
    if not table.is_file():
        return {}
    try:
        return dict(table_rows(table, lambda row: ((row["camera"], int(row["track_id"])), row["person"])))
    except ValueError as error:
        raise InputError(f"{table}: not as `reid video` writes it ({error}); run it again") from None


def _sorted_out(crops: Path, source: str, now: _Decided | None) -> tuple[list[_Row], Counter[str]]:
    """Images to learn from, and how many of the others there are for what reason."""
    rows: list[_Row] = []
    left_out: Counter[str] = Counter()
    for path in images_below(crops):
        folders = path.relative_to(crops).parts[:-1]
        found = crop_of(path.stem)
        tracklet = None if found is None else (unquote(found[0]), found[1])
        people = [folder if now is None else now.person_of(folder, source, tracklet) for folder in folders]
        if None in people:
            decided = now is not None and tracklet is not None and now.written.get(tracklet) in folders
            left_out[_NO_PERSON if decided else _ERASED] += 1
        elif not people or folders[0] == DISTRACTOR_NAME:
            left_out[_HOMELESS] += 1
        elif tracklet is None:
            left_out[_NAMELESS] += 1
        else:
            rows.append(_Row(path, str(people[0]), tracklet[0], str(tracklet[1])))
    return rows, left_out


def _linked_with(root: Path, corrections: Corrections | None) -> tuple[bool, list[str]]:
    """Whether the run was linked with the corrections' gallery; a note where corrections do not apply."""
    run = _run(root)
    gallery = None if run is None else run["config"].get("gallery")
    if corrections is None:
        note = f"linked with the gallery {gallery}, whose corrections count only where data.gallery names it"
        return False, [note] if gallery else []
    if run is None:
        raise InputError(_cannot_tell(root, f"there is no {RUN}"))
    if corrections.own:
        if _start_and_cameras(run, root) in corrections.runs:
            return True, []
        return False, [f"{corrections.gallery.name} in it is about another run, so it does not count"]
    of_others = f"so corrections of {corrections.gallery} are not about it"
    if gallery is None:
        return False, [f"linked without a gallery, {of_others}"]
    if _start_and_cameras(run, root) in corrections.runs:
        return True, []
    output = run["config"].get("output")
    at = Path(output) if isinstance(output, str) else None
    if recorded_path(root, Path(gallery), at).resolve() != corrections.gallery.resolve():
        return False, [f"linked with the gallery {gallery}, {of_others}"]
    if Path(gallery).is_absolute() and Path(gallery).resolve() == corrections.gallery.resolve():
        return True, []  # pruned or repeated since; ids are never given again
    # one that was typed, or lies where a moved site would have it, may be another site's, and people of two sites
    # must not become one
    raise InputError(_cannot_tell(root, f"{corrections.gallery} does not know the run"))


def _cannot_tell(root: Path, why: str) -> str:
    return (
        f"{root}: {why}, so it cannot be told who in it was merged or forgotten; run `reid video` again, "
        "or leave out this source or data.gallery"
    )


def _run(root: Path) -> dict[str, Any] | None:
    """Read run.json; None if there is none."""
    path = root / RUN
    if not path.is_file():
        return None
    run: dict[str, Any] = read_json(path, "what `reid video` writes; run it again")
    config = run.get("config") if isinstance(run, dict) else None
    if not isinstance(config, dict) or not isinstance(config.get("gallery"), str | None):
        raise InputError(f"{path}: not as `reid video` writes it; run it again")
    return run


def _start_and_cameras(run: Mapping[str, Any], root: Path) -> tuple[datetime, tuple[str, ...]]:
    try:
        return datetime.fromisoformat(run["started"]), tuple(sorted(run["cameras"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{root / RUN}: no start and cameras of the run in it; run `reid video` again"
        ) from error
