"""A CSV file of labelled images: columns path, person, camera, split, and if wanted tracklet and site.

`path` is relative to the CSV file. `person`, `camera`, `tracklet` and `site` are any text; an empty person or `-` is
a distractor. `split` is query, gallery, train or multi_query. Cameras of one name at two sites are two cameras. Other
columns are not looked at.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reid.datasets.listing import Listing, number, person_numbers, require_files
from reid.datasets.records import DISTRACTOR, DataSet, Split
from reid.errors import InputError

SPLITS = ("query", "gallery", "train", "multi_query")
DISTRACTOR_NAMES = ("", "-")


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    person: str
    camera: str
    split: str
    tracklet: str
    site: str


def read_table(path: Path, *, multi_query: bool = False) -> DataSet:
    """The data set in a CSV file with a column split.

    Raises:
        InputError: no such file, no such column, a value that cannot be, or images that are missing.
    """
    rows = _rows(path, needed=("path", "person", "camera", "split"))
    present = {row.split for row in rows}
    for name in ("query", "gallery", *(["multi_query"] if multi_query else [])):
        if name not in present:
            raise InputError(f"{path}: no row has the split {name}; found: {', '.join(sorted(present))}")
    names = [name for name in SPLITS if name in present and (multi_query or name != "multi_query")]
    splits = dict(zip(names, _numbered(path, rows, names), strict=True))
    return DataSet(
        name=path.stem,
        query=splits["query"],
        gallery=splits["gallery"],
        train=splits.get("train"),
        multi_query=splits.get("multi_query"),
    )


def read_rows(path: Path) -> Split:
    """The rows of a CSV file without a column split, or its rows of the split train, as one split.

    Raises:
        InputError: as `read_table`; a column split without train.
    """
    rows = _rows(path, needed=("path", "person", "camera"))
    if any(row.split for row in rows) and not any(row.split == "train" for row in rows):
        raise InputError(
            f"{path}: no row has the split train; nothing must be learned from query and gallery, or chosen on "
            "them, so give other images, or take the column split out"
        )
    (split,) = _numbered(path, rows, ["train" if any(row.split for row in rows) else ""])
    return split


def _numbered(path: Path, rows: list[_Row], names: list[str]) -> list[Split]:
    numbers = person_numbers(row.person for row in rows if row.person not in DISTRACTOR_NAMES)
    listings = {name: Listing(name) for name in names}
    for row in rows:
        if row.split in listings:
            person = DISTRACTOR if row.person in DISTRACTOR_NAMES else numbers[row.person]
            listings[row.split].add(row.path, person, row.camera, row.tracklet, row.site)
    require_files((file for listing in listings.values() for file in listing.paths), path)
    return number(list(listings.values()), numbers)


def _rows(path: Path, needed: tuple[str, ...]) -> list[_Row]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; it wants a CSV file with the columns {', '.join(needed)}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_parsed(path, file, needed))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from error
    if not rows:
        raise InputError(f"{path}: no rows below the header; a row names one image")
    return rows


def _parsed(path: Path, file: Iterable[str], needed: tuple[str, ...]) -> Iterator[_Row]:
    lines = csv.reader(file, strict=True)
    header = [name.strip().lower() for name in next(lines, [])]
    if absent := [name for name in needed if name not in header]:
        raise InputError(
            f"{path}: the column {' and '.join(absent)} is missing from its first line {','.join(header)!r}; "
            f"needed, between commas: {','.join(needed)}"
        )
    if len(set(header)) != len(header):
        raise InputError(f"{path}: a column occurs twice in its first line {','.join(header)!r}; rename one")
    seen: dict[tuple[str, str], int] = {}
    for cells in lines:
        line = lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(cells)} values, but the header has {len(header)} columns"
            )
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        _check(path, line, values, needed)
        key = (values.get("split", ""), values["path"])
        if (first := seen.setdefault(key, line)) != line:
            raise InputError(
                f"{path}, line {line}, column path: {key[1]!r} is in line {first} already; drop one"
            )
        yield _Row(
            path=path.parent / values["path"],
            person=values["person"],
            camera=values["camera"],
            split=values.get("split", ""),
            tracklet=values.get("tracklet", ""),
            site=values.get("site", ""),
        )


def _check(path: Path, line: int, values: dict[str, str], needed: tuple[str, ...]) -> None:
    for column in ("path", "camera", "site"):
        if not values.get(column, "-"):
            raise InputError(f"{path}, line {line}, column {column}: empty; it wants {_WANTS[column]}")
    split = values.get("split", "")
    if (split or "split" in needed) and split not in SPLITS:
        raise InputError(f"{path}, line {line}, column split: {split!r} is none of {', '.join(SPLITS)}")


_WANTS = {
    "path": "the image's path, relative to this file",
    "camera": "the camera's name",
    "site": "the site's name",
}
