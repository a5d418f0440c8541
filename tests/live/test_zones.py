"""Zones and lines of a live site: what is told, of whom, and what is counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.errors import InputError
from reid.live.identity.zones import ZoneSettings, ZonesOf
from reid.zone_config import ZoneConfig
from reid.zones.counts import ZoneNow
from tests.live.toy_site import FPS, Toy, look

SIZE = (1000, 500)
DESK = ZoneConfig(name="desk", purpose="dwell", polygon=((0.4, 0.0), (0.6, 0.0), (0.6, 1.0), (0.4, 1.0)))
DOOR = ZoneConfig(name="door", purpose="count", line=((0.8, 0.0), (0.8, 1.0)))  # in is to the left
KINDS = ("zone_entered", "zone_left", "line_crossed")
Told = list[tuple[Any, ...]]


class ZoneToy(Toy):
    """A toy site whose people stand where a test puts them."""

    def __init__(self, path: Path, zones: ZoneSettings | None = None) -> None:
        self.begun: dict[int, float] = {}
        super().__init__(path, zones=zones or ZoneSettings(fixed={"a": [DESK, DOOR]}))

    def stand(self, person: int, x: Sequence[float], *, tracker: int = 1) -> None:
        """A person of camera a has their feet at each of `x` for a tenth of a second."""
        begun = self.begun.setdefault(tracker, self.now)
        for one in x:
            self.now += 1 / FPS
            box = np.array([one - 10, 300, one + 10, 400], dtype=np.float32)
            self.show("a", tracker, look(person), begun, box=box, size=SIZE)

    def zone_events(self) -> Told:
        return [
            (e.kind, e.person_id, round(e.at_s - 1000, 1), e.facts.get("direction", e.facts.get("dwell_s")))
            for e, _ in self.told
            if e.kind in KINDS
        ]

    def zone(self, name: str) -> ZoneNow:
        return next(one for one in self.site.zones.now() if one.zone.name == name)


@pytest.fixture
def toy(tmp_path: Path) -> ZoneToy:
    return ZoneToy(tmp_path / "site.db")


def test_a_person_goes_in_and_out_and_over_a_line(toy: ZoneToy) -> None:
    toy.stand(1, [100] * 20 + [500] * 30)
    assert toy.zone("desk").people == 1
    toy.stand(1, [700] * 10 + [900] * 10)
    assert toy.zone_events() == [
        ("zone_entered", 1, 2.1, None),
        ("zone_left", 1, 5.1, 3.0),
        ("line_crossed", 1, 6.1, "out"),
    ]
    entered, left, crossed = (e.content() for e, _ in toy.told if e.kind in KINDS)
    assert (entered["zone"], entered["people"], entered["camera"]) == ("desk", 1, "a")
    assert entered["track"] == entered["appearance"]
    assert (left["zone"], left["people"], left["since"]) == ("desk", 0, entered["at"])
    assert (crossed["line"], "zone" in crossed, "people" in crossed) == ("door", False, False)
    desk = toy.zone("desk").counts
    assert (desk.entries, desk.stays, round(desk.dwell_s, 1), toy.zone("desk").people) == (1, 1, 3.0, 0)
    assert (toy.zone("door").counts.crossed_in, toy.zone("door").counts.crossed_out) == (0, 1)


def test_nothing_is_told_before_the_person_is(toy: ZoneToy) -> None:
    toy.stand(1, [500] * 2)
    assert toy.zone_events() == []
    toy.stand(1, [500] * 20)
    kinds = [e.kind for e, _ in toy.told]
    assert [kind for kind in kinds if kind != "identity_changed"] == ["seen", "zone_entered"]
    assert toy.zone_events()[0][2] == 0.1, "the moment is that of the first frame"


def test_a_person_who_is_lost_and_found_again_has_not_left(toy: ZoneToy) -> None:
    toy.stand(1, [500] * 40)
    toy.now += 1.0
    toy.stand(1, [500] * 40, tracker=2)
    toy.leave("a", 1)
    toy.leave("a", 2)
    for _ in range(6):
        toy.now += 1
        toy.site.age(toy.now)
    toy.unit_of_work.commit()
    assert [(kind, dwell) for kind, _, _, dwell in toy.zone_events()] == [
        ("zone_entered", None),
        ("zone_left", pytest.approx(8.9)),
    ]
    assert toy.zone("desk").counts.entries == 1


def test_a_track_too_short_to_be_asked_about_counts_once_it_has_ended(toy: ZoneToy) -> None:
    toy.stand(1, [900, 880, 700, 690])
    assert toy.told == []
    toy.leave("a", 1)
    assert [(kind, way) for kind, _, _, way in toy.zone_events()] == [("line_crossed", "in")]
    assert [e.kind for e, _ in toy.told] == ["seen", "line_crossed", "left"]


def test_a_thing_is_in_no_zone(toy: ZoneToy) -> None:
    toy.stand(1, [500] * 30)
    assert toy.zone("desk").people == 1
    toy.things.add(toy.tracks["a", 1][-1].key)
    toy.think()
    toy.stand(1, [500] * 10)
    assert toy.zone("desk").people == 0


def test_a_stay_that_is_over_names_the_person_of_now(toy: ZoneToy) -> None:
    toy.walk("b", 7, look(2), 6)
    other = toy.events("seen")[0].person_id or toy.events("identity_changed")[0].person_id
    toy.leave("b", 7)
    toy.stand(1, [500] * 60)
    key = toy.tracks["a", 1][-1].key
    toy.leave("a", 1)
    assert other is not None
    assert toy.gallery.recent[key].person_id != other
    toy.gallery.reassign(key, other)
    toy.now += 10
    toy.site.age(toy.now)
    toy.commit()
    assert toy.zone_events()[-1][:2] == ("zone_left", other)


def test_another_person_there_is_not_taken_for_the_first(toy: ZoneToy) -> None:
    toy.stand(1, [500] * 40)
    toy.now += 1.0
    toy.stand(2, [500] * 40, tracker=2)
    assert [kind for kind, *_ in toy.zone_events()].count("zone_entered") == 2


def test_an_erased_person_leaves_no_event_behind(toy: ZoneToy) -> None:
    toy.stand(1, [500] * 30)
    toy.site.forget([1])
    assert toy.zone("desk").people == 0
    toy.now += 10
    toy.site.age(toy.now)
    toy.unit_of_work.commit()
    assert [kind for kind, *_ in toy.zone_events()] == ["zone_entered"]
    assert toy.site_state.events() == []
    assert toy.zone("desk").counts.entries == 1


def test_zones_are_added_and_removed_while_people_are_there(tmp_path: Path) -> None:
    kept: list[ZonesOf] = []
    toy = ZoneToy(tmp_path / "site.db", ZoneSettings(fixed={"a": [DOOR]}, keep=kept.append))
    toy.stand(1, [500] * 20)
    toy.site.zones.add("a", DESK)
    toy.stand(1, [500] * 10)
    assert [kind for kind, *_ in toy.zone_events()] == ["zone_entered"]
    assert (toy.zone("desk").people, toy.zone("desk").fixed, toy.zone("door").fixed) == (1, False, True)
    toy.site.zones.remove("a", "desk")
    toy.stand(1, [500] * 10)
    assert [kind for kind, *_ in toy.zone_events()] == ["zone_entered"], "a zone that is gone tells nothing"
    assert [one.zone.name for one in toy.site.zones.now()] == ["door"]
    assert [{name: [one.name for one in own] for name, own in each.items()} for each in kept] == [
        {"a": ["desk"]},
        {},
    ]


def test_what_cannot_be_done_to_zones_costs_a_sentence(tmp_path: Path) -> None:
    def full(_: ZonesOf) -> None:
        raise InputError("the zone cannot be kept: zones.json: No space left on device")

    toy = ZoneToy(tmp_path / "site.db", ZoneSettings(fixed={"a": [DOOR]}, drawn={"a": [DESK]}, keep=full))
    zones = toy.site.zones
    with pytest.raises(InputError, match="a has a zone called 'desk' already; give it another name"):
        zones.add("a", DESK)
    with pytest.raises(InputError, match="a has a zone called 'door' already"):
        zones.add("a", DOOR)
    with pytest.raises(InputError, match="'door' of a comes from the settings of reid live"):
        zones.remove("a", "door")
    with pytest.raises(InputError, match="a has no zone called 'shelf'; it has desk"):
        zones.remove("a", "shelf")
    with pytest.raises(InputError, match="cannot be kept"):
        zones.remove("a", "desk")
    assert [one.zone.name for one in zones.now()] == ["door", "desk"], "what cannot be kept is not done"


def test_too_many_zones_are_refused(tmp_path: Path) -> None:
    many = [DESK.model_copy(update={"name": str(number)}) for number in range(50)]
    toy = ZoneToy(tmp_path / "site.db", ZoneSettings(fixed={"a": many}))
    with pytest.raises(InputError, match="a has 50 zones, and 50 is the most"):
        toy.site.zones.add("a", DESK)


def test_cameras_have_zones_of_their_own(toy: ZoneToy) -> None:
    box = np.array([490, 300, 510, 400], dtype=np.float32)
    for _ in range(30):
        toy.now += 1 / FPS
        toy.show("b", 1, look(1), 1000.0, box=box, size=SIZE)
    assert toy.zone_events() == []
    assert toy.events("seen")
