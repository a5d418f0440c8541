"""A decision in words, as commands, pages and journals say it."""

from collections.abc import Callable

from reid.store.records import Decision
from reid.types import person_name

Called = Callable[[int], str]  # what a person is called


def clause(decision: Decision, called: Called = person_name) -> str:
    """What a decision says, as a clause: P0002 is P0001."""
    person = called(decision.person_id)
    other = "another person" if decision.other_id is None else called(decision.other_id)
    match decision.kind:
        case "same":
            return f"{other} is {person}"
        case "different":
            return f"{other} is not {person}"
        case "moved":
            return f"{other} is seen in tracklets of {person}"
        case "confirmed":
            return f"{person} is confirmed as one person"
        case "named":
            number = person_name(decision.person_id)  # the name is what is said
            return f"{number} is called {decision.label}" if decision.label else f"{number} has no name"
        case "not_a_person":
            return f"{person} is no person"
        case kind:
            return f"{person} is {kind}"
