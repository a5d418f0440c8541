"""Confidence intervals of retrieval figures, over other people of the same kind."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels

FEW = 20  # people below which who they are decides more than how the network works
RESAMPLES = 1000

Intervals = Mapping[str, tuple[float, float]]


def intervals(
    figures: Mapping[str, NDArray[np.float64]],
    persons: Labels,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Intervals:
    """95 % intervals of means over queries, percentiles of the bootstrap over people (Efron 1979); {} of one person.

    People are drawn with replacement, each with all their queries: the queries of one person succeed and fail
    together, so that drawing queries would make few people look like many.

    Args:
        figures: name to the value (Q,) of each query.
        persons: (Q,) who each query shows.
        resamples: how often people are drawn; 0 gives {}.
    """
    people, of = np.unique(persons, return_inverse=True)
    if len(people) < 2 or not resamples:
        return {}
    draws = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=resamples)
    queries = draws @ np.bincount(of)
    found = {}
    for name, values in figures.items():
        means = draws @ np.bincount(of, weights=values) / queries
        low, high = np.percentile(means, [2.5, 97.5])
        found[name] = (float(low), float(high))
    return found


def few(people: int) -> str | None:
    """The sentence that few people are held out; None where they are enough."""
    if people >= FEW:
        return None
    return (
        f"only {people} held-out people can be searched for: figures of so few say little about others, and which "
        f"epoch is the best is partly chance; hold out {FEW} or more (data.held_out), or measure on other people"
    )
