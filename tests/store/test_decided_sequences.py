"""Random sequences of decisions and re-links: none lost, none violated, undo exact."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.store.base import Store
from tests.store.site import tables
from tests.store.walkers import linked, opened, recording

Choice = tuple[str, int, int]
CHOICES = st.lists(
    st.tuples(
        st.sampled_from(
            ["merge", "split", "reassign", "confirm", "ignore", "rename", "undo", "redo", "again"]
        ),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=8,
)


def decide(store: Store, choice: Choice) -> bool:
    """Do one of the things that can be done, chosen by two numbers; False where it is refused."""
    kind, one, other = choice
    people = [person.person_id for person in store.people()]
    if not people:
        return False
    first, second = people[one % len(people)], people[other % len(people)]
    sightings = store.sightings(first)
    chosen = [(sightings[other % len(sightings)].run_id, sightings[other % len(sightings)].match.tracklet)]
    try:
        match kind:
            case "merge":
                store.merge(first, into=second)
            case "split":
                store.split(first, chosen)
            case "reassign":
                store.reassign(first, chosen, second)
            case "confirm":
                store.confirm(first)
            case "ignore":
                store.ignore(first)
            case "rename":
                store.rename(first, f"name {one}")
    except InputError:
        return False
    return True


@given(choices=CHOICES)
@settings(deadline=None, max_examples=8)
def test_no_decision_is_lost_or_violated_and_undo_is_exact(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]
) -> None:
    hold(tmp_path_factory, choices)


@pytest.mark.slow
@given(choices=CHOICES)
@settings(deadline=None, max_examples=200)
def test_no_decision_is_lost_or_violated_in_many_sequences(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]
) -> None:
    hold(tmp_path_factory, choices)


def said_now(store: Store) -> list[tuple[int, str, bool]]:
    return [(one.number, one.kind, one.undone is None) for one in store.decisions()]


def redone(store: Store, path: Path) -> None:
    """Put back what was undone last, where that can be; a refusal changes nothing."""
    before, said = tables(path), said_now(store)
    try:
        found = store.redo()
    except InputError:
        assert (tables(path), said_now(store)) == (before, said)
        return
    assert (found.number, found.kind, True) in said_now(store)


def hold(tmp_path_factory: pytest.TempPathFactory, choices: list[Choice]) -> None:
    """Decide and link again as `choices` say; nothing that was decided is lost or violated, and undo is exact."""
    path = tmp_path_factory.mktemp("gallery") / "site.db"
    made = recording()
    with opened(path) as store:
        linked(store, list(made.values()))
    for number, choice in enumerate(choices):
        with opened(path) as store:
            if choice[0] == "undo":
                if any(one.undone is None for one in store.decisions()):
                    store.undo()
            elif choice[0] == "redo":
                redone(store, path)
            elif choice[0] == "again":
                made = recording(number)
                linked(store, list(made.values()))
            else:
                before = tables(path)
                if decide(store, choice):
                    after, said = tables(path), said_now(store)
                    for _ in range(2):
                        store.undo()
                        assert tables(path) == before
                        store.redo()
                        assert (tables(path), said_now(store)) == (after, said)
                else:
                    assert tables(path) == before
    with opened(path) as store:
        made = recording(99)
        found = {match.tracklet: match.person_id for match in linked(store, list(made.values())).matches}
        decided = store.constraints("r", list(made.values()))
        for key, person_id in decided.same.items():
            same = [other for other, their in decided.same.items() if their == person_id]
            assert len({found[other] for other in same if other not in decided.no_person}) <= 1, key
        for a, b in decided.different:
            if decided.same.get(a, -1) != decided.same.get(b, -2):
                assert found[a] is None or found[a] != found[b]
        assert all(found[key] is None for key in decided.no_person)
        assert {key for key, person_id in found.items() if person_id is None} == decided.no_person
