"""Who is and was here is shown by the stream of changes."""

import itertools
from dataclasses import replace

from reid.linking.answer import Answer
from reid.live.clock import SiteClock
from reid.live.identity.appearance import Appearance
from reid.live.identity.changes import Appeared, Forgotten, Left, Merged, Moved, Pruned, Renamed, Updated
from reid.live.views.recent_people import PEOPLE, RecentPeople
from reid.live.views.site_state import VISITS, SiteState
from reid.types import TrackletKey
from tests.live.toy_site import look

numbers = itertools.count(1)


def appearance(person: int | None, camera: str = "a", start_s: float = 0.0) -> Appearance:
    answer = Answer(
        verdict="known",
        person_id=person,
        nearest_id=person,
        distance=0.1,
        probability=0.9,
        runner_up_id=None,
        runner_up_distance=None,
    )
    key = TrackletKey(camera_id=camera, track_id=next(numbers))
    return Appearance(
        camera_id=camera,
        tracker_id=1,
        start_s=start_s,
        end_s=start_s + 1,
        box=look(0)[0, :4],
        appearance_id=str(key),
        key=key,
        answer=answer,
        person_id=person,
    )


def appeared(one: Appearance) -> Appeared:
    return Appeared(appearance=one, decoded_s=0.0, crop=str(one.key).encode())


def moved(one: Appearance, new: int | None) -> Moved:
    assert one.key is not None
    assert one.person_id is not None
    return Moved(
        key=one.key,
        appearance_id=str(one.appearance_id),
        at_s=one.end_s,
        old=one.person_id,
        new=new,
        run_id=None,
    )


def started() -> tuple[SiteState, RecentPeople]:
    state = SiteState()
    return state, RecentPeople(site_state=state, clock=SiteClock(wall=lambda: 50.0, monotonic=lambda: 50.0))


def shown(state: SiteState) -> dict[int, list[tuple[str, bool]]]:
    return {
        person.person_id: [(one.camera_id, one.present) for one in person.visits] for person in state.people()
    }


def test_appearances_come_go_and_move() -> None:
    state, people = started()
    first, second, third = appearance(1, "a", 0), appearance(2, "b", 5), appearance(1, "c", 9)
    people([*(appeared(one) for one in (first, second, third)), Left(appearance=third)])
    assert shown(state) == {1: [("c", False), ("a", True)], 2: [("b", True)]}
    people([moved(third, 2)])
    assert shown(state) == {2: [("c", False), ("b", True)], 1: [("a", True)]}
    people([Renamed(person_id=1, label="Ada"), Merged(old=1, new=2, at_s=20.0)])
    assert shown(state) == {2: [("c", False), ("b", True), ("a", True)]}
    assert state.people()[0].label == "Ada"
    people([Renamed(person_id=2, label="Bob")])
    assert state.people()[0].label == "Bob"
    assert state.people()[0].crop == str(third.key).encode()
    people([Forgotten(person_ids=(2,))])
    assert shown(state) == {}
    people([appeared(appearance(2))])
    assert state.people()[0].label is None


def test_a_thing_is_shown_no_more() -> None:
    state, people = started()
    poster = appearance(1)
    people([appeared(poster), moved(poster, None)])
    assert shown(state) == {}


def test_an_appearance_of_several_tracklets_is_one_and_is_over_once() -> None:
    state, people = started()
    first = appearance(1, "a", 0)
    second = replace(first, key=TrackletKey(camera_id="a", track_id=next(numbers)), end_s=9.0)
    people([appeared(first), Updated(appearance=second, crop=b"2")])
    assert shown(state) == {1: [("a", True)]}
    (one,) = state.people()[0].visits
    assert (one.start_s, one.end_s, one.track_id) == (0.0, 9.0, getattr(first.key, "track_id", None))
    people([moved(first, 2)])
    assert shown(state) == {2: [("a", False)], 1: [("a", True)]}, "who is there now is who is seen last"
    people([Left(appearance=second)])
    assert shown(state) == {2: [("a", False)], 1: [("a", False)]}


def test_an_uncertain_appearance_is_of_no_person_yet() -> None:
    state, people = started()
    unknown = appearance(None)
    people([appeared(unknown)])
    assert shown(state) == {}
    people([Updated(appearance=replace(unknown, person_id=4))])
    assert shown(state) == {4: [("a", True)]}


def test_what_is_erased_by_age_is_shown_no_more() -> None:
    state = SiteState()
    people = RecentPeople(site_state=state, clock=SiteClock())
    old, new, other = appearance(1), appearance(1, start_s=50.0), appearance(2)
    latest = appearance(4, start_s=60.0)
    for one in (old, new, other, latest):
        people([appeared(one), Left(appearance=one)])
    erasures = state.erasures
    state.set_preview("a", b"a frame with all of them")
    people([Pruned(before_s=20.0)])
    assert [(one.person_id, len(one.visits)) for one in state.people()] == [(4, 1), (1, 1)]
    assert list(people._appearances) == [new.appearance_id, latest.appearance_id]
    assert list(people._of_people) == [1, 4]
    assert (state.erasures, state.preview("a")) == (erasures + 1, None)
    state.set_preview("a", b"the next one")
    assert state.preview("a", after=1) == (2, b"the next one")
    people([Moved(key=old.key, appearance_id=str(old.key), at_s=1.0, old=1, new=3, run_id=None)])
    assert [one.person_id for one in state.people()] == [4, 1]


def test_memory_is_bounded() -> None:
    state, people = started()
    old = appearance(PEOPLE + 60, start_s=-5)
    people([appeared(old)])
    people([appeared(appearance(1, start_s=number)) for number in range(3 * VISITS)])
    people([moved(old, 1)])
    assert [one.start_s for one in state.people()[0].visits] == list(range(3 * VISITS))[: -VISITS - 1 : -1]
    for person in range(2, PEOPLE + 50):
        people([appeared(appearance(person))])
    assert len(state.people()) == PEOPLE
    assert len(people._of_tracklets) == len(people._appearances) <= PEOPLE + VISITS
    assert state.people()[0].person_id == PEOPLE + 49
