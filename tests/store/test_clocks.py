"""When the recordings of a gallery's runs began."""

import sqlite3
from pathlib import Path

from reid.store.opening import open_store
from reid.wall_clock import WallClock
from tests.store.site import ENCODER, NOON, directions, make_version_1, sighting

BEGAN = WallClock(zero_s=1_795_683_600.0, zone="Europe/Berlin")  # 2026-11-26 10:00 there


def commit(path: Path, clock: WallClock | None, run: str = "monday") -> None:
    with open_store(path, encoder_id=ENCODER) as store:
        store.commit_run(run, [sighting(1, directions(5, 1))], started=NOON, clock=clock)


def seen(path: Path) -> list[str | None]:
    with open_store(path, encoder_id=None, read_only=True) as store:
        return [one.clock and one.clock.iso(0) for one in store.sightings(1)]


def test_a_run_knows_when_it_began_and_a_repeated_one_may_know_better(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    commit(path, BEGAN)
    assert seen(path) == ["2026-11-26T10:00:00.000+01:00"]
    commit(path, WallClock(zero_s=BEGAN.zero_s + 60, zone="UTC"))
    assert seen(path) == ["2026-11-26T09:01:00.000+00:00"]
    commit(path, None)
    assert seen(path) == [None]


def test_a_gallery_of_an_earlier_version_is_read_and_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    commit(path, None)
    make_version_1(path, "clocks")
    assert seen(path) == [None]
    commit(path, BEGAN, "tuesday")
    assert sorted(map(str, seen(path))) == ["2026-11-26T10:00:00.000+01:00", "None"]


def test_a_machines_own_zone_is_kept_as_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    own = WallClock(zero_s=BEGAN.zero_s)
    commit(path, own)
    assert seen(path) == [own.iso(0)]


def test_when_a_run_is_pruned_its_start_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    commit(path, BEGAN)
    with open_store(path, encoder_id=None) as store:
        store.prune(NOON.replace(year=NOON.year + 1))
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM clocks").fetchone() == (0,)


def test_live_sightings_are_in_unix_time(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    commit(path, None)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE sightings SET start_s = 1795683600, end_s = 1795683605")
    with open_store(path, encoder_id=None, read_only=True) as store:
        one = store.sightings(1)[0]
    assert one.clock is not None
    assert one.clock.iso(one.start_s) == "2026-11-26T09:00:00.000+00:00"
