"""What is erased by itself, while a site runs, and by which clock."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.live.admin.retention import AGAIN_S, DAY_S, LOOK_S, PERIOD_S, SAY_S, START_S, Retention
from reid.store.opening import open_store
from tests.live.blocks import ENCODER, film
from tests.live.running import Keeper, Running, load_tracking
from tests.store.site import directions, sighting


@pytest.fixture(scope="module", autouse=True)
def _tracking_is_loaded() -> None:
    load_tracking()


class Clock:
    """A wall clock that may be wrong, and one that only counts."""

    def __init__(self, retention: Retention, wrong_s: float) -> None:
        self.retention, self.monotonic_s, self.wrong_s = retention, 5000.0, wrong_s
        self.begun_s = time.time()
        self.tick()

    @property
    def now_s(self) -> float:
        return self.begun_s + self.wrong_s + self.monotonic_s - 5000

    def tick(self, after_s: float = 0.0) -> None:
        self.monotonic_s += after_s
        self.retention.tick(self.now_s, self.monotonic_s)


def made(
    here: Running,
    *,
    days: float | None,
    most_people: int | None = None,
    synchronised: bool = True,
    wrong_days: float = 0.0,
) -> tuple[Clock, Keeper]:
    keeper = Keeper()
    retention = Retention(
        days=days,
        most_people=most_people,
        engine=here.engine,
        store=here.store,
        keepers=[keeper],
        synchronised=lambda: synchronised,
    )
    return Clock(retention, wrong_days * DAY_S), keeper


def still(folder: Path) -> Running:
    """A site that shows nothing."""
    here = Running(folder / "site.db", f"a={film(folder / 'still.mp4', 0.2, [])}")
    here.engine.cameras.stop(2)
    return here


def asked(here: Running, order: Callable[[], None]) -> None:
    """What another thread asks for, served here."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(order)
        while not done.done():
            here.engine.commands.serve()
        done.result()


def fill(path: Path, days_ago: float, people: int = 3) -> None:
    """A gallery as a site left it that was seen last so many days ago."""
    with open_store(path, encoder_id=ENCODER) as store:
        for person in range(1, people + 1):
            started = datetime.now(UTC) - timedelta(days=days_ago + people - person)
            one = sighting(person, directions(person, 2, 6), track=person, encoder_id=ENCODER)
            store.commit_run(f"live-{person}", [one], started=started, cameras=["a"])


def people(here: Running) -> list[int]:
    return [person.person_id for person in here.store.people()]


@pytest.mark.slow
def test_what_is_too_old_is_erased_while_it_runs_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1])}")
    clock, keeper = made(here, days=2)
    here.run()
    clock.tick(START_S - 1)
    assert keeper.pruned == [], "not in the first minutes"
    clock.tick(86400 - START_S)
    assert people(here) == [1, 2]
    assert len(here.engine.site.state.people()) == 2
    clock.tick(2 * 86400)
    assert people(here) == []
    assert here.engine.site.state.people() == []
    assert here.engine.site.state.events() == []
    assert here.engine.site.registry.gallery.recent == {}
    assert here.engine.site.registry.gallery.memory.people == []
    clock.tick(1)
    assert len(keeper.pruned) == 2
    assert here.engine.site.state.erased() == {"people": 2, "sightings": 2, "clips": 4}
    assert "erased what was older than 2 days: 2 clips, 2 people, 2 sightings" in caplog.text
    forever, others = made(here, days=None)
    forever.tick(START_S)
    assert others.pruned == []
    here.store.close()


@pytest.mark.slow
def test_who_was_seen_longest_ago_goes_where_there_are_too_many(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1, 2])}")
    here.run()
    made(here, days=None, most_people=2)[0].tick(START_S)
    left = set(people(here))
    assert len(left) == 2
    assert {one.person_id for one in here.engine.site.registry.gallery.recent.values()} == left
    assert {person.person_id for person in here.engine.site.state.people()} == left
    assert here.engine.site.state.erased() == {"people": 1, "sightings": 1}
    here.store.close()


@pytest.mark.slow
def test_what_cannot_be_erased_now_is_erased_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0])}")
    here.run()
    clock, keeper = made(here, days=0.5)
    keeper.error = OSError("no space left")
    clock.tick(86400)
    assert "no space left; tried again in 10 minutes" in caplog.text
    assert people(here) == [], "what can be erased is"
    keeper.error = None
    clock.tick(60)
    assert keeper.pruned == []
    clock.tick(AGAIN_S - 60)
    assert keeper.pruned == [clock.now_s - 0.5 * 86400]
    here.store.close()


def test_a_boot_with_a_wrong_clock_erases_nothing_until_a_person_confirms_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "site.db", days_ago=20)
    for boot in range(2):  # and no second one either, by what the first one stored
        here = still(tmp_path)
        here.engine.site.unit_of_work.session = f"boot{boot}"
        clock, keeper = made(here, days=30, synchronised=False, wrong_days=400)
        stored = sighting(4, directions(4, 2, 6), encoder_id=ENCODER)
        started = datetime.fromtimestamp(clock.now_s, UTC)
        here.store.commit_run(f"boot{boot}-1", [stored], started=started, cameras=["a"])
        caplog.clear()
        for _ in range(20):
            clock.tick(START_S)
        assert {1, 2, 3} <= set(people(here))
        assert keeper.pruned == []
        told = [line for line in caplog.messages if "nothing is erased by age" in line]
        assert len(told) == 1 + int(19 * START_S // SAY_S)
        assert "is 420 days ahead of the last sighting" in told[0]
        assert here.engine.site.state.notices() == {"retention": told[-1]}
        here.store.close()
    here = still(tmp_path)
    clock, keeper = made(here, days=30, synchronised=False, wrong_days=400)
    control = replace(here.control, retention=clock.retention)
    with pytest.raises(InputError, match="nothing waits for the clock"):
        asked(here, control.confirm_clock)
    clock.tick(START_S)
    with monkeypatch.context() as wrong:
        wrong.setattr("time.time", lambda: clock.now_s)
        wrong.setattr("time.monotonic", lambda: clock.monotonic_s)
        asked(here, control.confirm_clock)
    clock.tick(1)
    assert not {1, 2, 3} & set(people(here))
    assert len(keeper.pruned) == 1
    assert here.engine.site.state.notices() == {}
    here.store.close()


def test_what_was_no_person_for_long_enough_is_forgotten(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", days_ago=1)
    here = still(tmp_path)
    clock, _ = made(here, days=30)
    here.engine.site.registry.decisions.ignore(1)
    clock.tick(20 * DAY_S)
    assert here.engine.site.registry.decisions.left_out.people == {1: 1}
    clock.tick(20 * DAY_S)
    assert here.engine.site.registry.decisions.left_out.people == {}
    assert here.store.decisions() == []
    here.store.close()


def test_a_clock_that_the_system_calls_right_is_believed(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", days_ago=40)
    here = still(tmp_path)
    clock, _ = made(here, days=30, synchronised=False)
    clock.tick(START_S)
    assert people(here) == [1, 2, 3]
    clock.retention.synchronised = lambda: True
    clock.tick(LOOK_S)
    assert people(here) == []
    assert here.engine.site.state.notices() == {}
    here.store.close()


@pytest.mark.parametrize(("days_ago", "left"), [(14.9, [2, 3]), (15.1, [1, 2, 3])])
def test_half_of_the_days_may_pass_between_two_starts(
    tmp_path: Path, days_ago: float, left: list[int]
) -> None:
    fill(tmp_path / "site.db", days_ago=days_ago)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:  # somebody who is old by any clock
        old = sighting(1, directions(1, 2, 6), track=1, encoder_id=ENCODER)
        store.commit_run("live-1", [old], started=datetime.now(UTC) - timedelta(days=31))
    here = still(tmp_path)
    made(here, days=30, synchronised=False)[0].tick(START_S)
    assert people(here) == left
    here.store.close()


def test_a_clock_that_leaps_while_it_runs_is_doubted_too(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", days_ago=0, people=1)
    here = still(tmp_path)
    clock, keeper = made(here, days=30, synchronised=False)
    clock.tick(START_S)
    assert len(keeper.pruned) == 1
    clock.wrong_s = 100 * DAY_S
    clock.tick(PERIOD_S)
    assert people(here) == [1]
    clock.wrong_s = 0.0
    clock.tick(LOOK_S)
    assert len(keeper.pruned) == 2
    assert here.engine.site.state.notices() == {}
    here.store.close()


def test_people_with_a_name_stay_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", days_ago=1)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.rename(2, "Ada")
    here = still(tmp_path)
    clock, _ = made(here, days=0.5)
    clock.tick(START_S)
    assert people(here) == [2]
    assert [person.person_id for person in here.store.identities()] == [2]
    assert len(here.store.identities()[0].prototypes) == 2
    clock.retention.named = "erase"
    clock.tick(PERIOD_S)
    assert people(here) == []
    here.store.close()
