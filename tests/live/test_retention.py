"""What is erased by itself, while a site runs."""

import time
from pathlib import Path

import pytest

from reid.live.retention import AGAIN_S, Retention
from tests.live.blocks import film
from tests.live.running import Keeper, Running, load_tracking


@pytest.fixture(scope="module", autouse=True)
def _tracking_is_loaded() -> None:
    load_tracking()


def test_what_is_too_old_is_erased_while_it_runs(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1])}")
    here.run()
    keeper = Keeper()
    retention = Retention(days=2, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    retention.tick(time.time() + 86400)
    assert len(here.store.people()) == len(here.engine.board.people()) == 2
    retention.tick(time.time() + 3 * 86400)
    assert here.store.people() == []
    assert here.engine.board.people() == []
    assert here.engine.board.events() == []
    assert here.engine.site.gallery.recent == {}
    assert here.engine.site.gallery.memory.people == []
    retention.tick(time.time() + 3 * 86400 + 1)
    assert len(keeper.pruned) == 2
    forever = Retention(days=None, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    forever.tick(time.time())
    assert len(keeper.pruned) == 2
    here.store.close()


def test_who_was_seen_longest_ago_goes_where_there_are_too_many(tmp_path: Path) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0, 1, 2])}")
    here.run()
    Retention(days=None, most_people=2, engine=here.engine, store=here.store).tick(time.time())
    left = {person.person_id for person in here.store.people()}
    assert len(left) == 2
    assert {one.person_id for one in here.engine.site.gallery.recent.values()} == left
    assert {person.person_id for person in here.engine.board.people()} == left
    here.store.close()


def test_what_cannot_be_erased_now_is_erased_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    here = Running(tmp_path / "site.db", f"a={film(tmp_path / 'a.mp4', 2, [0])}")
    here.run()
    keeper, now = Keeper(), time.time() + 86400
    keeper.error = OSError("no space left")
    retention = Retention(days=0.5, most_people=None, engine=here.engine, store=here.store, keepers=[keeper])
    retention.tick(now)
    assert "no space left; tried again in 10 minutes" in caplog.text
    assert here.store.people() == [], "what can be erased is"
    keeper.error = None
    retention.tick(now + 60)
    assert keeper.pruned == []
    retention.tick(now + AGAIN_S)
    assert keeper.pruned == [now + AGAIN_S - 0.5 * 86400]
    here.store.close()
