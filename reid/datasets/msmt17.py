"""MSMT17 (Wei et al. 2018), versions 1 and 2.

Lists of `0000/0000_000_01_0303morning_0008_0.jpg 0` say which image below `train` or `test` (`mask_train_v2`,
`mask_test_v2` in version 2) shows which person. The name's third part is the camera, 1 to 15, its fourth the date and
time of day. Nothing is a distractor or junk.
"""

import re
from pathlib import Path

import numpy as np

from reid.datasets.listing import Listing, find_root, number, require_files
from reid.datasets.published import Original
from reid.datasets.records import DataSet
from reid.errors import InputError

LISTS = {
    "query": "list_query.txt",
    "gallery": "list_gallery.txt",
    "train": "list_train.txt",
    "val": "list_val.txt",
}
ORIGINAL = Original(
    name="MSMT17",
    counts={
        LISTS["query"]: 11_659,
        LISTS["gallery"]: 82_161,
        LISTS["train"]: 30_248,
        LISTS["val"]: 2_373,
    },
    test=(LISTS["query"], LISTS["gallery"]),
)
FOLDERS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))
WANTED = (
    f"{LISTS['query']}, {LISTS['gallery']} and the folder test (mask_test_v2 in version 2), "
    "so it is MSMT17_V1 or MSMT17_V2"
)
NUMBER = re.compile(r"[0-9]{1,9}")
EXAMPLE = "0000/0000_000_01_0303morning_0008_0.jpg 0"


def is_root(folder: Path) -> bool:
    """Whether `folder` holds the lists and the images of the test people."""
    lists = all((folder / LISTS[split]).is_file() for split in ("query", "gallery"))
    return lists and any((folder / test).is_dir() for _, test in FOLDERS)


def read_msmt17(root: Path) -> DataSet:
    """The data set in `root`. The train split is list_train and list_val together, 1,041 people.

    The lists number train and test people from 0 alike; here the train people come behind the test people.

    Raises:
        InputError: `root` is at the wrong level, a line of a list is not `path number`, an image is missing.
    """
    root = find_root(root, is_root, WANTED)
    train, test = next(pair for pair in FOLDERS if (root / pair[1]).is_dir())
    listings, notes = {}, []
    for split, file in LISTS.items():
        if not (root / file).is_file():
            notes.append(f"no file {file}, so its images are not in the train split")
            continue
        where = root / (train if split in ("train", "val") else test)
        listings[split] = _read(root / file, where, split)
    name, differences = ORIGINAL.compare(
        {LISTS[split]: len(listing.paths) for split, listing in listings.items()}, root
    )
    parts = [listings.pop(split) for split in ("train", "val") if split in listings]
    if parts:
        first = 1 + max(max(listing.persons) for listing in listings.values())
        listings["train"] = _together(parts, first)
    splits = dict(zip(listings, number(list(listings.values())), strict=True))
    return DataSet(
        name=name,
        query=splits["query"],
        gallery=splits["gallery"],
        train=splits.get("train"),
        notes=(*notes, *differences),
    )


def _together(parts: list[Listing], first: int) -> Listing:
    whole = Listing("train")
    for part in parts:
        whole.paths += part.paths
        whole.persons += (np.array(part.persons) + first).tolist()
        whole.cameras += part.cameras
        whole.passages += part.passages
    return whole


def _read(path: Path, folder: Path, split: str) -> Listing:
    listing = Listing(split)
    for line, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not text.strip():
            continue
        name, _, person = text.strip().rpartition(" ")
        parts = Path(name).name.split("_")
        if len(parts) < 5 or not NUMBER.fullmatch(parts[2]) or not NUMBER.fullmatch(person):
            raise InputError(
                f"{path}, line {line}: {text!r} is not an image and a person's number, as {EXAMPLE}"
            )
        listing.add(folder / name, int(person), f"c{int(parts[2])}", parts[3])
    if not listing.paths:
        raise InputError(f"{path}: lists no images; a line looks like {EXAMPLE}")
    require_files(listing.paths, path)
    return listing
