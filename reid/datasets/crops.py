"""Labelled crops as one split, with no query and gallery: what a threshold is chosen on."""

from pathlib import Path

import numpy as np

from reid.datasets import folder as folders
from reid.datasets import market1501
from reid.datasets.listing import EXAMPLE, Listing, images_below, label, number, require_folder
from reid.datasets.records import DISTRACTOR, DataSet, Split
from reid.errors import InputError
from reid.wording import counted


def named(root: Path) -> Split:
    """Images below `root` with Market-1501's file names and a person above 0; others are left out."""
    require_folder(root, f"crops named as in Market-1501, {EXAMPLE}")
    _refuse_benchmark(root, market1501.is_root(root), market1501.TRAIN)
    listing = Listing(root.name)
    for path in images_below(root):
        if (found := label(path.name)) is not None and found.person > 0:
            listing.add(path, found.person, found.camera, found.passage)
    if not listing.paths:
        raise InputError(f"{root}: no crops in it are named as in Market-1501, {EXAMPLE}")
    return number([listing])[0]


def in_folders(root: Path) -> Split:
    """The images of `root` as one split of the kind folder has them."""
    require_folder(root, folders.LAYOUT)
    _refuse_benchmark(root, folders.is_root(root), "train")
    return folders.read_people([root])[0]


def train_of(data: DataSet, root: Path) -> Split:
    """The train split, which must be there."""
    if data.train is None:
        raise InputError(f"{root}: no train split, and a threshold must not be chosen on query and gallery")
    return data.train


def check(split: Split, root: Path) -> None:
    """Raise InputError unless two people, and one person in two cameras, are shown."""
    shown = split.persons != DISTRACTOR
    seen = np.unique(np.stack([split.persons[shown], split.cameras[shown]], axis=1), axis=0)
    if split.people < 2:
        raise InputError(
            f"{root}: crops of {counted(split.people, 'person', 'people')} found, at least 2 are needed"
        )
    if len(seen) == split.people:
        raise InputError(
            f"{root}: no person is seen by two cameras, so nothing can be linked; "
            f"in names like {EXAMPLE} the number behind _c is the camera"
        )


def _refuse_benchmark(root: Path, whole: bool, train: str) -> None:
    if whole:
        raise InputError(
            f"{root}: holds query and gallery, which must not choose a threshold; give {root / train} instead"
        )
