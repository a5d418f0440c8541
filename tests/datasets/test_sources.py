"""Sources of every kind, recognised and read."""

from pathlib import Path

import pytest

from reid.datasets.records import Split
from reid.datasets.sources import Kind, open_sources, recognise
from reid.errors import InputError
from tests.datasets.trees import market, touch


def names_of(split: Split) -> set[tuple[str, str, str]]:
    """File, person and camera of all images, as people read them."""
    rows = zip(split.paths, split.persons.tolist(), split.cameras.tolist(), strict=True)
    return {
        (path.name, split.person_name(person), split.camera_names[camera]) for path, person, camera in rows
    }


def msmt(root: Path) -> Path:
    touch(root / "train", ["0000/0000_000_01_0303morning_0008_0.jpg", "0000/0000_001_02_0303noon_0008_0.jpg"])
    touch(root / "test", ["0000/0000_000_03_0303morning_0008_0.jpg"])
    (root / "list_train.txt").write_text(
        "0000/0000_000_01_0303morning_0008_0.jpg 0\n0000/0000_001_02_0303noon_0008_0.jpg 0\n"
    )
    for name in ("list_query.txt", "list_gallery.txt"):
        (root / name).write_text("0000/0000_000_03_0303morning_0008_0.jpg 0\n")
    return root


def table(path: Path, *rows: str, header: str = "path,person,camera") -> Path:
    touch(path.parent, [row.split(",")[0] for row in rows])
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_every_kind_is_recognised(tmp_path: Path) -> None:
    touch(tmp_path / "names", ["deep/0002_c1s1_000451_03.jpg", "0003_c1s1_000451_03.jpg", "odd.jpg"])
    touch(tmp_path / "folders", ["Ann/door_1.jpg", "Ann/0002_c1s1_000451_03.jpg"])
    touch(tmp_path / "results", ["crops/P0001/door_1_1.jpg", "run.json"])
    touch(tmp_path / "cuhk" / "bounding_box_train", ["0001_c1_1_01.png"])
    expected: dict[Path, Kind] = {
        market(tmp_path / "market"): "market1501",
        tmp_path / "names": "market1501",
        tmp_path / "cuhk": "market1501",
        msmt(tmp_path / "msmt"): "msmt17",
        tmp_path / "folders": "folder",
        table(tmp_path / "TABLE.CSV", "a.jpg,Ann,door"): "csv",
        tmp_path / "results": "results",
    }
    assert {path: recognise(path) for path in expected} == expected


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none", r"none: no such file or folder"),
        ("notes.txt", r"notes\.txt: a file of no known kind"),
        ("results/crops", r"give the results folder \S+results$"),
        ("zip=notes.txt", r"no kind of source is called 'zip'; choose one of market1501, msmt17"),
        ("market1501=none", "none: no such folder"),
        ("folder=notes.txt", "a file, not a folder"),
        ("msmt17=results", "not MSMT17's own folder, which holds list_query"),
        ("results=empty", "not a results folder; it must hold crops"),
        ("empty", r"empty: no images in it; it must hold <person>"),
        ("market1501=empty", "no image of a person in it is named as in Market-1501"),
    ],
)
def test_what_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str) -> None:
    touch(tmp_path, ["notes.txt", "results/run.json", "results/crops/P0001/door_1_1.jpg"])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=why):
        open_sources([name])


def test_a_path_may_have_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "day=1", ["Ann/door_1.jpg"])
    monkeypatch.chdir(tmp_path)
    assert [open_sources([text])[0].path for text in ("day=1", "folder=day=1")] == [Path("day=1")] * 2


def test_only_train_images_of_a_benchmark(tmp_path: Path) -> None:
    (source,) = open_sources([str(market(tmp_path / "market"))])
    assert (source.kind, source.name, source.site) == ("market1501", "market", "market")
    assert names_of(source.split) == {
        ("0007_c1s1_000001_01.jpg", "0007", "c1"),
        ("0007_c2s1_000001_01.jpg", "0007", "c2"),
    }
    (source,) = open_sources([str(msmt(tmp_path / "msmt"))])
    assert {camera for _, _, camera in names_of(source.split)} == {"c1", "c2"}
    touch(tmp_path / "site", ["query/Ann/door/1.jpg", "gallery/Ann/yard/1.jpg", "train/Bob/door/1.jpg"])
    (source,) = open_sources([str(tmp_path / "site")])
    assert names_of(source.split) == {("1.jpg", "Bob", "door")}
    assert source.notes[0] == f"{tmp_path / 'site'}: only train is read of gallery, query, train"


LEVELS = [
    ".",
    "market/query",
    "market/bounding_box_test",
    "market/gt_bbox",
    "folder=market",
    "folder=market/query",
]
LEVELS += ["market1501=.", "market1501=market/query", "list.csv"]


@pytest.mark.parametrize("text", LEVELS)
def test_test_images_are_refused_however_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    root = market(tmp_path / "market")
    table(tmp_path / "list.csv", "market/query/0002_c1s1_000451_00.jpg,2,c1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"must never be learned from; give {root}, of which only"):
        open_sources([text])


def test_test_images_of_other_benchmarks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "site", ["query/Ann/door/1.jpg", "gallery/Ann/yard/1.jpg", "train/Bob/door/1.jpg"])
    msmt(tmp_path / "msmt")
    monkeypatch.chdir(tmp_path)
    for name in ("site/gallery", "site/query/Ann", "msmt/test", "folder=site/query"):
        with pytest.raises(
            InputError, match=r"must never be learned from; give \S+/(site|msmt), of which only"
        ):
            open_sources([name])
    for name in ("site/train", "msmt/train", "folder=msmt", "folder=site"):
        assert open_sources([name])[0].split.people == 1
    monkeypatch.chdir(tmp_path / "site" / "query")
    with pytest.raises(InputError, match="must never be learned from"):
        open_sources(["."])


def test_benchmarks_without_train_images(tmp_path: Path) -> None:
    (tmp_path / "market" / "query").mkdir(parents=True)
    (tmp_path / "market" / "bounding_box_test").mkdir()
    (msmt(tmp_path / "msmt") / "list_train.txt").unlink()
    touch(tmp_path / "site", ["query/Ann/door/1.jpg", "gallery/Ann/yard/1.jpg"])
    for name, why in (
        ("market", "no bounding_box_train"),
        ("msmt", "no list_train.txt"),
        ("site", "no train;"),
    ):
        with pytest.raises(InputError, match=why):
            open_sources([str(tmp_path / name)])


def test_two_kinds_of_boxes_are_two_sources(tmp_path: Path) -> None:
    for kind in ("detected", "labeled"):
        market(tmp_path / kind)
    with pytest.raises(InputError, match=r"give \S+/detected or \S+/labeled, of which"):
        open_sources([f"cuhk03={tmp_path}"])
    assert open_sources([f"cuhk03={tmp_path / 'detected'}"])[0].kind == "cuhk03"


def test_named_images_in_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, ["0002_c1s1_1.jpg", "more/0002_c2s1_1.jpg", "0000_c1s1_1.jpg", "-1_c1s1_1.jpg", "me.jpg"])
    (source,) = open_sources([str(tmp_path)])
    assert names_of(source.split) == {("0002_c1s1_1.jpg", "0002", "c1"), ("0002_c2s1_1.jpg", "0002", "c2")}
    first, second, third = source.notes
    assert "2 images of distractors (0000) and junk (-1) left out" in first
    assert "1 image left out, not named like 0002_c1s1_000451_03.jpg, the first: me.jpg" in second
    assert "shows one person only, '0002'" in third


def test_tables(tmp_path: Path) -> None:
    rows = ("a.jpg,Ann,door", "b.jpg,Bob,door", "c.jpg,-,door", "d.jpg,,yard")
    (source,) = open_sources([str(table(tmp_path / "crops.csv", *rows))])
    assert (source.kind, source.name) == ("csv", "crops")
    assert names_of(source.split) == {("a.jpg", "Ann", "door"), ("b.jpg", "Bob", "door")}
    assert source.notes == (f"{tmp_path / 'crops.csv'}: 2 images of distractors left out",)
    parted = ("a.jpg,Ann,door,train", "b.jpg,Bob,door,query", "c.jpg,Bob,yard,gallery")
    parts = table(tmp_path / "parts.csv", *parted, header="path,person,camera,split")
    assert names_of(open_sources([str(parts)])[0].split) == {("a.jpg", "Ann", "door")}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "column path and person and camera is missing"),
        ("path,person,camera\n", "no rows below the header"),
        ("path,person,camera\na.jpg,Ann\n", "line 2: 2 values, but the header has 3 columns"),
        ("path,person,camera\na.jpg,Ann,\n", "line 2, column camera: empty"),
        ("path,person,camera\nnone.jpg,Ann,door\n", "1 of the listed images are missing"),
        ("path,person,camera\na.jpg,-,door\n", "all of its images are distractors"),
        ("path,person,camera,split\na.jpg,Ann,door,query\n", "no row has the split train"),
    ],
)
def test_broken_tables(tmp_path: Path, content: str, why: str) -> None:
    touch(tmp_path, ["a.jpg"])
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=why):
        open_sources([str(tmp_path / "t.csv")])
