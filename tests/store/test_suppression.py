"""Who is erased with a suppression list stays erased when the recording is processed again."""

import errno
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from pipelines.cli.main import main
from reid import suppression
from reid.errors import InputError
from reid.site import link_site, without_suppressed
from reid.store.base import Store
from reid.suppression import Footage, SuppressionKey
from reid.types import Tracklet
from tests.store.site import NOON
from tests.store.walkers import CAMERAS, POLICY, moving, opened, recording
from tests.tracklets import towards, tracklet

FOOTAGE = {camera: Footage(content=f"content of {camera}", width=640, height=360) for camera in CAMERAS}


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the key lies."""
    monkeypatch.delenv("REID_SUPPRESSION_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return tmp_path / "settings" / "reid" / "suppression.key"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with opened(tmp_path / "site.db") as store:
        assert len(linked(store, [*recording().values(), beside()])) == 9
    return tmp_path / "site.db"


def beside() -> Tracklet:
    """Person 4 walks in the lobby at the same time as person 0, a body's width to the right."""
    made = tracklet("lobby", 99, frames=range(60), vectors=towards(4))
    return replace(made, boxes=moving("lobby", 1, 0).boxes + np.array([45, 0, 45, 0], dtype=np.float32))


def linked(store: Store, tracklets: Sequence[Tracklet], run_id: str = "r") -> list[Tracklet]:
    """Link a recording, as `reid video` does; what was not left out."""
    left = without_suppressed(tracklets, store, FOOTAGE)
    link_site(left, POLICY, store, run_id=run_id, started=NOON, cameras=CAMERAS, footage=FOOTAGE)
    return left


def again(path: Path, seed: int, **more: str) -> set[tuple[str, int]]:
    """Who is left when the recording is processed again; another seed is another detector."""
    made = recording(seed)
    with opened(path) as store:
        left = {one.key for one in linked(store, [*made.values(), beside()], **more)}
        assert len(store.people()) == len({who for (_, who), one in made.items() if one.key in left}) + 1
    return {place for place, one in made.items() if one.key in left}


@pytest.mark.parametrize("seed", [0, 3])
def test_they_are_left_out(path: Path, seed: int, capsys: pytest.CaptureFixture[str], key: Path) -> None:
    assert main(["gallery", "forget", str(path), "P0001", "--suppress"]) == 0
    said = capsys.readouterr().out
    assert f"leaves them out, as long as the key is kept: {key}" in said
    assert again(path, seed) == {(camera, who) for camera in CAMERAS for who in (1, 2, 3)}
    assert again(path, seed, run_id="with another camera") == {(c, who) for c in CAMERAS for who in (1, 2, 3)}
    assert main(["gallery", "suppressed", str(path)]) == 0
    assert capsys.readouterr().out == f"2 tracklets in the suppression list of {path}, by the key in {key}\n"


def test_without_it_they_come_back_and_that_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "forget", str(path), "P0001"]) == 0
    assert "finds them again, under a new id" in capsys.readouterr().out
    assert len(again(path, 3)) == 8


def test_a_track_that_is_cut_elsewhere_is_left_out_in_all_its_pieces(path: Path) -> None:
    with opened(path) as store:
        store.forget(1, suppress=SuppressionKey.read_or_make())
        whole = moving("lobby", 7, 0, seed=3, jitter=2.0)
        pieces = [_piece(whole, 7, 0, 21), _piece(whole, 8, 21, 60)]
        other = moving("lobby", 9, 2)
        assert [one.track_id for one in linked(store, [*pieces, other])] == [9]


def test_the_recording_counts_not_its_place_in_time(path: Path) -> None:
    with opened(path) as store:
        store.forget(1, suppress=SuppressionKey.read_or_make())
        walker = moving("lobby", 1, 0)
        later = replace(walker, times_s=walker.times_s + 100, moments_s=walker.moments_s + 100)
        shifted = {"lobby": replace(FOOTAGE["lobby"], shift_s=100.0)}
        assert without_suppressed([later], store, shifted) == []
        assert without_suppressed([later], store, FOOTAGE) == [later]
        elsewhere = {"lobby": replace(FOOTAGE["lobby"], content="another recording")}
        assert without_suppressed([walker], store, elsewhere) == [walker]


def test_neither_key_nor_gallery_tells_by_itself(path: Path, key: Path) -> None:
    with opened(path) as store:
        store.forget(1, suppress=SuppressionKey.read_or_make())
        (one, other) = store.suppressed()
        assert one.digests.isdisjoint(other.digests)
        assert len(one.digests) > 6, "several cells a second, for six seconds"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert key.read_bytes() not in path.read_bytes()
    assert b"content of lobby" in path.read_bytes(), "runs name their recordings, digests do not"


@pytest.mark.parametrize("lost", ["gone", "another"])
def test_a_lost_key_is_said_and_can_be_given_up(
    path: Path, key: Path, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", "forget", str(path), "P0001", "--suppress"]) == 0
    key.unlink()
    if lost == "another":
        key.write_bytes(b"x" * 32)
        key.chmod(0o600)
    with (
        opened(path) as store,
        pytest.raises(InputError, match="so people who were erased would be found again"),
    ):
        linked(store, list(recording().values()))
    assert main(["gallery", "suppressed", str(path)]) == 0
    assert f"by a key that is not in {key}" in capsys.readouterr().out
    if lost == "another":
        assert main(["gallery", "forget", str(path), "P0002", "--suppress"]) == 2
        assert "the key of its suppression list is another one" in capsys.readouterr().err
    assert main(["gallery", "suppressed", str(path), "--drop"]) == 0
    assert "is dropped (2 tracklets)" in capsys.readouterr().out
    assert len(again(path, 3)) == 8


def test_a_key_that_others_may_read_is_refused(
    path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SuppressionKey.read_or_make()
    key.chmod(0o644)
    assert main(["gallery", "forget", str(path), "P0001", "--suppress"]) == 2
    assert f"(mode 0644); take that from them: chmod 600 {key}" in capsys.readouterr().err
    key.write_bytes(b"short")
    key.chmod(0o600)
    assert main(["gallery", "forget", str(path), "P0001", "--suppress"]) == 2
    assert f"{key}: is no key of a suppression list (5 bytes, not 32)" in capsys.readouterr().err
    with opened(path) as store:
        assert store.find("P0001") == 1, "nothing was erased"


def test_what_is_not_known_of_old_runs_is_said_before_anything_is_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "old.db") as store:
        link_site(
            list(recording().values()), POLICY, store, run_id="r", started=NOON, cameras=CAMERAS
        )  # without footage, as before
    assert main(["gallery", "forget", str(tmp_path / "old.db"), "P0001", "--suppress"]) == 2
    assert "P0001: where 2 of their 2 tracklets were in the recordings is not kept" in capsys.readouterr().err
    with opened(tmp_path / "old.db") as store:
        assert store.find("P0001") == 1
        linked(store, list(recording().values()))
        store.forget(1, suppress=SuppressionKey.read_or_make())
        assert len(linked(store, list(recording().values()))) == 6


def _piece(whole: Tracklet, number: int, begin: int, end: int) -> Tracklet:
    rows = slice(begin, end)
    return replace(
        whole,
        track_id=number,
        frames=whole.frames[rows],
        times_s=whole.times_s[rows],
        boxes=whole.boxes[rows],
        scores=whole.scores[rows],
    )


def test_what_is_no_person_is_erased_and_stays_out(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "ignore", str(path), "1"]) == 0
    assert main(["gallery", "forget", str(path), "P0001", "--suppress"]) == 0
    assert "leaves them out, as long as the key is kept" in " ".join(capsys.readouterr().out.split())
    with opened(path) as store:
        assert [one.kind for one in store.decisions()] == ["erased"]
        assert len(store.suppressed()) == 2
    made = recording(3)
    with opened(path) as store:
        left = {one.key for one in linked(store, [*made.values(), beside()])}
    assert {who for (_, who), one in made.items() if one.key in left} == {1, 2, 3}


def test_what_is_no_person_is_found_again_where_it_is_erased_without(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", "ignore", str(path), "1"]) == 0
    assert main(["gallery", "forget", str(path), "1"]) == 0
    assert "finds them again, under a new id" in " ".join(capsys.readouterr().out.split())


def test_all_who_make_the_key_at_once_have_the_same_one(key: Path) -> None:
    for _ in range(10):
        start = Barrier(6)

        def make(_: int, start: Barrier = start) -> str:
            start.wait()
            return SuppressionKey.read_or_make().key_id

        with ThreadPoolExecutor(6) as pool:
            assert len(set(pool.map(make, range(6)))) == 1
        assert [one.name for one in key.parent.iterdir()] == [key.name], "and nothing beside it"
        key.unlink()


def test_the_key_is_made_on_file_systems_without_links(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(_from: object, _to: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))  # what FAT says

    monkeypatch.setattr("os.link", link)
    made = SuppressionKey.read_or_make()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [one.name for one in key.parent.iterdir()] == [key.name]
    assert SuppressionKey.read_or_make().key_id == made.key_id
    with pytest.raises(FileExistsError):
        suppression._write_new(key, b"x" * 32)
    assert SuppressionKey.read_or_make().key_id == made.key_id
