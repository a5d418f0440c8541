"""The rates of a threshold by their definitions, slowly: loops over pairs and over galleries."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.calibration.labelled import DISTRACTOR, Items

Matrix = NDArray[np.floating]


@dataclass
class Pairs:
    """Numbers of pairs, each seen from every labelled side."""

    genuine: int = 0
    genuine_total: int = 0
    impostor: int = 0
    impostor_total: int = 0


def pairs(items: Items, distances: Matrix, limit: float, person: int | None = None) -> Pairs:
    """Pairs within `limit`; with `person`, those that their items see."""
    found = Pairs()
    for i, j in itertools.permutations(range(len(items.persons)), 2):
        if items.persons[i] == DISTRACTOR or (person is not None and items.persons[i] != person):
            continue
        close = int(distances[i, j] <= limit)
        if items.persons[i] != items.persons[j]:
            found.impostor += close
            found.impostor_total += 1
        elif items.cameras[i] != items.cameras[j]:
            found.genuine += close
            found.genuine_total += 1
    return found


def truncated_ap(items: Items, distances: Matrix, query: int, limit: float) -> float | None:
    """Average precision of a query when matches beyond `limit` are cut; None without a match. No ties."""
    same = items.persons == items.persons[query]
    kept = [j for j in range(len(same)) if not (same[j] and items.cameras[j] == items.cameras[query])]
    ranked = sorted(kept, key=lambda j: float(distances[query, j]))
    right = [rank for rank, j in enumerate(ranked, start=1) if same[j]]
    if not right:
        return None
    total = 0.0
    for k, rank in enumerate(right, start=1):
        if distances[query, ranked[rank - 1]] <= limit:
            total += k / rank
    return total / len(right)


def open_set(
    items: Items, distances: Matrix, query: int, limit: float, people: int
) -> tuple[float, float | None]:
    """Shares of all galleries of `people` others, or of the person and the rest, that raise an alarm or find.

    Every distractor is in or out of the gallery with the probability that a person is there, P / N.
    """
    person = int(items.persons[query])
    others = [int(p) for p in items.people if p != person]
    strangers = np.flatnonzero(items.persons == DISTRACTOR)
    present = min(1.0, people / len(items.people))
    nearest = {p: float(distances[query][items.persons == p].min()) for p in others}
    matches = (items.persons == person) & (items.cameras != items.cameras[query])
    own = float(distances[query][matches].min()) if matches.any() else None
    alarms, finds = 0.0, 0.0
    for chosen in itertools.product([False, True], repeat=len(strangers)):
        chance = float(np.prod([present if c else 1 - present for c in chosen])) if chosen else 1.0
        extra = [float(distances[query, s]) for s, c in zip(strangers, chosen, strict=True) if c]
        galleries = list(itertools.combinations(others, min(people, len(others))))
        alarms += chance * np.mean([min([nearest[p] for p in g] + extra) <= limit for g in galleries])
        if own is not None:
            galleries = list(itertools.combinations(others, min(people - 1, len(others))))
            first = [all(own < d for d in [nearest[p] for p in g] + extra) for g in galleries]
            finds += chance * np.mean(first) * (own <= limit)
    return alarms, None if own is None else finds


def b_cubed(truth: list[int], found: list[int]) -> tuple[float, float]:
    precisions, recalls = [], []
    for i in range(len(truth)):
        cluster = [j for j in range(len(truth)) if found[j] == found[i]]
        kind = [j for j in range(len(truth)) if truth[j] == truth[i]]
        right = len(set(cluster) & set(kind))
        precisions.append(right / len(cluster))
        recalls.append(right / len(kind))
    return sum(precisions) / len(truth), sum(recalls) / len(truth)
