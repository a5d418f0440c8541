"""Intervals of held-out figures, by a loop that draws people one by one."""

import numpy as np
import pytest

from reid.evaluation.retrieval.intervals import FEW, few, intervals


def slow(values: np.ndarray, persons: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    people = np.unique(persons)
    means = []
    for _ in range(4000):
        drawn = [values[persons == person] for person in rng.choice(people, len(people))]
        means.append(float(np.concatenate(drawn).mean()))
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


@pytest.mark.parametrize("people", [2, 7, 40])
def test_like_drawing_people_one_by_one(people: int) -> None:
    rng = np.random.default_rng(people)
    persons = rng.permutation(np.repeat(np.arange(people) + 3, rng.integers(1, 6, people)))
    values = np.clip(
        0.5 + 0.3 * rng.normal(size=people)[persons - 3] + 0.05 * rng.normal(size=len(persons)), 0, 1
    )
    found = intervals({"map": values}, persons, np.random.default_rng(0))
    assert found["map"] == pytest.approx(slow(values, persons, np.random.default_rng(1)), abs=0.03)
    assert found["map"][0] <= values.mean() <= found["map"][1]


def test_queries_of_one_person_are_no_independent_ones() -> None:
    """Ten people who are found always or never: a hundred queries say no more than ten."""
    persons = np.repeat(np.arange(10), 10)
    together, apart = (persons < 5).astype(float), np.tile([0.0, 1.0], 50)
    found = intervals({"rank1": together, "map": apart}, persons, np.random.default_rng(0))
    assert found["rank1"][0] <= 0.2
    assert found["rank1"][1] >= 0.8
    assert found["map"] == (0.5, 0.5)


def test_one_person_says_nothing_of_others() -> None:
    assert intervals({"map": np.ones(4)}, np.zeros(4, dtype=np.int64), np.random.default_rng(0)) == {}


def test_few_people_get_a_sentence() -> None:
    assert few(FEW) is None
    assert str(few(FEW - 1)).startswith("only 19 held-out people can be searched for")
