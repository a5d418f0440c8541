"""Who is shown on the page: visits by person, moved where somebody was taken for another."""

import itertools

from reid.linking.answer import Answer
from reid.live.identity.appearance import Appearance
from reid.live.views.recent_people import PEOPLE, RecentPeople
from reid.live.views.site_state import VISITS, SiteState
from reid.types import Array, TrackletKey
from tests.live.toy_site import look, made

numbers = itertools.count(1)


def visit(person: int | None, camera: str = "a", start_s: float = 0.0) -> Appearance:
    answer = Answer(
        verdict="known",
        person_id=person,
        nearest_id=person,
        distance=0.1,
        probability=0.9,
        runner_up_id=None,
        runner_up_distance=None,
    )
    box: Array = look(0)[0, :4]
    key = TrackletKey(camera_id=camera, track_id=next(numbers))
    return Appearance(
        camera_id=camera,
        tracker_id=1,
        start_s=start_s,
        end_s=start_s + 1,
        box=box,
        key=key,
        answer=answer,
        person_id=person,
    )


def shown(site_state: SiteState) -> dict[int, list[tuple[str, bool]]]:
    return {
        person.person_id: [(one.camera_id, one.present) for one in person.visits]
        for person in site_state.people()
    }


def test_visits_come_go_and_move() -> None:
    site_state = SiteState()
    recent_people = RecentPeople(site_state=site_state)
    first, second, third = visit(1, "a", 0), visit(2, "b", 5), visit(1, "c", 9)
    for one in (first, second, third):
        recent_people.visit(one, made(one.camera_id, 7, 1, look(0), 0, 2))
    recent_people.visit(third, None)
    recent_people.publish()
    assert shown(site_state) == {1: [("c", False), ("a", True)], 2: [("b", True)]}
    assert third.key is not None
    recent_people.moved(third.key, 2)
    recent_people.publish()
    assert shown(site_state) == {2: [("c", False), ("b", True)], 1: [("a", True)]}
    recent_people.rename(1, "Ada")
    recent_people.merge(1, 2)
    recent_people.publish()
    assert shown(site_state) == {2: [("c", False), ("b", True), ("a", True)]}
    assert site_state.people()[0].label == "Ada"
    recent_people.rename(2, "Bob")
    recent_people.publish()
    assert site_state.people()[0].label == "Bob"
    assert site_state.people()[0].crop == b"c7"
    recent_people.forget(2)
    assert shown(site_state) == {}
    recent_people.visit(visit(2), made("a", 8, 1, look(0), 0, 2))
    recent_people.publish()
    assert site_state.people()[0].label is None


def test_the_uncertain_are_nobody_yet() -> None:
    site_state = SiteState()
    recent_people = RecentPeople(site_state=site_state)
    somebody = visit(None)
    recent_people.visit(somebody, made("a", 1, 1, look(0), 0, 2))
    recent_people.publish()
    assert shown(site_state) == {}
    somebody.person_id = 4
    recent_people.visit(somebody, made("a", 1, 1, look(0), 0, 3))
    recent_people.publish()
    assert shown(site_state) == {4: [("a", True)]}


def test_memory_is_bounded() -> None:
    site_state = SiteState()
    recent_people = RecentPeople(site_state=site_state)
    for number in range(3 * VISITS):
        recent_people.visit(visit(1, start_s=number), made("a", 1, 1, look(0), 0, 2))
    for person in range(2, PEOPLE + 50):
        recent_people.visit(visit(person), made("a", 1, 1, look(0), 0, 2))
        recent_people.publish()
    assert len(site_state.people()) == PEOPLE
    assert len(recent_people._visits) <= PEOPLE + VISITS
    assert site_state.people()[0].person_id == PEOPLE + 49
