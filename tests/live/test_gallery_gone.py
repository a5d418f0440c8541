"""What a live site does while its gallery cannot be written: nothing is lost as long as it may come back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.errors import StoreError
from reid.live.identity import unit_of_work
from reid.store.opening import open_store
from tests.live.toy_site import ENCODER, Toy, look
from tests.small_disk import small_disk
from tests.store.site import ENCODER as OTHERS
from tests.store.site import commit


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db")
    yield made
    made.store.close()


def test_events_wait_while_the_gallery_is_moved_away(
    toy: Toy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    toy.walk("a", 1, look(0), 2.5)
    told, moved = len(toy.told), tmp_path / "moved.db"
    path = toy.store.path
    path.rename(moved)
    toy.unit_of_work.check()
    assert toy.unit_of_work.trouble is not None, "also where there is nothing to write"
    toy.walk("a", 2, look(1), 2.5)
    assert (
        "site.db: the gallery is gone: it was moved or deleted while it was in use"
        in toy.unit_of_work.trouble
    )
    assert "2 events wait until it can be written" in toy.unit_of_work.trouble
    assert caplog.text.count("nothing is told") == 1
    assert len(toy.told) == told
    assert not path.exists(), "no new file takes its place"
    moved.rename(path)
    toy.walk("a", 2, look(1), 0.2)
    assert toy.unit_of_work.trouble is None
    assert [event.person_id for event, _ in toy.told[told:]] == [None, 2]
    assert sorted(toy.stored().values()) == [1, 2]


def test_another_gallery_in_its_place_is_not_written(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 2.5)
    path = toy.store.path
    path.unlink()
    with open_store(path.with_name("other.db"), encoder_id=OTHERS) as other:
        commit(other, 1, [1])
    shutil.copy(path.with_name("other.db"), path)
    before = path.read_bytes()
    toy.walk("a", 2, look(1), 2.5)
    assert "was replaced by another file" in str(toy.unit_of_work.trouble)
    with pytest.raises(StoreError, match="was replaced by another file"):
        toy.store.rename(1, "Ada")
    assert path.read_bytes() == before


def test_a_run_is_not_written_into_a_gallery_that_is_gone(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=OTHERS) as store:
        (tmp_path / "site.db").unlink()
        with pytest.raises(StoreError, match="is gone: it was moved or deleted"):
            commit(store, 1, [1])


def test_the_oldest_events_are_dropped_where_too_many_wait(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unit_of_work, "MOST_WAITING", 3)
    toy.walk("a", 1, look(0), 2.5)
    moved = toy.store.path.rename(toy.store.path.with_name("moved.db"))
    toy.unit_of_work.check()
    told = len(toy.told)
    for number in range(2, 8):
        toy.walk("a", number, look(number), 2.0)
        toy.leave("a", number)
    assert toy.unit_of_work.lost >= 12 - 3
    assert f"3 events wait until it can be written, {toy.unit_of_work.lost} were dropped" in str(
        toy.unit_of_work.trouble
    )
    assert caplog.text.count("the oldest are dropped") == 1
    moved.rename(toy.store.path)
    toy.commit()
    assert len(toy.told[told:]) == 3
    assert toy.told[-1][0].kind == "left"
    assert toy.told[-1][0].person_id in toy.stored().values()
    assert len(toy.stored()) == 1 + 3, "what is dropped is known to nobody"


def test_events_wait_while_the_disk_is_full_and_go_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24_000) as place:
        toy = Toy(place.folder / "site.db")
        toy.walk("a", 1, look(0), 2.5)
        told, filler = len(toy.told), place.fill(leave_kib=200)
        person = 1
        while toy.unit_of_work.trouble is None:
            person += 1
            toy.walk("a", person, look(person % 9), 2.0)
        assert "disk is full" in toy.unit_of_work.trouble
        assert "make room there" in toy.unit_of_work.trouble
        waited = len(toy.told)
        toy.walk("b", 99, look(9), 2.0)
        assert len(toy.told) == waited >= told
        filler.unlink()
        toy.commit()
        assert toy.unit_of_work.trouble is None
        seen = {event.facts["track"] for event in toy.events("seen")}
        assert len(seen) == person + 1
        assert {str(key) for key in toy.stored()} == seen
        toy.store.close()
        with open_store(place.folder / "site.db", encoder_id=ENCODER, read_only=True) as store:
            assert sum(one.sightings for one in store.people()) == person + 1
