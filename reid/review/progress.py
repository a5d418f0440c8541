"""How much of a site is reviewed, and how many links are still expected to be wrong."""

from collections.abc import Sequence

from reid.review.parts import DecidedRows
from reid.review.records import Question, ReviewProgress
from reid.review.site import ReviewSite


def reviewed_rows(site: ReviewSite, open_questions: Sequence[Question]) -> set[int]:
    """Rows of the tracklets that a decision binds; if it only says who they are not, nothing more may be asked."""
    decided = DecidedRows(site.store.bound(), site.tracklets())
    return decided.told | (decided.apart - _asked(site, open_questions))


def progress_of(site: ReviewSite, open_questions: Sequence[Question]) -> ReviewProgress:
    """Progress, given the questions that are open."""
    reviewed = reviewed_rows(site, open_questions)
    wrong = (one.belief if one.kind == "same_person" else 1 - one.belief for one in open_questions)
    return ReviewProgress(
        tracklets=len(site.tracklets()),
        reviewed=len(reviewed),
        in_question=len(_asked(site, open_questions) - reviewed),
        questions=len(open_questions),
        expected_wrong_links=sum(wrong),
    )


def _asked(site: ReviewSite, open_questions: Sequence[Question]) -> set[int]:
    """Rows of the tracklets that open questions are about: both people, or the one that may not belong."""
    sides = ((*one.one, *one.other) if one.kind == "same_person" else one.one for one in open_questions)
    return {row for side in sides for row in site.rows(side).tolist()}
