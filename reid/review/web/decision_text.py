"""Decisions in words."""

from reid.review.web.answers import ReviewDecisionAnswer
from reid.store.decision_text import Called, clause
from reid.store.records import Decision


def decision_answer(one: Decision, called: Called) -> ReviewDecisionAnswer:
    """A decision with a sentence on what it says."""
    return ReviewDecisionAnswer(
        number=one.number,
        at=one.at,
        kind=one.kind,
        told=told(one, called),
        by=one.by,
        undone=one.undone,
    )


def told(one: Decision, called: Called) -> str:
    """One sentence on what a decision says."""
    return f"{clause(one, called).removesuffix('.')}."
