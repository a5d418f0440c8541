"""Undo and redo in a review: what was done at once is undone at once, and nothing stays in their way."""

from pathlib import Path

import pytest

from reid.errors import InputError
from reid.review.answers import Review
from tests.review.site import of_kind
from tests.store.site import tables


def test_undo_and_redo(review: Review, tmp_path: Path) -> None:
    before, asked = tables(tmp_path / "site.db"), review.questions()
    review.answer(of_kind(review, "same_person").id, "yes")
    review.rename(2, "Ann")
    after = tables(tmp_path / "site.db")
    undone = review.undo(), review.undo()
    assert [one and one.kind for one in undone] == ["named", "same"]
    assert tables(tmp_path / "site.db") == before
    assert review.questions() == asked
    assert review.redo().kind == "same"
    assert review.redo().label == "Ann"
    assert tables(tmp_path / "site.db") == after
    with pytest.raises(InputError, match="nothing to do again"):
        review.redo()
    review.undo()
    review.confirm(1)
    with pytest.raises(InputError, match="something was decided since"):
        review.redo()


def test_unsure_and_then_skip_are_two_steps(review: Review) -> None:
    first, second, *_ = (one.id for one in review.questions())
    review.answer(first, "unsure")
    review.answer(first, "skip")
    review.undo()
    assert [one.id for one in review.questions()] == [second, first], "unsure again"
    review.undo()
    assert [one.id for one in review.questions()] == [first, second]


def test_several_are_confirmed_in_one_step(review: Review) -> None:
    review.confirm_many([2, 1, 2])
    said = review.decisions()
    assert [(one.kind, one.person_id) for one in said] == [("confirmed", 2), ("confirmed", 1)]
    assert (review.person(1).reviewed, review.person(2).reviewed) == (2, 2)
    review.undo()
    assert None not in [one.undone for one in review.decisions()]
    assert not any(one.reviewed for one in review.people())
    review.redo()
    assert review.decisions() == said


def test_a_person_who_is_gone_confirms_none_of_several(review: Review) -> None:
    with pytest.raises(InputError, match="there is no P0009 any more"):
        review.confirm_many([1, 9])
    assert review.decisions() == []


def test_a_confirmation_that_fails_half_way_is_one_step(review: Review) -> None:
    """What was confirmed until then is shown, and undone at once."""
    review.people()
    review.site.store.ignore(2)  # which the review has not read
    with pytest.raises(InputError, match="P0002"):
        review.confirm_many([1, 2, 4])
    assert review.person(1).reviewed == 2
    undone = review.undo()
    assert undone is not None
    assert (undone.kind, undone.person_id) == ("confirmed", 1)


def test_undo_goes_on_before_an_erased_person(review: Review) -> None:
    review.rename(2, "Ann")
    review.confirm(1)
    review.confirm(4)
    review.forget(4)
    assert review.undoes == "decision 2"
    undone = review.undo()
    assert undone is not None
    assert (undone.kind, undone.person_id) == ("confirmed", 1)
    undone = review.undo()
    assert undone is not None
    assert (undone.kind, undone.label) == ("named", "Ann")
    assert review.undoes is None, "what is erased does not come back"
    with pytest.raises(InputError, match="what is erased is gone"):
        review.undo()
    assert review.redo().kind == "named"


def test_undo_in_another_session_passes_over_what_is_erased(review: Review) -> None:
    review.confirm(1)
    review.forget(4)
    undone = Review(review.site).undo()
    assert undone is not None
    assert undone.kind == "confirmed"


def test_what_a_redo_did_before_it_failed_is_undone_again(review: Review) -> None:
    """Two decisions are one step; the second cannot be redone, as its person has a name since."""
    review.confirm_many([1, 2])
    review.undo()
    review.site.store.rename(2, "Ann")
    with pytest.raises(InputError, match="was made since, about the same people"):
        review.redo()
    assert review.person(1).reviewed == 2
    undone = review.undo()
    assert undone is not None
    assert (undone.kind, undone.person_id) == ("confirmed", 1)
    assert review.person(1).reviewed == 0


def test_what_others_decide_meanwhile_is_no_step(review: Review) -> None:
    here = Review(review.site, alone=False)
    here.people()
    review.site.store.rename(1, "Ada")
    here.rename(2, "Ben")
    undone = here.undo()
    assert undone is not None
    assert (undone.number, undone.label) == (2, "Ben")
    assert [one.undone is None for one in review.site.store.decisions()] == [True, False]
    assert here.undoes is None
    with pytest.raises(InputError, match="nothing that was decided here is left to undo"):
        here.undo()
    assert here.redo().number == 2


def test_steps_that_others_ended_are_passed_over(review: Review) -> None:
    here = Review(review.site, alone=False)
    here.rename(2, "Ann")
    here.apart(1, 4)
    first = here.questions()[0]
    here.answer(first.id, "unsure")
    here.rename(3, "Ben")
    review.site.store.undo(3)
    review.site.store.merge(4, 1, instead=True)
    here.reload()
    assert here.undo() is None, "the question is back"
    undone = here.undo()
    assert undone is not None
    assert (undone.kind, undone.label) == ("named", "Ann")
