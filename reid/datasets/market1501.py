"""Market-1501 (Zheng et al. 2015) and what has its folders and file names, as DukeMTMC-reID and CUHK03-NP.

`PPPP_cCsS_FFFFFF_NN.jpg`: person, camera, sequence, frame, box. Person 0000 is a distractor: not in any
query, wrong wherever it is ranked. Person -1 is junk: a bad box of a person, neither right nor wrong, so it
is left out.
"""

import re
from pathlib import Path

from reid.datasets.listing import EXAMPLE, Listing, find_root, images, label, number
from reid.datasets.published import Original
from reid.datasets.records import DISTRACTOR, DataSet
from reid.errors import InputError
from reid.wording import counted

TRAIN, QUERY, GALLERY, MULTI_QUERY = "bounding_box_train", "query", "bounding_box_test", "gt_bbox"
WANTED = f"the folders {QUERY} and {GALLERY}"


MARKET = Original(
    name="Market-1501",
    counts={TRAIN: 12_936, QUERY: 3_368, GALLERY: 15_913, MULTI_QUERY: 25_259},
    test=(QUERY, GALLERY),
)
DUKE = Original(
    name="DukeMTMC-reID",
    counts={TRAIN: 16_522, QUERY: 2_228, GALLERY: 17_661},
    test=(QUERY, GALLERY),
)


def is_root(folder: Path) -> bool:
    """Whether `folder` holds query and gallery under Market-1501's names."""
    return (folder / QUERY).is_dir() and (folder / GALLERY).is_dir()


def read_market1501(root: Path, *, multi_query: bool = False) -> DataSet:
    """The data set in `root`: bounding_box_test, query, and if there bounding_box_train.

    Args:
        multi_query: read gt_bbox too.

    Raises:
        InputError: `root` is at the wrong level, or a folder is missing or holds no image with such a name.
    """
    root = find_root(root, is_root, WANTED)
    return read_layout(root, _original(images(root / QUERY)), multi_query=multi_query)


def read_layout(root: Path, original: Original | None, *, multi_query: bool = False) -> DataSet:
    """A data set with Market-1501's folders, compared with the `original`; what differs is a note.

    Subsets are common, so a count that differs is no error.
    """
    folders = {"query": QUERY, "gallery": GALLERY}
    notes: list[str] = []
    if (root / TRAIN).is_dir():
        folders["train"] = TRAIN
    else:
        notes.append(f"no folder {TRAIN}, so there is no train split")
    if multi_query:
        if not (root / MULTI_QUERY).is_dir():
            raise InputError(
                f"{root}: no folder {MULTI_QUERY}; multi-query needs it, or leave multi_query off"
            )
        folders["multi_query"] = MULTI_QUERY
    listings = [_read(split, root / folder, notes) for split, folder in folders.items()]
    name = root.resolve().name
    if original is not None:
        found = {folder: len(part.paths) for folder, part in zip(folders.values(), listings, strict=True)}
        name, differences = original.compare(found, root)
        notes += differences
    splits = dict(zip(folders, number(listings), strict=True))
    return DataSet(
        name=name,
        query=splits["query"],
        gallery=splits["gallery"],
        train=splits.get("train"),
        multi_query=splits.get("multi_query"),
        notes=tuple(notes),
    )


def _read(split: str, folder: Path, notes: list[str]) -> Listing:
    """The images of one folder; what is left out is noted."""
    listing, junk, nameless = Listing(split), 0, []
    for path in images(folder):
        if (found := label(path.name)) is None:
            nameless.append(path.name)
        elif found.person < 0:
            junk += 1
        else:
            listing.add(path, found.person if found.person > 0 else DISTRACTOR, found.camera, found.passage)
    if not listing.paths:
        raise InputError(f"{folder}: no image in it is named as in Market-1501, {EXAMPLE}")
    if nameless:
        notes.append(
            f"{counted(len(nameless), 'image')} of {folder.name} left out, not named like {EXAMPLE}: "
            f"{', '.join(nameless[:3])}"
        )
    if junk:
        notes.append(f"{counted(junk, 'junk image')} of {folder.name} left out")
    return listing


def _original(queries: list[Path]) -> Original | None:
    """Published data set that the names look like."""
    for pattern, original in ((r"-?\d+_c\ds\d", MARKET), (r"\d+_c\d_f\d", DUKE)):
        if queries and re.match(pattern, queries[0].name):
            return original
    return None
