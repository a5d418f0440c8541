"""A data set of the user's own in folders: `query` and `gallery`, and if wanted `train` and `multi_query`.

Each of them holds either images named as in Market-1501, or folders that say the same:
`<person>/<camera>/*.jpg`, or `<person>/<camera>/<passage>/*.jpg` where one person crosses one camera several
times. The names of people and cameras are any text; the person `-` is a distractor.
"""

from pathlib import Path

from reid.datasets.listing import (
    EXAMPLE,
    Listing,
    find_root,
    images_below,
    label,
    number,
    person_numbers,
)
from reid.datasets.records import DISTRACTOR, DataSet, Split
from reid.errors import InputError

DISTRACTOR_NAME = "-"
LAYOUT = f"images named like {EXAMPLE}, or <person>/<camera>/*.jpg"
WANTED = f"the folders query and gallery, each with {LAYOUT}"


def is_root(folder: Path) -> bool:
    """Whether `folder` holds a query and a gallery."""
    return (folder / "query").is_dir() and (folder / "gallery").is_dir()


def read_folder(root: Path, *, multi_query: bool = False) -> DataSet:
    """The data set in `root`.

    Raises:
        InputError: `root` is at the wrong level, a folder is empty, or an image says not who it shows where.
    """
    root = find_root(root, is_root, WANTED)
    names = ["query", "gallery"] + (["train"] if (root / "train").is_dir() else [])
    if multi_query:
        if not (root / "multi_query").is_dir():
            raise InputError(f"{root}: no folder multi_query; add it, or leave multi_query off")
        names.append("multi_query")
    splits = dict(zip(names, read_people([root / name for name in names]), strict=True))
    return DataSet(
        name=root.resolve().name,
        query=splits["query"],
        gallery=splits["gallery"],
        train=splits.get("train"),
        multi_query=splits.get("multi_query"),
    )


def read_people(folders: list[Path]) -> list[Split]:
    """Read one split for each folder; people, cameras and tracklets have the same numbers in all.

    Raises:
        InputError: as `read_folder`.
    """
    rows = [(folder, _rows(folder)) for folder in folders]
    numbers = person_numbers(row[1] for _, part in rows for row in part if row[1] != DISTRACTOR_NAME)
    listings = []
    for folder, part in rows:
        listing = Listing(folder.name)
        for path, person, camera, passage in part:
            listing.add(path, DISTRACTOR if person == DISTRACTOR_NAME else numbers[person], camera, passage)
        listings.append(listing)
    return number(listings, numbers)


def _rows(folder: Path) -> list[tuple[Path, str, str, str]]:
    """Image, person, camera and passage of all images in one folder."""
    paths = images_below(folder)
    flat = [path for path in paths if path.parent == folder]
    deep = [path for path in paths if path.parent != folder]
    if flat and deep:
        raise InputError(
            f"{folder}: {flat[0].name} lies in it, {deep[0].relative_to(folder)} in a folder; either names or "
            "folders say who is shown, so move the former into <person>/<camera>/, or the latter elsewhere"
        )
    found = [_by_name(path) for path in flat] or [_by_folders(path, folder) for path in deep]
    rows = [row for row in found if row is not None]
    if not rows:
        raise InputError(f"{folder}: no images in it; it must hold {LAYOUT}")
    return rows


def _by_name(path: Path) -> tuple[Path, str, str, str] | None:
    if (found := label(path.name)) is None:
        raise InputError(
            f"{path}: the name says not who it shows in which camera; rename it like {EXAMPLE}, "
            "or use folders <person>/<camera>/"
        )
    if found.person < 0:
        return None
    return path, str(found.person) if found.person > 0 else DISTRACTOR_NAME, found.camera, found.passage


def _by_folders(path: Path, folder: Path) -> tuple[Path, str, str, str]:
    person, *rest = path.relative_to(folder).parts[:-1]
    if not rest:
        raise InputError(
            f"{path}: it lies in a person's folder and not in a camera's; "
            f"move it to {path.parent / '<camera>' / path.name}"
        )
    return path, person, rest[0], "/".join(rest[1:])
