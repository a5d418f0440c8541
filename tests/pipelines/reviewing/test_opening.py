"""Results folders and galleries opened for review: as they are, of one site, and nothing of others touched."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines.reviewing.opening import open_site
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.progress import reporter
from reid.calibration_record import Calibration
from reid.errors import Busy, InputError
from reid.linking.calibration import dumps
from reid.owned_files import OwnedFiles
from reid.store.opening import open_store
from reid.types import TrackletKey
from tests.pipelines.reviewing.results import CLOCK, STARTED, make_results
from tests.tracklets import ENCODER

SEEN = {"a": {1: 0, 2: 1, 3: 0}, "b/c": {1: 1, 2: 2}}


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def refused(*paths: Path) -> str:
    with pytest.raises(InputError) as error, open_site(paths, reporter(quiet=True)):
        pytest.fail("it was opened")
    return str(error.value)


def test_results_without_a_gallery_get_one_that_says_the_same(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN, shift_s=5.0)
    told = json.loads((root / "identities.json").read_text())
    told["persons"][0]["label"] = "Ann"
    (root / "identities.json").write_text(json.dumps(told))
    before = files(root)
    with open_site([root], reporter(quiet=True)) as site:
        store = site.store
        (run_id,) = store.runs()
        assert run_id == site.runs[0].run.run_id == json.loads(before["run.json"])["run_id"]
        assert [(p.person_id, p.label, p.sightings) for p in store.people()] == [
            (1, "Ann", 2),
            (2, None, 2),
            (3, None, 1),
        ]
        assert {one.last_run[:19] for one in store.people()} == {STARTED.isoformat()[:19]}
        seen = store.sightings(1)[0]
        assert seen.match.tracklet == TrackletKey(camera_id="a", track_id=1)
        assert (seen.start_s, seen.end_s, seen.clock) == (5.0, 6.9, CLOCK)
    after = files(root)
    assert {name: after[name] for name in before if name != ".reid-files"} == {
        name: data for name, data in before.items() if name != ".reid-files"
    }
    assert after.keys() - before.keys() == {"gallery.db"}
    assert OwnedFiles(root).owns(root / "gallery.db")
    made = (root / "gallery.db").stat().st_ino
    with open_site([root], reporter(quiet=True)) as site:
        assert site.store.path.stat().st_ino == made, "the one that is there is taken"
    with open_site([root / "gallery.db"], reporter(quiet=True)) as site:  # it is theirs
        assert [one.run.root for one in site.runs] == [root]
        assert site.store.path.stat().st_ino == made


def test_results_and_gallery_of_one_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gallery = tmp_path / "site.db"
    roots = [
        make_results(tmp_path / name, SEEN, gallery=gallery, run_id=f"{name}-0123456789abcdef")
        for name in ("monday", "tuesday")
    ]
    before = files(roots[0])
    for paths in ([*roots], [gallery, *roots], [gallery]):
        with open_site(paths, reporter()) as site:
            assert site.store.path.resolve() == gallery
            assert [one.run.root.name for one in site.runs] == ["monday", "tuesday"]
    assert "results beside" in capsys.readouterr().err
    assert files(roots[0]) == before
    lonely = make_results(tmp_path / "lonely", SEEN)
    said = refused(roots[0], lonely)
    assert f"{lonely} was linked without a gallery" in said
    assert "their people have nothing in common" in said
    assert "site.db: does not know the run of" in refused(gallery, lonely)
    assert "given twice" in refused(roots[0], roots[0])
    gallery.rename(tmp_path / "elsewhere.db")
    assert "which is not there; name it before the folder: `reid review site.db" in refused(roots[0])
    with open_site([tmp_path / "elsewhere.db", *roots], reporter()) as site:
        assert len(site.store.runs()) == 2


def test_what_is_not_ours_or_not_whole_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "not there; name results folders" in refused(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty' / 'run.json'}: " in refused(tmp_path / "empty")
    root = make_results(tmp_path / "day", SEEN)
    (root / "tracklets.csv").unlink()
    assert "it tells who is who" in refused(root)
    assert not (root / "gallery.db").exists()
    root = make_results(tmp_path / "night", SEEN)
    (root / "gallery.db").write_text("mine")
    assert "is there already, and reid did not write it" in refused(root)
    assert (root / "gallery.db").read_text() == "mine"
    root = make_results(tmp_path / "cut", SEEN)
    (root / "cameras" / "a.crops").write_bytes(b"")
    assert "repeat the reid video command" in refused(root)
    assert not list(root.glob(".reid-writing-*"))
    with open_store(tmp_path / "other.db", encoder_id="other@1"):
        pass
    assert "does not know the run" in refused(tmp_path / "other.db", make_results(tmp_path / "last", SEEN))


def test_results_of_before_need_their_recordings(tmp_path: Path) -> None:
    root = make_results(tmp_path / "old", SEEN, run_id=None, files={"a": tmp_path / "gone.mp4"})
    said = refused(root)
    assert "was written by an earlier version" in said
    assert str(tmp_path / "gone.mp4") in said


def restarted(root: Path, started: str) -> None:
    """Let run.json tell another start: its gallery holds another processing of the same recordings."""
    told = json.loads((root / "run.json").read_text())
    (root / "run.json").write_text(json.dumps(told | {"started": started}))


def test_results_of_another_processing_of_the_same_recordings_are_refused(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    root = make_results(tmp_path / "first", SEEN, gallery=gallery)
    newer = make_results(tmp_path / "second", SEEN, gallery=gallery)
    restarted(root, "2026-11-20T10:00:00+00:00")
    said = refused(root)
    assert (
        f"{root}: was started at 2026-11-20 10:00:00+00:00, and {gallery} holds the processing of the same"
        in said
    )
    assert (
        "that started at 2026-11-27 10:00:00+00:00; name its results folder, or repeat the reid video" in said
    )
    assert "was started at" in refused(gallery, root)
    with open_site([newer], reporter(quiet=True)) as site:
        assert len(site.runs) == 1


def test_what_does_not_fit_beside_a_gallery_is_left_out_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = tmp_path / "site.db"
    for name in ("monday", "tuesday", "wednesday"):
        make_results(tmp_path / name, SEEN, gallery=gallery, run_id=f"{name}-0123456789abcdef")
    restarted(tmp_path / "monday", "2026-11-20T10:00:00+00:00")
    (tmp_path / "wednesday" / "run.json").write_text("{")
    with open_site([gallery], reporter()) as site:
        assert [one.run.root.name for one in site.runs] == ["tuesday"]
    said = " ".join(capsys.readouterr().err.split())
    assert "monday beside site.db is left out: " in said
    assert "wednesday beside site.db is left out: " in said
    assert "results beside" in said


def test_paths_that_an_earlier_version_recorded_as_typed_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    make_results(Path("day"), SEEN, gallery=Path("site.db"))
    gallery, root = tmp_path / "site" / "site.db", tmp_path / "site" / "day"
    told = json.loads((root / "run.json").read_text())
    assert told["config"]["gallery"] == str(gallery)
    told["config"]["gallery"] = "site.db"
    (root / "run.json").write_text(json.dumps(told))
    monkeypatch.chdir(tmp_path)
    for paths in ([root], [gallery], [gallery, root]):
        with open_site(paths, reporter(quiet=True)) as site:
            assert (site.store.path, len(site.runs)) == (gallery, 1)
    told["config"]["linking"] = None
    (root / "run.json").write_text(json.dumps(told))
    assert "run.json: cannot be read (linking" in refused(root)
    (root / "tracklets.csv").write_text(f"camera,track_id\n{'a' * 200_000},1")
    (root / "run.json").write_text(
        json.dumps(told | {"config": told["config"] | {"gallery": None, "linking": {}}})
    )
    assert "field larger than field limit" in refused(root)


def test_another_calibration_in_the_place_of_the_one_that_linked_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "c.json"

    def calibrate(data_set: str, genuine_rate: float) -> None:
        made = Calibration(
            encoder_id=ENCODER,
            max_distance=0.4,
            centre=np.zeros(8, dtype=np.float32),
            data_set=data_set,
            operating_point="max-f1",
            genuine_rate=genuine_rate,
            impostor_rate=0.01,
            camera_pairs={("a", "b/c"): 0.5},
        )
        own.write_text(dumps(made))

    calibrate("market", 0.9)
    run = FinishedRun.read(make_results(tmp_path / "day", SEEN, calibration=own))
    assert run.policy().max_distance == 0.4
    calibrate("market", 0.8)
    with pytest.raises(
        InputError, match=r"was linked by a calibration on market at 0.4, and .*c.json is another"
    ):
        run.policy()
    own.unlink()
    with pytest.raises(InputError, match=r"c\.json"):
        run.policy()


def test_one_review_at_a_time(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN)
    busy = pytest.raises(Busy, match=r"day is in use by process \d+ \(reid review since")
    with open_site([root], reporter(quiet=True)):
        with busy, open_site([root], reporter(quiet=True)):
            pytest.fail("it was opened")
        with pytest.raises(Busy, match="reid review"):
            make_results(root, SEEN)
        assert (root / "identities.json").exists()


def test_a_site_that_was_copied_is_reviewed_with_its_own_gallery(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    make_results(site / "day", {"a": {1: 0, 2: 1}}, gallery=site / "site.db")
    copy = Path(shutil.copytree(site, tmp_path / "copy"))
    before = (site / "site.db").read_bytes()
    with open_site([copy / "day"], reporter(quiet=True)) as opened:
        assert opened.store.path.resolve() == copy / "site.db"
        opened.store.rename(1, "Ann")
    with open_site([copy / "site.db"], reporter(quiet=True)) as opened:
        assert [one.run.root.name for one in opened.runs] == ["day"]
    assert (site / "site.db").read_bytes() == before
    shutil.rmtree(site)
    with open_site([copy / "day"], reporter(quiet=True)) as opened:
        assert [one.label for one in opened.store.people()] == ["Ann", None]
