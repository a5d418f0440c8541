"""CUHK03 (Li et al. 2014) under the new protocol, 767 people to train and 700 to test (Zhong et al. 2017).

Read from CUHK03-NP's folders: bounding_box_train, bounding_box_test and query below `detected` and `labeled`,
with names as in Market-1501.
"""

from pathlib import Path

from reid.datasets.listing import find_root, require_folder
from reid.datasets.market1501 import GALLERY, QUERY, TRAIN, is_root, read_layout
from reid.datasets.published import Original
from reid.datasets.records import DataSet
from reid.errors import InputError

DETECTED = Original(
    name="CUHK03-NP detected",
    counts={TRAIN: 7_365, QUERY: 1_400, GALLERY: 5_332},
    test=(QUERY, GALLERY),
)
LABELLED = Original(
    name="CUHK03-NP labelled",
    counts={TRAIN: 7_368, QUERY: 1_400, GALLERY: 5_328},
    test=(QUERY, GALLERY),
)
WANTED = f"the folders {QUERY} and {GALLERY} of CUHK03-NP, detected or labeled"


def read_cuhk03(root: Path) -> DataSet:
    """The data set in `root`, which is CUHK03-NP's folder `detected` or `labeled`.

    Raises:
        InputError: `root` holds both kinds of boxes, only the original cuhk-03.mat, or is at the wrong level.
    """
    require_folder(root, WANTED)
    inside = [path for path in sorted(root.iterdir()) if _original(path) is not None and is_root(path)]
    if inside and not is_root(root):
        choices = " or ".join(f"--root {path}" for path in inside)
        raise InputError(
            f"{root}: holds {len(inside)} kind(s) of boxes, which are separate data sets; use {choices}"
        )
    matlab = next(root.rglob("cuhk-03.mat"), None)
    if matlab is not None and not is_root(root):
        raise InputError(
            f"{matlab}: the original file is not read; give the CUHK03-NP layout, "
            f"which has {QUERY}/, {GALLERY}/ and {TRAIN}/ with images named like 0001_c1_1_01.png"
        )
    root = find_root(root, is_root, WANTED)
    return read_layout(root, _original(root.resolve()))


def _original(folder: Path) -> Original | None:
    name = folder.name.lower()
    if "detect" in name:
        return DETECTED
    return LABELLED if "label" in name else None
