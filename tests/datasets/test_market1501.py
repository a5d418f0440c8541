"""Market-1501's folders, and what has the same: DukeMTMC, CUHK03-NP."""

from pathlib import Path

import numpy as np
import pytest

from reid.datasets.open import describe, open_data_set
from reid.datasets.published import Original
from reid.datasets.records import DISTRACTOR
from reid.errors import InputError
from tests.datasets.trees import market, touch
from tests.shared import market1501


def test_labels(tmp_path: Path) -> None:
    data = open_data_set("market1501", market(tmp_path))
    assert [path.name for path in data.query.paths] == ["0002_c1s1_000451_00.jpg", "0005_c3s2_000100_00.jpg"]
    assert data.query.persons.tolist() == [2, 5]
    assert data.gallery.persons.tolist() == [DISTRACTOR, DISTRACTOR, 2, 2, 2, 5]
    assert data.query.camera_names == data.gallery.camera_names == ("c1", "c2", "c3", "c6")
    assert data.gallery.cameras.tolist() == [0, 0, 0, 0, 1, 3]
    assert data.train is not None
    assert data.train.persons.tolist() == [7, 7]
    assert data.multi_query is None


def test_tracklets_are_person_camera_and_sequence(tmp_path: Path) -> None:
    data = open_data_set("market1501", market(tmp_path))
    first, second, sequence_1, sequence_2, camera_2, other = data.gallery.tracklets.tolist()
    assert len({first, second, sequence_1, sequence_2, camera_2, other}) == 6  # distractors are each alone
    assert data.query.tracklets[0] == sequence_1  # one passage, whatever split its images are in
    assert data.query.tracklets[1] != other


def test_multi_query_is_of_the_queries_people_and_cameras(tmp_path: Path) -> None:
    data = open_data_set("market1501", market(tmp_path), multi_query=True)
    assert data.multi_query is not None
    assert [path.name for path in data.multi_query.paths] == [
        "0002_c1s1_000451_00.jpg",
        "0002_c1s1_000452_00.jpg",
    ]
    assert data.multi_query.cameras.tolist() == [0, 0]


def test_multi_query_says_who_has_no_more_images(tmp_path: Path) -> None:
    notes = open_data_set("market1501", market(tmp_path), multi_query=True).notes
    assert notes[-1] == "1 of 2 queries has no more images; it keeps its own vector"
    touch(tmp_path / "query", ["0005_c2s1_000100_00.jpg"])
    notes = open_data_set("market1501", tmp_path, multi_query=True).notes
    assert notes[-1] == "2 of 3 queries have no more images; they keep their own vector"
    touch(tmp_path / "gt_bbox", ["0005_c2s1_000100_00.jpg", "0005_c3s1_000100_00.jpg"])
    assert not any(
        "queries" in note for note in open_data_set("market1501", tmp_path, multi_query=True).notes
    )


def test_a_subset_is_not_called_market(tmp_path: Path) -> None:
    touch(market(tmp_path / "yard") / "query", ["me.jpg"])
    data = open_data_set("market1501", tmp_path / "yard", multi_query=True)
    assert data.name == "yard"
    assert data.notes[:-1] == (
        "1 image of query left out, not named like 0002_c1s1_000451_03.jpg: me.jpg",
        "1 junk image of bounding_box_test left out",
        "a subset of Market-1501, or other data with its file names: query holds 2 of 3,368 images, "
        "bounding_box_test holds 6 of 15,913 images, bounding_box_train holds 2 of 12,936 images, "
        "gt_bbox holds 4 of 25,259 images",
    )


def test_the_test_images_decide_on_the_name(tmp_path: Path) -> None:
    original = Original(name="Whole", counts={"q": 2, "g": 1_000, "t": 3}, test=("q", "g"))
    assert original.compare({"q": 2, "g": 1_000, "t": 3}, tmp_path) == ("Whole", ())
    assert original.compare({"q": 2, "g": 1_000, "more": 7}, tmp_path) == ("Whole", ())
    assert original.compare({"q": 2, "g": 1_000, "t": 1}, tmp_path) == (
        "Whole",
        ("query and gallery of Whole, but not all the rest: t holds 1 of 3 images",),
    )
    assert original.compare({"q": 2, "g": 1_001, "t": 3}, tmp_path) == (
        tmp_path.name,
        ("a subset of Whole, or other data with its file names: g holds 1,001 images, not 1,000",),
    )


def test_describe(tmp_path: Path) -> None:
    assert describe(open_data_set("market1501", market(tmp_path), multi_query=True)) == [
        ("query", "2 images, 2 people, 2 cameras"),
        ("gallery", "6 images, 2 people, 3 cameras, 2 of the images are distractors"),
        ("train", "2 images, 1 person, 2 cameras"),
        ("multi-query", "2 images, 1 person, 1 camera"),
    ]
    touch(tmp_path / "small" / "query", ["0002_c1_1.jpg"])
    touch(tmp_path / "small" / "bounding_box_test", ["0002_c2_1.jpg", "0000_c2_1.jpg"])
    assert describe(open_data_set("market1501", tmp_path / "small")) == [
        ("query", "1 image, 1 person, 1 camera"),
        ("gallery", "2 images, 1 person, 1 camera, 1 of the images is a distractor"),
    ]


def test_duke(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["0001_c2_f0046182.jpg"])
    touch(tmp_path / "bounding_box_test", ["0001_c8_f0046182.jpg", "0001_c2_f0046183.jpg"])
    data = open_data_set("market1501", tmp_path)
    assert data.name == tmp_path.name
    assert any("a subset of DukeMTMC-reID, or" in note for note in data.notes)
    assert data.query.tracklets[0] == data.gallery.tracklets[0]  # no sequence in the names
    assert data.train is None
    assert "no folder bounding_box_train, so there is no train split" in data.notes


def test_wrong_level(tmp_path: Path) -> None:
    root = market(tmp_path / "data" / "Market-1501-v15.09.15")
    for wrong in (tmp_path, tmp_path / "data", root / "query", root / "bounding_box_test"):
        with pytest.raises(InputError) as caught:
            open_data_set("market1501", wrong)
        assert str(caught.value).startswith(f"{wrong}: the wrong level")
        assert f"--root {root} would work" in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="absent: no such folder; it must hold the folders query and bounding_box"
    ):
        open_data_set("market1501", tmp_path / "absent")
    with pytest.raises(InputError, match="it holds no folders"):
        open_data_set("market1501", tmp_path)
    (tmp_path / "query").mkdir()
    with pytest.raises(InputError, match=r"bounding_box_test; it holds query$"):
        open_data_set("market1501", tmp_path)
    (tmp_path / "bounding_box_test").mkdir()
    with pytest.raises(InputError, match=r"query: no image in it is named as in Market-1501, 0002_c1s1"):
        open_data_set("market1501", tmp_path)
    touch(tmp_path, ["file"])
    with pytest.raises(InputError, match="file: a file, not a folder"):
        open_data_set("market1501", tmp_path / "file")


def test_multi_query_needs_its_folder(tmp_path: Path) -> None:
    for path in (market(tmp_path) / "gt_bbox").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="gt_bbox: no image"):
        open_data_set("market1501", tmp_path, multi_query=True)
    (tmp_path / "gt_bbox").rmdir()
    with pytest.raises(InputError, match="no folder gt_bbox"):
        open_data_set("market1501", tmp_path, multi_query=True)


def test_a_query_that_nobody_can_find(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["0002_c1s1_000451_00.jpg"])
    touch(tmp_path / "bounding_box_test", ["0002_c1s1_000452_00.jpg", "0003_c2s1_000452_00.jpg"])
    with pytest.raises(InputError, match="no query's person is in the gallery in another camera"):
        open_data_set("market1501", tmp_path)
    touch(tmp_path / "query", ["0003_c1s1_000451_00.jpg"])  # one of two is enough
    assert len(open_data_set("market1501", tmp_path).query) == 2
    touch(tmp_path / "query", ["0000_c1s1_000451_00.jpg"])
    with pytest.raises(InputError, match=r"0000_c1s1_000451_00\.jpg: a query of a distractor"):
        open_data_set("market1501", tmp_path)


def test_distractors(tmp_path: Path) -> None:
    root, extra = market(tmp_path / "market"), tmp_path / "extra"
    touch(
        extra / "images", ["0000_c1s1_1.jpg", "-1_c1s1_1.jpg", "any name.png", "0002_c1s1_1.jpg", "note.txt"]
    )
    data = open_data_set("market1501", root, distractors=extra)
    assert data.distractors is not None
    assert sorted(path.name for path in data.distractors.paths) == [
        "0000_c1s1_1.jpg",
        "0002_c1s1_1.jpg",
        "any name.png",
    ]
    assert set(data.distractors.persons.tolist()) == {DISTRACTOR}
    assert data.distractors.camera_names[:-1] == data.gallery.camera_names
    both = np.concatenate([data.gallery.tracklets, data.distractors.tracklets])
    assert len(np.unique(both)) == len(both)
    assert sum("1 distractor has the name of a person" in note for note in data.notes) == 1
    assert ("distractors", "3 images") in describe(data)
    with pytest.raises(InputError, match=r"extra/none: no such folder"):
        open_data_set("market1501", root, distractors=extra / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no images in it"):
        open_data_set("market1501", root, distractors=tmp_path / "empty")


def cuhk03(root: Path) -> Path:
    touch(root / "query", ["0003_c1_21.png"])
    touch(root / "bounding_box_test", ["0003_c2_621.png", "0003_c1_22.png"])
    touch(root / "bounding_box_train", ["0001_c1_1.png"])
    return root


def test_cuhk03(tmp_path: Path) -> None:
    for folder, name, gallery, train in (
        ("detected", "detected", "5,332", "7,365"),
        ("labeled", "labelled", "5,328", "7,368"),
    ):
        data = open_data_set("cuhk03", cuhk03(tmp_path / folder))
        assert data.name == folder
        assert data.gallery.persons.tolist() == [3, 3]
        assert data.notes == (
            f"a subset of CUHK03-NP {name}, or other data with its file names: query holds 1 of 1,400 images, "
            f"bounding_box_test holds 2 of {gallery} images, bounding_box_train holds 1 of {train} images",
        )
    with pytest.raises(InputError, match=r"use --root \S+/detected or --root \S+/labeled"):
        open_data_set("cuhk03", tmp_path)
    with pytest.raises(InputError, match=r"the wrong level.*--root \S+/detected would work"):
        open_data_set("cuhk03", tmp_path / "detected" / "query")
    with pytest.raises(InputError, match="cuhk03 has no more images of its queries"):
        open_data_set("cuhk03", tmp_path / "detected", multi_query=True)


def test_cuhk03_as_first_published(tmp_path: Path) -> None:
    touch(tmp_path / "release", ["cuhk-03.mat"])
    with pytest.raises(
        InputError, match=r"cuhk-03\.mat: the original file is not read; give the CUHK03-NP layout"
    ):
        open_data_set("cuhk03", tmp_path)


@pytest.mark.market
def test_the_real_one() -> None:
    data = open_data_set("market1501", market1501(), multi_query=True)
    assert data.name == "Market-1501"
    assert data.notes == ("3,819 junk images of bounding_box_test left out",)
    assert data.train is not None
    assert data.multi_query is not None
    assert (len(data.train), data.train.people) == (12_936, 751)
    assert (len(data.query), data.query.people) == (3_368, 750)
    assert (len(data.gallery), data.gallery.people) == (15_913, 750)
    assert int(np.sum(data.gallery.persons == DISTRACTOR)) == 2_798
    same = data.query.persons[:, None] == data.gallery.persons
    other = data.query.cameras[:, None] != data.gallery.cameras
    assert int((same & other).sum()) == 49_649
    pairs = np.unique(np.stack([data.multi_query.persons, data.multi_query.cameras]), axis=1)
    assert pairs.shape[1] <= len(np.unique(np.stack([data.query.persons, data.query.cameras]), axis=1).T)
