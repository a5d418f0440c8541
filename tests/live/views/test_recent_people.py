"""Who is shown on the page: visits by person, moved where somebody was taken for another."""

import itertools

from reid.linking.answer import Answer
from reid.live.identity.appearance import Visit
from reid.live.views.recent_people import PEOPLE, Lately
from reid.live.views.site_state import VISITS, Board
from reid.types import Array, TrackletKey
from tests.live.toy_site import look, made

numbers = itertools.count(1)


def visit(person: int | None, camera: str = "a", start_s: float = 0.0) -> Visit:
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
    return Visit(
        camera_id=camera,
        tracker_id=1,
        start_s=start_s,
        end_s=start_s + 1,
        box=box,
        key=key,
        answer=answer,
        person_id=person,
    )


def shown(board: Board) -> dict[int, list[tuple[str, bool]]]:
    return {
        person.person_id: [(one.camera_id, one.present) for one in person.visits] for person in board.people()
    }


def test_visits_come_go_and_move() -> None:
    board = Board()
    lately = Lately(board=board)
    first, second, third = visit(1, "a", 0), visit(2, "b", 5), visit(1, "c", 9)
    for one in (first, second, third):
        lately.visit(one, made(one.camera_id, 7, 1, look(0), 0, 2))
    lately.visit(third, None)
    lately.publish()
    assert shown(board) == {1: [("c", False), ("a", True)], 2: [("b", True)]}
    assert third.key is not None
    lately.moved(third.key, 2)
    lately.publish()
    assert shown(board) == {2: [("c", False), ("b", True)], 1: [("a", True)]}
    lately.rename(1, "Ada")
    lately.merge(1, 2)
    lately.publish()
    assert shown(board) == {2: [("c", False), ("b", True), ("a", True)]}
    assert board.people()[0].label == "Ada"
    lately.rename(2, "Bob")
    lately.publish()
    assert board.people()[0].label == "Bob"
    assert board.people()[0].crop == b"c7"
    lately.forget(2)
    assert shown(board) == {}
    lately.visit(visit(2), made("a", 8, 1, look(0), 0, 2))
    lately.publish()
    assert board.people()[0].label is None


def test_the_uncertain_are_nobody_yet() -> None:
    board = Board()
    lately = Lately(board=board)
    somebody = visit(None)
    lately.visit(somebody, made("a", 1, 1, look(0), 0, 2))
    lately.publish()
    assert shown(board) == {}
    somebody.person_id = 4
    lately.visit(somebody, made("a", 1, 1, look(0), 0, 3))
    lately.publish()
    assert shown(board) == {4: [("a", True)]}


def test_memory_is_bounded() -> None:
    board = Board()
    lately = Lately(board=board)
    for number in range(3 * VISITS):
        lately.visit(visit(1, start_s=number), made("a", 1, 1, look(0), 0, 2))
    for person in range(2, PEOPLE + 50):
        lately.visit(visit(person), made("a", 1, 1, look(0), 0, 2))
        lately.publish()
    assert len(board.people()) == PEOPLE
    assert len(lately._visits) <= PEOPLE + VISITS
    assert board.people()[0].person_id == PEOPLE + 49
