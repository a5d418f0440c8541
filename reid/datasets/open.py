"""Opening of a labelled data set of any kind: reading, checking, describing."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reid.datasets import crops
from reid.datasets.cuhk03 import read_cuhk03
from reid.datasets.distractors import read_distractors
from reid.datasets.folder import read_folder
from reid.datasets.market1501 import read_market1501
from reid.datasets.msmt17 import read_msmt17
from reid.datasets.records import DISTRACTOR, DataSet, Split
from reid.datasets.table import read_rows, read_table
from reid.errors import InputError
from reid.wording import counted

Kind = Literal["market1501", "msmt17", "cuhk03", "folder", "csv"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def as_kind(text: str) -> Kind:
    """`text` as a kind of data set.

    Raises:
        InputError: it is none.
    """
    for kind in KINDS:
        if kind == text:
            return kind
    raise InputError(f"no kind of data set is called {text!r}; choose one of {', '.join(KINDS)}")


def open_data_set(
    kind: Kind, root: Path, *, distractors: Path | None = None, multi_query: bool = False
) -> DataSet:
    """Query, gallery and what else the data set has; no image is decoded yet.

    Args:
        root: its folder; for csv, the file.
        distractors: a folder of more gallery images, of people that no query shows.
        multi_query: read the images that multi-query takes its means from.

    Raises:
        InputError: a folder, file, label or image is missing or cannot be, or no query can be found again,
            or none has more images for multi-query.
    """
    if multi_query and kind in ("msmt17", "cuhk03"):
        raise InputError(f"{kind} has no more images of its queries; leave multi_query off")
    match kind:
        case "market1501":
            data = read_market1501(root, multi_query=multi_query)
        case "msmt17":
            data = read_msmt17(root)
        case "cuhk03":
            data = read_cuhk03(root)
        case "folder":
            data = read_folder(root, multi_query=multi_query)
        case "csv":
            data = read_table(root, multi_query=multi_query)
    _check(data, root)
    if data.multi_query is not None:
        data = _of_queries(data, data.multi_query, root)
    if distractors is not None:
        more, notes = read_distractors(distractors, data.gallery)
        data = replace(data, distractors=more, notes=data.notes + notes)
    return data


def open_crops(kind: Kind, root: Path) -> Split:
    """The labelled images in a folder or CSV file as one split, for choosing a threshold.

    market1501 and cuhk03: all images below `root` with Market-1501's file names. msmt17: the train split.
    folder: named images, or `<person>/<camera>/*.jpg`. csv, and any file that ends in .csv: all rows, or those
    of the split train if there is a column split. Distractors and junk are left out.

    Raises:
        InputError: fewer than 2 people, no person seen by two cameras, a label that cannot be, or the root of a
            whole benchmark, whose test images must not choose a threshold.
    """
    if root.suffix.lower() == ".csv" and not root.is_dir():
        kind = "csv"
    match kind:
        case "market1501" | "cuhk03":
            split = crops.named(root)
        case "msmt17":
            split = crops.train_of(read_msmt17(root), root)
        case "folder":
            split = crops.in_folders(root)
        case "csv":
            split = read_rows(root)
    crops.check(split, root)
    name = root.stem if kind == "csv" else root.resolve().name
    return replace(split.select(split.persons != DISTRACTOR), name=name)


def describe(data: DataSet) -> list[tuple[str, str]]:
    """Rows of a split and a text; `data.notes` say more."""
    splits = (data.query, data.gallery, data.train, data.multi_query, data.distractors)
    return [(split.name.replace("_", "-"), _contents(split)) for split in splits if split is not None]


def _contents(split: Split) -> str:
    parts = [counted(len(split), "image")]
    if split.people:
        parts += [counted(split.people, "person", "people")]
        parts += [counted(len(np.unique(split.cameras)), "camera")]
        if distractors := int(np.sum(split.persons == DISTRACTOR)):
            are = "is a distractor" if distractors == 1 else "are distractors"
            parts.append(f"{distractors:,} of the images {are}")
    return ", ".join(parts)


def _of_queries(data: DataSet, pool: Split, root: Path) -> DataSet:
    """Add the images of `pool` whose person and camera are a query's, for multi-query.

    Raises:
        InputError: there are none.
    """
    queries = list(zip(data.query.persons.tolist(), data.query.cameras.tolist(), strict=True))
    pairs = list(zip(pool.persons.tolist(), pool.cameras.tolist(), strict=True))
    wanted, offered = set(queries), set(pairs)
    if not wanted & offered:
        raise InputError(
            f"{root}: no image for multi-query shows a query's person in the query's camera, "
            f"{pool.paths[0]} for one does not; give others, or leave multi_query off"
        )
    pool = pool.select(np.array([pair in wanted for pair in pairs], dtype=np.bool_))
    notes = data.notes
    if alone := sum(pair not in offered for pair in queries):
        have, keep = ("has", "it keeps its") if alone == 1 else ("have", "they keep their")
        notes += (f"{alone:,} of {len(queries):,} queries {have} no more images; {keep} own vector",)
    return replace(data, multi_query=pool, notes=notes)


def _check(data: DataSet, root: Path) -> None:
    """Raise InputError if a query shows a distractor, or no query has a match in the gallery."""
    query, gallery = data.query, data.gallery
    if len(distractors := np.flatnonzero(query.persons == DISTRACTOR)):
        raise InputError(
            f"{query.paths[distractors[0]]}: a query of a distractor; give it a person, or move it to the gallery"
        )
    cameras: dict[int, set[int]] = {}
    for person, camera in zip(gallery.persons.tolist(), gallery.cameras.tolist(), strict=True):
        cameras.setdefault(person, set()).add(camera)
    pairs = zip(query.persons.tolist(), query.cameras.tolist(), strict=True)
    if not any(cameras.get(person, set()) - {camera} for person, camera in pairs):
        raise InputError(
            f"{root}: no query's person is in the gallery in another camera, so there is nothing to score; "
            f"{counted(query.people, 'person', 'people')} in the query, {gallery.people:,} in the gallery, "
            f"{counted(len(np.unique(gallery.cameras)), 'camera')} there"
        )
