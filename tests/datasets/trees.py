"""Small data sets on the disk. Readers never decode, so one byte is an image to them."""

from collections.abc import Iterable
from pathlib import Path


def touch(folder: Path, names: Iterable[str]) -> None:
    """Images (or anything else) with these names, folders in the names included."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def market(root: Path) -> Path:
    """Two people and their distractors and junk, with the files that the real folders hold besides."""
    touch(root / "bounding_box_train", ["0007_c1s1_000001_01.jpg", "0007_c2s1_000001_01.jpg", "Thumbs.db"])
    touch(root / "query", ["0002_c1s1_000451_00.jpg", "0005_c3s2_000100_00.jpg", "Thumbs.db"])
    touch(
        root / "bounding_box_test",
        [
            "-1_c1s1_000401_03.jpg",
            "0000_c1s1_000151_01.jpg",
            "0000_c1s1_000151_02.jpg",
            "0002_c1s1_000451_03.jpg",
            "0002_c1s2_000776_01.jpg",
            "0002_c2s1_000301_01.jpg",
            "0005_c6s3_000301_01.jpg",
            "Thumbs.db",
        ],
    )
    touch(
        root / "gt_bbox",
        [
            "0002_c1s1_000451_00.jpg",
            "0002_c1s1_000452_00.jpg",
            "0002_c2s1_000301_00.jpg",  # no query of that camera
            "0007_c1s1_000001_00.jpg",  # no query at all
        ],
    )
    return root
