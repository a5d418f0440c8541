"""Decisions in words."""

from collections.abc import Callable

from reid.review.web.answers import ReviewDecisionAnswer
from reid.store.records import Decision
from reid.types import person_name

Called = Callable[[int], str]


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
    person = called(one.person_id)
    other = "another person" if one.other_id is None else called(one.other_id)
    match one.kind:
        case "same":
            return f"{person} and {other} are one person."
        case "different":
            return f"{person} and {other} are two people."
        case "moved":
            return f"Some tracklets of {person} show {other}."
        case "confirmed":
            return f"{person} is confirmed."
        case "named":
            number = person_name(one.person_id)  # the name is what is said
            words = "has no name" if one.label is None else f"is called {one.label.removesuffix('.')}"
            return f"{number} {words}."
        case "not_a_person":
            return f"{person} is not a person."
        case "erased":
            return f"{person} is erased."
        case kind:
            return f"{person}: {kind}."
