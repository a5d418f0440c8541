"""Half an hour of people who walk and of re-clustering: nothing that a person decided is undone."""

from pathlib import Path

import pytest

from reid.distance import unit
from reid.live.identity.changes import Renamed
from reid.types import Array, TrackletKey
from tests.live.toy_site import Toy, look

UNIX_S = 1.7e9
MINUTES = 30
POSTER = 9


def seen(person: int, seed: int) -> Array:
    """Person 1 is person 0 from behind: farther than the threshold, nearer than to anybody else."""
    own = look(person, 0.05, seed=seed)
    return own if person != 1 else unit(own * 0.85 + look(0, 0.05, seed=seed) * 0.5)


def visit(toy: Toy, person: int, number: int, camera: str) -> TrackletKey:
    """A person walks by, and is thought about."""
    key = toy.walk(camera, person, seen(person, number), 3.0)
    toy.leave(camera, person)
    toy.think()
    return key


@pytest.mark.slow
def test_none_of_the_decisions_is_undone(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "site.db", now=UNIX_S)
    keys = [visit(toy, person, 0, "a") for person in range(5)]
    poster = visit(toy, POSTER, 0, "a")
    assert [toy.stored_as(key) for key in [*keys, poster]] == [1, 2, 3, 4, 5, 6]
    twin = [toy.walk(camera, 6, look(6, 0.05, seed=at), 3.0) for at, camera in enumerate("ab")]
    for camera in "ab":
        toy.leave(camera, 6)
    assert [toy.stored_as(key) for key in twin] == [7, 7]
    toy.site.decisions.merge(2, 1)
    new = toy.site.decisions.split(7, [str(twin[1])])
    toy.unit_of_work.perform(Renamed(person_id=3, label="Ada"))
    toy.site.decisions.ignore(6)
    toy.site.decisions.confirm(4)
    toy.site.forget([5])
    toy.store.forget(5)
    begun, number = toy.now, 0
    while toy.now < begun + 60 * MINUTES:
        number += 1
        for person in range(4):
            visit(toy, person, number, "ab"[number % 2])
        assert toy.stored_as(visit(toy, 4, number, "b")) not in (None, 5), "who is erased is somebody new"
        assert toy.stored_as(visit(toy, POSTER, number, "a")) is None
        toy.now += 20
        toy.site.age(toy.now)
        toy.think()
        found = [toy.stored_as(key) for key in (*keys, poster, *twin)]
        assert found == [1, 1, 3, 4, None, None, 7, new], f"after {(toy.now - begun) / 60:.0f} min"
    people = {person.person_id: person.label for person in toy.store.people()}
    assert people[3] == "Ada"
    assert not {2, 5, 6} & people.keys()
    assert [one.kind for one in toy.store.decisions() if one.undone is None] == [
        "same", "different", "named", "not_a_person", "confirmed", "erased",
    ]  # fmt: skip
    assert toy.events("left")[-1].content().get("label") is None
    assert {event.content().get("label") for event in toy.events("left") if event.person_id == 3} >= {"Ada"}
    toy.store.close()
