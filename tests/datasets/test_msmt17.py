"""MSMT17's lists."""

from pathlib import Path

import pytest

from reid.datasets.open import open_crops, open_data_set
from reid.errors import InputError
from tests.datasets.trees import touch

LISTS = {
    "train": ["0000/0000_000_01_0303morning_0008_0.jpg 0", "0000/0000_001_14_0303noon_0009_0.jpg 0"],
    "val": ["0001/0001_000_02_0303morning_0008_0.jpg 1", "0001/0001_001_02_0303morning_0009_0.jpg 1"],
    "query": ["0000/0000_000_03_0303morning_0008_0.jpg 0"],
    "gallery": ["0000/0000_001_15_0303morning_0018_1.jpg 0", "0004/0004_001_03_0303morning_0018_1.jpg 4"],
}


def msmt17(root: Path, train: str = "train", test: str = "test") -> Path:
    for split, lines in LISTS.items():
        touch(root / (train if split in ("train", "val") else test), [line.split()[0] for line in lines])
        (root / f"list_{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.mark.parametrize("folders", [("train", "test"), ("mask_train_v2", "mask_test_v2")])
def test_labels(tmp_path: Path, folders: tuple[str, str]) -> None:
    data = open_data_set("msmt17", msmt17(tmp_path, *folders))
    assert data.query.camera_names == ("c1", "c2", "c3", "c14", "c15")
    assert data.query.persons.tolist() == [0]
    assert data.gallery.persons.tolist() == [0, 4]
    assert data.gallery.cameras.tolist() == [4, 2]
    assert data.train is not None
    assert data.train.persons.tolist() == [5, 5, 6, 6]  # train's 0 is not test's 0
    assert data.train.cameras.tolist() == [0, 3, 1, 1]
    first, second, third, fourth = data.train.tracklets.tolist()
    assert len({first, second, third}) == 3
    assert third == fourth
    assert data.gallery.paths[0] == tmp_path / folders[1] / "0000/0000_001_15_0303morning_0018_1.jpg"
    assert data.name == tmp_path.name
    assert data.notes == (
        "a subset of MSMT17, or other data with its file names: list_query.txt holds 1 of 11,659 images, "
        "list_gallery.txt holds 2 of 82,161 images, list_train.txt holds 2 of 30,248 images, "
        "list_val.txt holds 2 of 2,373 images",
    )


def test_train_alone_may_choose_a_threshold(tmp_path: Path) -> None:
    assert len(open_crops("msmt17", msmt17(tmp_path))) == 4
    (tmp_path / "list_train.txt").unlink()
    (tmp_path / "list_val.txt").unlink()
    with pytest.raises(InputError, match="no train split"):
        open_crops("msmt17", tmp_path)


def test_levels(tmp_path: Path) -> None:
    root = msmt17(tmp_path / "MSMT17_V1")
    for wrong in (tmp_path, root / "test"):
        with pytest.raises(InputError, match=rf"the wrong level.*--root {root} would work"):
            open_data_set("msmt17", wrong)


def test_missing_images(tmp_path: Path) -> None:
    msmt17(tmp_path)
    for line in LISTS["gallery"]:
        (tmp_path / "test" / line.split()[0]).unlink()
    with pytest.raises(
        InputError, match=r"list_gallery\.txt: 2 of the listed images are missing.*0018_1\.jpg, "
    ):
        open_data_set("msmt17", tmp_path)


@pytest.mark.parametrize(
    "line",
    ["a.jpg", "0000/0000_000_xx_0303morning_0008_0.jpg 0", "0000/0000_0.jpg 0", "3", "0_0_1_d_0.jpg ²"],
)
def test_bad_lines(tmp_path: Path, line: str) -> None:
    msmt17(tmp_path)
    (tmp_path / "list_query.txt").write_text(f"{LISTS['query'][0]}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(
        InputError, match=rf"list_query\.txt, line 3: '{line}' is not an image and a person's"
    ):
        open_data_set("msmt17", tmp_path)


def test_an_empty_list(tmp_path: Path) -> None:
    (msmt17(tmp_path) / "list_query.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"list_query\.txt: lists no images"):
        open_data_set("msmt17", tmp_path)
