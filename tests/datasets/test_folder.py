"""Anybody's folders, and crops for calibration."""

from pathlib import Path

import numpy as np
import pytest

from reid.datasets.listing import natural, person_numbers
from reid.datasets.open import KINDS, as_kind, open_crops, open_data_set
from reid.datasets.records import DISTRACTOR
from reid.errors import InputError
from tests.datasets.trees import market, touch


def test_named_images(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["0002_c1_a.jpg"])
    touch(
        tmp_path / "gallery",
        ["0002_c10_b.PNG", "0002_c2_b.webp", "0000_c2_x.bmp", "-1_c2_x.jpeg", "readme.txt"],
    )
    data = open_data_set("folder", tmp_path)
    assert data.name == tmp_path.name
    assert data.query.camera_names == ("c1", "c2", "c10")
    assert data.gallery.persons.tolist() == [DISTRACTOR, 2, 2]
    assert data.gallery.cameras.tolist() == [1, 2, 1]
    assert data.train is None


def test_people_and_cameras_as_folders(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Ann/door/1.jpg"])
    touch(
        tmp_path / "gallery", ["Ann/yard/am/1.jpg", "Ann/yard/am/2.jpg", "Ann/yard/pm/1.jpg", "-/yard/1.jpg"]
    )
    touch(tmp_path / "train", ["Bob/door/1.jpg"])
    touch(tmp_path / "multi_query", ["Ann/door/2.jpg"])
    data = open_data_set("folder", tmp_path, multi_query=True)
    assert data.query.camera_names == ("door", "yard")
    ann = int(data.query.persons[0])
    assert data.gallery.persons.tolist() == [DISTRACTOR, ann, ann, ann]
    nobody, morning, morning_2, evening = data.gallery.tracklets.tolist()
    assert morning == morning_2
    assert len({nobody, morning, evening}) == 3
    assert data.train is not None
    assert data.train.persons[0] not in (ann, DISTRACTOR)
    assert data.multi_query is not None
    assert data.multi_query.tracklets.tolist() == data.query.tracklets.tolist()


def test_what_says_too_little(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Ann/1.jpg"])
    touch(tmp_path / "gallery", ["Ann/yard/1.jpg"])
    with pytest.raises(
        InputError, match=r"1\.jpg: it lies in a person's folder and not in a camera's; move it to"
    ):
        open_data_set("folder", tmp_path)
    touch(tmp_path / "gallery" / "Ann" / "yard", ["1.jpg"])
    (tmp_path / "query" / "Ann" / "1.jpg").rename(tmp_path / "query" / "me.jpg")
    with pytest.raises(InputError, match=r"me\.jpg: the name says not who it shows"):
        open_data_set("folder", tmp_path)
    with pytest.raises(InputError, match="no folder multi_query"):
        open_data_set("folder", tmp_path, multi_query=True)


def test_names_and_folders_at_once(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Ann/door/1.jpg", "0002_c1s1_000451_03.jpg"])
    touch(tmp_path / "gallery", ["Ann/yard/1.jpg"])
    with pytest.raises(
        InputError,
        match=r"query: 0002_c1s1_000451_03\.jpg lies in it, Ann/door/1\.jpg in a folder; .* so move the former",
    ):
        open_data_set("folder", tmp_path)


def test_folders_of_other_programs_are_nobody(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Ann/door/1.jpg", "Ann/door/@eaDir/1.jpg", ".thumbs/door/1.jpg"])
    touch(tmp_path / "gallery", ["Ann/yard/1.jpg", "Ann/.cache/1.jpg", "@eaDir/yard/1.jpg"])
    touch(tmp_path / "gallery" / "__MACOSX", ["Ann/yard/1.jpg"])
    data = open_data_set("folder", tmp_path)
    assert [path.relative_to(tmp_path) for path in data.query.paths + data.gallery.paths] == [
        Path("query/Ann/door/1.jpg"),
        Path("gallery/Ann/yard/1.jpg"),
    ]
    site = tmp_path / "no" / "no" / "site"  # beyond the two levels that are looked at above
    touch(site / "__MACOSX" / "data", ["query/Ann/door/1.jpg", "gallery/Ann/yard/1.jpg"])
    with pytest.raises(InputError, match=r"site: it must hold the folders query and gallery.*no folders"):
        open_data_set("folder", site)


def test_names_of_people(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Zoë/door/1.jpg", "Bob/door/1.jpg"])
    touch(tmp_path / "gallery", ["Zoë/yard/1.jpg", "-/yard/1.jpg"])
    touch(tmp_path / "train", ["Ann/yard/1.jpg"])
    touch(tmp_path / "extra", ["1.jpg"])
    data = open_data_set("folder", tmp_path, distractors=tmp_path / "extra")
    assert [data.query.person_name(person) for person in data.query.persons.tolist()] == ["Bob", "Zoë"]
    assert data.train is not None
    assert data.distractors is not None
    splits = (data.gallery, data.train, data.distractors, data.query.select([1]))
    assert all(split.person_names == {0: "Ann", 1: "Bob", 2: "Zoë"} for split in splits)
    assert data.query.person_name(7) == "7"


def test_multi_query_is_of_the_queries_people_and_cameras(tmp_path: Path) -> None:
    touch(tmp_path / "query", ["Ann/door/1.jpg", "Bob/door/1.jpg"])
    touch(tmp_path / "gallery", ["Ann/yard/1.jpg"])
    touch(tmp_path / "multi_query", ["Ann/yard/2.jpg", "Cid/door/1.jpg"])
    with pytest.raises(
        InputError, match=r"no image for multi-query .*yard/2\.jpg for one .*leave multi_query"
    ):
        open_data_set("folder", tmp_path, multi_query=True)
    touch(tmp_path / "multi_query", ["Ann/door/2.jpg"])
    data = open_data_set("folder", tmp_path, multi_query=True)
    assert data.multi_query is not None
    assert [path.name for path in data.multi_query.paths] == ["2.jpg"]
    assert data.multi_query.cameras.tolist() == [0]
    assert data.notes == ("1 of 2 queries has no more images; it keeps its own vector",)


def test_empty_and_wrong_level(tmp_path: Path) -> None:
    (tmp_path / "site" / "query").mkdir(parents=True)
    (tmp_path / "site" / "gallery").mkdir()
    with pytest.raises(InputError, match="query: no images in it; it must hold images named like"):
        open_data_set("folder", tmp_path / "site")
    with pytest.raises(InputError, match=rf"the wrong level.*--root {tmp_path / 'site'} would work"):
        open_data_set("folder", tmp_path)


def test_numbers_of_people() -> None:
    assert person_numbers(["10", "007", "10"]) == {"007": 7, "10": 10}
    assert person_numbers(["b10", "b2", "a"]) == {"a": 0, "b2": 1, "b10": 2}
    assert sorted(person_numbers(["1", "01", "2"]).values()) == [0, 1, 2]
    assert person_numbers(["9" * 30, "3"]) == {"3": 0, "9" * 30: 1}  # more than int64 holds
    assert person_numbers(["5", "x"]) == {"5": 0, "x": 1}


def test_natural_order() -> None:
    assert sorted(["c10", "c2", "c1b", "c", "2", "²"], key=natural) == ["2", "c", "c1b", "c2", "c10", "²"]


def test_kinds() -> None:
    assert [as_kind(kind) for kind in KINDS] == list(KINDS)
    with pytest.raises(
        InputError, match="no kind of data set is called 'market'; choose one of market1501, msmt17"
    ):
        as_kind("market")


CROPS = [
    "0001_c1s1_1_0.jpg",
    "deep/0001_c2s1_1_0.jpg",
    "0002_c1s1_1_0.jpg",
    "0000_c1_0.jpg",
    "-1_c1_0.jpg",
    "a.jpg",
]


def test_crops_by_name(tmp_path: Path) -> None:
    touch(tmp_path / "crops", CROPS)
    split = open_crops("market1501", tmp_path / "crops")
    assert split.name == "crops"
    assert split.persons.tolist() == [1, 2, 1]
    assert split.cameras.tolist() == [0, 0, 1]
    assert len(np.unique(split.tracklets)) == 3


def test_crops_in_folders(tmp_path: Path) -> None:
    touch(tmp_path / "crops", ["Ann/door/1.jpg", "Ann/yard/1.jpg", "Bob/yard/1.jpg", "-/yard/1.jpg"])
    split = open_crops("folder", tmp_path / "crops")
    assert split.name == "crops"
    assert split.persons.tolist() == [0, 0, 1]
    assert split.camera_names == ("door", "yard")


def test_crops_that_choose_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder; it must hold crops named as in Market-1501"):
        open_crops("market1501", tmp_path / "absent")
    with pytest.raises(InputError, match="no crops in it are named"):
        open_crops("market1501", tmp_path)
    touch(tmp_path, ["0001_c1s1_000001_00.jpg"])
    with pytest.raises(InputError, match="crops of 1 person found, at least 2 are needed"):
        open_crops("market1501", tmp_path)
    touch(tmp_path, ["0002_c1s1_000002_00.jpg"])
    with pytest.raises(InputError, match="no person is seen by two cameras"):
        open_crops("market1501", tmp_path)
    touch(tmp_path, ["0002_c2s1_000002_00.jpg"])
    assert len(open_crops("market1501", tmp_path)) == 3


def test_a_whole_benchmark_chooses_no_threshold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must not choose a threshold; give \S+/bounding_box_train instead"):
        open_crops("market1501", market(tmp_path))
    touch(tmp_path / "gallery", ["Ann/yard/1.jpg"])
    with pytest.raises(InputError, match=r"must not choose a threshold; give \S+/train instead"):
        open_crops("folder", tmp_path)
