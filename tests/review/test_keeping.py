"""Whatever is answered, in whatever order: earlier decisions stay, and the gallery and a new linking keep to them."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.link_constraints import LinkConstraints
from reid.review.answers import Review
from reid.store.base import Store
from reid.store.records import Decision
from reid.types import Tracklet, TrackletKey
from tests.review.site import between, linked, seen, under_review
from tests.store.site import tables

ACTIONS = ("yes", "no", "unsure", "skip", "undo", "redo", "confirm", "split", "apart", "move", "merge")
Steps = list[tuple[str, int]]


def blurred(seed: int) -> list[Tracklet]:
    """Ten tracklets of about four people, some on the way from one to another, some seen at once."""
    rng = np.random.default_rng(seed)
    return [
        between(
            seen(
                str(rng.choice(["lobby", "yard"])),
                track,
                int(rng.integers(4)),
                start=int(rng.integers(8)) * 40,
            ),
            int(rng.integers(4, 6)),
            float(rng.uniform(0, 0.55)),
        )
        for track in range(1, 11)
    ]


def broken(constraints: LinkConstraints, person_of: dict[TrackletKey, int | None]) -> list[str]:
    """What of the decisions these people go against."""
    groups: dict[int, set[int | None]] = {}
    for key, number in constraints.same.items():
        groups.setdefault(number, set()).add(person_of[key])
    found = [f"{number} are {sorted(map(str, who))}" for number, who in groups.items() if len(who) > 1]
    for one, other in constraints.different:
        must = constraints.same.get(one)
        if (must is None or must != constraints.same.get(other)) and person_of[one] == person_of[other]:
            found.append(f"{one} and {other} are one")
    return found


def act(review: Review, action: str, number: int) -> None:
    """One thing that a reviewer may do; `number` chooses on what."""
    people, asked = review.people(), review.questions()
    person = people[number % len(people)]
    other = people[number // 7 % len(people)]
    some = [one.id for one in person.tracklets[: 1 + number % 3]]
    match action:
        case "yes" | "no" | "unsure" | "skip":
            if asked:
                review.answer(asked[number % len(asked)].id, action)
        case "undo":
            review.undo()
        case "redo":
            review.redo()
        case "confirm":
            review.confirm(person.person_id, some)
        case "split":
            review.split(person.person_id, some)
        case "apart":
            review.apart(person.person_id, other.person_id)
        case "move":
            review.reassign(person.person_id, some, other.person_id)
        case "merge":
            review.merge(person.person_id, other.person_id)


def holding(decisions: Sequence[Decision]) -> list[Decision]:
    return [one for one in decisions if one.undone is None]


def people_of(store: Store) -> dict[TrackletKey, int | None]:
    return {
        seen.match.tracklet: one.person_id
        for one in store.people()
        for seen in store.sightings(one.person_id)
    }


def check(review: Review, made: Sequence[Tracklet], steps: Steps, folder: Path) -> None:
    store, now = review.site.store, holding(review.decisions())
    states = [tables(folder / "site.db")]
    for action, number in steps:
        before = holding(review.decisions())
        try:
            act(review, action, number)
        except InputError:
            now = holding(review.decisions())
            assert now == before, "what is refused changes nothing"
            assert tables(folder / "site.db") == states[-1]
            continue
        now = holding(review.decisions())
        if action == "undo":
            assert now in (before, before[:-1]), "it takes back the latest, or puts a question back"
            if now != before:
                states.pop()
                assert tables(folder / "site.db") == states[-1], "exactly"
        else:
            assert now[: len(before)] == before, f"{action} keeps earlier decisions"
            if now != before:
                states.append(tables(folder / "site.db"))
        assert not broken(store.constraints("r", made), people_of(store)), f"after {action}"
    constraints = store.constraints("r", made)
    again = {match.tracklet: match.person_id for match in linked(store, made).matches}
    assert not broken(constraints, again), "linked again"
    assert holding(review.decisions()) == now


steps_of = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 10_000)), max_size=12)


def kept(seed: int, steps: Steps) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, made = Path(name), blurred(seed)
        with under_review(folder, made, alone=True) as site:
            check(Review(site), made, steps, folder)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 1000), steps_of)
def test_every_answer_keeps_earlier_decisions(seed: int, steps: Steps) -> None:
    kept(seed, steps)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 1000), st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 10_000)), max_size=40)
)
def test_a_hundred_reviews_keep_earlier_decisions(seed: int, steps: Steps) -> None:
    kept(seed, steps)
