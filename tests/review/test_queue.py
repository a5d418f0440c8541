"""What the queue of review asks after answers that settle only a part, or nothing."""

from pathlib import Path

import pytest

from reid.errors import InputError
from reid.review.answers import Review
from reid.review.decided import tells_person
from reid.review.records import Question
from reid.types import Tracklet
from tests.review.site import between, seen, under_review


def test_unsure_comes_last_and_skip_not_at_all(review: Review) -> None:
    first, *rest = (one.id for one in review.questions())
    review.answer(first, "unsure")
    assert [one.id for one in review.questions()] == [*rest, first]
    assert [one.id for one in review.questions(1)] == rest[:1]
    review.answer(first, "skip")
    assert [one.id for one in review.questions()] == rest
    assert review.undo() is None
    assert review.undo() is None
    assert next(one.id for one in review.questions()) == first
    assert review.decisions() == []
    assert not review.changed
    with pytest.raises(InputError, match="'maybe': must be one of yes, no, unsure, skip"):
        review.answer(first, "maybe")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no decision to undo"):
        review.undo()


def test_unsure_goes_round_all_unsure_questions(tmp_path: Path) -> None:
    """Where all are unsure, each is asked again in its turn; undo brings back the order that was."""
    with under_review(tmp_path, leaning()) as site:
        review = Review(site)
        ids = [one.id for one in review.questions()]
        assert len(ids) > 2
        orders = [ids]
        for _ in range(2 * len(ids)):
            review.answer(orders[-1][0], "unsure")
            orders.append([one.id for one in review.questions()])
        assert [order[0] for order in orders] == [ids[turn % len(ids)] for turn in range(2 * len(ids) + 1)]
        for order in reversed(orders[:-1]):
            review.undo()
            assert [one.id for one in review.questions()] == order


def test_a_skipped_question_leaves_its_people_in_doubt(review: Review) -> None:
    """They are not offered to be confirmed in bulk, and their tracklets do not count as settled."""
    assert [one.person_id for one in review.people() if one.sure] == [1, 4]
    before = review.progress()
    for one in review.questions():
        review.answer(one.id, "skip")
    assert review.questions() == []
    assert [one.person_id for one in review.people() if one.sure] == [1, 4]
    assert review.progress() == before


def test_a_tracklet_that_was_split_off_is_not_reviewed_where_its_question_was_skipped(review: Review) -> None:
    new = review.split(2, ["r/lobby/2"])
    about = [one for one in review.questions() if new in (one.person_id, one.other_id)]
    assert about
    assert review.person(new).reviewed == 0
    for one in about:
        review.answer(one.id, "skip")
    assert review.person(new).reviewed == 0


def leaning() -> list[Tracklet]:
    """One person: two tracklets that are surely of one, and two that lean to different people."""
    return [
        seen("lobby", 1, 0),
        seen("lobby", 2, 0, start=100),
        between(seen("yard", 3, 0, start=300), 2, 0.42),
        between(seen("yard", 4, 0, start=500), 3, 0.42),
        seen("lobby", 5, 5, start=700),
    ]


def about(review: Review, tracklet: str) -> Question:
    return next(one for one in review.questions() if one.one == (tracklet,))


def test_yes_it_belongs_confirms_no_other_doubt(tmp_path: Path) -> None:
    with under_review(tmp_path, leaning()) as site:
        review = Review(site)
        asked = about(review, "r/yard/4")
        assert sorted(asked.other) == ["r/lobby/1", "r/lobby/2", "r/yard/3"]
        review.answer(asked.id, "yes")
        confirmed = sorted(f"r/{one.tracklet}" for one in site.store.bound())
        assert confirmed == ["r/lobby/1", "r/lobby/2", "r/yard/4"], "yard/3 is in doubt as well"
        assert about(review, "r/yard/3").belief < 0.9, "still to be answered"
        assert (review.person(1).reviewed, review.person(1).sure) == (3, False)


def test_what_a_decision_tells_is_not_asked_again(tmp_path: Path) -> None:
    """Tracklets that were confirmed one after the other are one person, as they are for linking."""
    with under_review(tmp_path, leaning()) as site:
        review = Review(site)
        review.confirm(1, ["r/yard/4"])
        asked = [one for one in review.questions() if one.kind == "belongs"]
        assert asked
        assert not any("r/yard/4" in one.one for one in asked), "it is P0001's by decision"
        review.confirm(1, ["r/lobby/1", "r/lobby/2"])
        review.confirm(1, ["r/yard/3"])
        assert [one for one in review.questions() if one.kind == "belongs"] == []
        review.undo()
        (left,) = (one for one in review.questions() if one.kind == "belongs")
        assert (left.one, len(left.other)) == (("r/yard/3",), 3)


def test_who_a_tracklet_is_not_leaves_open_who_it_is(tmp_path: Path) -> None:
    """After a split neither side is reviewed, as an export of reviewed crops sees it; both can be confirmed."""
    with under_review(tmp_path, leaning()) as site:
        review = Review(site)
        new = review.split(1, ["r/yard/4"])
        while asked := review.questions():
            review.answer(asked[0].id, "no" if asked[0].kind == "same_person" else "yes")
        told = {str(one.tracklet) for one in site.store.bound() if tells_person(one)}
        assert review.progress().reviewed == len(told) < len(site.tracklets())
        assert (review.person(new).reviewed, review.person(new).sure) == (0, True)
        review.confirm_many([one.person_id for one in review.people() if one.sure])
        assert review.progress().reviewed == len(site.tracklets())


def test_yes_it_belongs_confirms_the_least_doubtful_where_all_are_in_doubt(tmp_path: Path) -> None:
    own = [between(seen("yard", track, 0, start=200 * track), track, 0.37) for track in (3, 4, 5)]
    with under_review(tmp_path, own) as site:
        review = Review(site)
        first, *others = review.questions()
        beliefs = {one.one: one.belief for one in (first, *others)}
        assert (first.one, first.other) == (("r/yard/5",), ("r/yard/3", "r/yard/4"))
        assert beliefs["r/yard/3",] < beliefs["r/yard/4",] < 0.9
        assert first.settled == ("r/yard/4",)
        review.answer(first.id, "yes")
        assert [one.one for one in review.questions()] == [("r/yard/3",)]


def test_a_renamed_person_keeps_the_questions(review: Review) -> None:
    asked = review.questions()
    review.answer(asked[0].id, "skip")
    review.rename(2, "Ann")
    assert review.questions() == asked[1:]
    assert {one.person_id: one.label for one in review.people()} == {1: None, 2: "Ann", 3: None, 4: None}
    review.undo()
    assert review.person(2).label is None
    assert review.undo() is None
    assert review.questions() == asked
