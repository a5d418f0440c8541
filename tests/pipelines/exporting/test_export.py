"""`reid export crops`, and `reid train` on results: what was decided of a tracklet is what they say of it."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reviewing.opening import open_site
from pipelines.runtime.progress import reporter
from pipelines.training.data import read
from reid.datasets.sources import open_sources
from reid.training.config import TrainConfig
from reid.types import TrackletKey
from tests.formats.documented import complaints
from tests.pipelines.reviewing.results import make_results

SEEN = {"a": {1: 0, 2: 1, 3: 0, 4: 2}, "b/c": {1: 1, 2: 2, 3: 3}}
# what the run says: P0001 a/1 a/3, P0002 a/2 b/1, P0003 a/4 b/2, P0004 b/3


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviewed results: a/3 split off as P0005, b/1 given to P0003 (Ann), P0004 no person."""
    root = make_results(tmp_path_factory.mktemp("export") / "day", SEEN)
    with open_site([root], reporter(quiet=True)) as site:
        store, run_id = site.store, site.runs[0].run.run_id
        assert store.split(1, [(run_id, TrackletKey(camera_id="a", track_id=3))]) == 5
        store.reassign(2, [(run_id, TrackletKey(camera_id="b/c", track_id=1))], 3)
        store.ignore(4)
        store.rename(3, "Ann")
    return root


def people(folder: Path) -> dict[str, int]:
    """Crops of each person as a training reads them."""
    (source,) = open_sources([str(folder)])
    names = [source.split.person_name(person) for person in source.split.persons.tolist()]
    return {name: names.count(name) for name in sorted(set(names))}


def test_crops_by_person(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "market"
    assert main(["export", "crops", str(root), "--output", str(out)]) == 0
    assert "choose yourself what is a query" in capsys.readouterr().err
    assert {path.name for path in out.iterdir() if path.name[0] != "."} == {
        "bounding_box_train",
        "export.json",
    }
    names = sorted(path.name for path in (out / "bounding_box_train").iterdir())
    assert len(names) == 18
    assert names[:3] == ["0001_c1s1_000001_01.jpg", "0001_c1s1_000010_01.jpg", "0001_c1s1_000020_01.jpg"]
    assert people(out) == {"0001": 3, "0002": 3, "0003": 9, "0005": 3}
    facts = json.loads((out / "export.json").read_text())
    assert complaints(facts, "export.json") == []
    assert facts["people"] == {"1": "P0001", "2": "P0002", "3": "Ann", "5": "P0005"}
    assert facts["cameras"] == {"1": "a", "2": "b/c"}
    out = tmp_path / "folders"
    assert main(["export", "crops", str(root), "--format", "folder", "--output", str(out)]) == 0
    assert people(out) == {"Ann": 9, "P0001": 3, "P0002": 3, "P0005": 3}
    assert len(list((out / "Ann" / "b%2Fc").glob("*_*.jpg"))) == 6


def test_a_label_that_is_a_name_of_the_exports_own_is_no_folder(tmp_path: Path) -> None:
    root, out = make_results(tmp_path / "day", SEEN), tmp_path / "folders"
    with open_site([root], reporter(quiet=True)) as site:
        site.store.rename(1, "Export.json")
        site.store.rename(2, "-")
    assert main(["export", "crops", str(root), "--format", "folder", "--output", str(out)]) == 0
    assert {path.name for path in out.iterdir() if path.name[0] != "."} == {
        *("P0001", "P0002", "P0003", "P0004", "export.json")
    }
    assert json.loads((out / "export.json").read_text())["people"]["1"] == "Export.json"


def test_more_than_market1501_has_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--output", str(tmp_path / "out"), "--overwrite"]
    for cameras, said in ((6, False), (7, True)):
        root = make_results(tmp_path / f"day{cameras}", {f"c{n}": {1: 0} for n in range(cameras)})
        assert main(["export", "crops", str(root), *words]) == 0
        told = " ".join(capsys.readouterr().err.split())
        assert ("7 cameras and people up to number 1: programs that check" in told) is said


def test_only_what_was_reviewed(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["export", "crops", str(root), "--output", str(out), "--reviewed-only"]
    assert main(words) == 0
    assert people(out) == {"0003": 9}, "of the others it was only said who they are not"
    fresh = make_results(tmp_path / "fresh", SEEN)
    assert main(["export", "crops", str(fresh), "--output", str(tmp_path / "no"), "--reviewed-only"]) == 2
    assert f"{fresh}: nothing of it is reviewed yet; `reid review {fresh}`" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_a_folder_that_is_not_ours_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "photo.jpg").write_bytes(b"mine")
    words = ["export", "crops", str(root), "--output"]
    assert main([*words, str(out)]) == 2
    assert "holds files that reid export did not write ('photo.jpg')" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["photo.jpg"]
    assert main([*words, str(root / "crops")]) == 2
    assert "crops holds files that reid export did not write ('P0001' and 3 more)" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "new")]) == 0
    (tmp_path / "new" / "notes.txt").write_text("mine")
    assert main([*words, str(tmp_path / "new"), "--format", "cvat"]) == 2
    assert "holds another export; name another folder, or add --overwrite" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "new"), "--format", "cvat", "--overwrite"]) == 0
    left = {path.name for path in (tmp_path / "new").iterdir() if path.name[0] != "."}
    assert left == {"a.xml", "b%2Fc.xml", "export.json", "notes.txt"}
    other = make_results(tmp_path / "other", SEEN)
    assert main([words[0], words[1], str(root), str(other), "--output", str(tmp_path / "x")]) == 2
    assert "have no gallery in common" in capsys.readouterr().err


def test_what_is_not_exported_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gallery = tmp_path / "site.db"
    roots = [
        make_results(tmp_path / name, SEEN, gallery=gallery, run_id=f"{name}-0123456789abcdef")
        for name in ("monday", "tuesday")
    ]
    words = ["export", "crops", str(roots[0]), str(roots[1]), "--output"]
    (roots[0] / "crops" / "Ann Lee").mkdir()
    for path in (roots[0] / "crops" / "P0001").glob("a_3_*"):
        path.rename(roots[0] / "crops" / "Ann Lee" / path.name)
    assert main([*words, str(tmp_path / "out")]) == 0
    assert (
        "crops of 1 tracklet were moved by hand, which does not count here before `reid review"
        in " ".join(capsys.readouterr().err.split())
    )
    told = json.loads((roots[1] / "run.json").read_text())
    (roots[1] / "run.json").write_text(json.dumps(told | {"run_id": "f" * 24}))
    assert main([*words, str(tmp_path / "other")]) == 2
    assert f"{gallery}: does not know the run of {roots[1]}" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_a_training_learns_what_was_decided(root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(root, tmp_path / "day"))
    written = {path.parent.name for path in (root / "crops").glob("P*/*.jpg")}
    assert written == {"P0001", "P0002", "P0003", "P0004"}, "nothing is written again yet"
    with (root / "tracklets.csv").open() as file:
        assert {row["person"] for row in csv.DictReader(file)} == written
    (root / "crops" / "P0003" / "a_4_1.jpg").rename(root / "crops" / "P0001" / "a_4_1.jpg")  # moved by hand
    (source,), _ = read(TrainConfig(sources=(str(root),), data={"held_out": 2}))
    names = [source.split.person_name(person) for person in source.split.persons.tolist()]
    assert {name: names.count(name) for name in sorted(set(names))} == {
        "Ann": 8, "P0001": 3, "P0002": 3, "P0005": 2,
    }  # fmt: skip
    assert any("3 crops left out: they show no person of the gallery" in note for note in source.notes)
