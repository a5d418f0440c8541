"""Rates to expect at a site that no calibration has seen, from how much the labelled sites differ from each other.

Pooled rates say how often a threshold errs on average over all people. A new site is one draw: its cameras, light
and clothes are the same for all of its people, so their errors come together. So the rate of each site is taken as
a draw from a beta distribution, of which the labelled sites are examples (the beta-binomial model; Kleinman 1973),
and the interval is that of the next draw, not of the mean. Data sets count alike, whatever the number of their
sites; how far the examples themselves are chance is told by drawing data sets, and sites within them, anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import UnseenSite
from reid.distance import pairwise
from reid.evaluation.calibration.labelled import DISTRACTOR, Items, LabelledCrops, Labels
from reid.evaluation.calibration.rates import Floats

DISTANCES = np.round(np.arange(0, 1.2001, 0.02), 2)  # where rates are told
LEAST_PEOPLE = 8  # seen by both cameras of a pair, or by two cameras of a site; fewer say little
DRAWS = 200
BLOCK = 1024  # tracklets at a time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteRates:
    """Shares of pairs of tracklets of two cameras within each of DISTANCES, at one labelled site."""

    name: str
    data_set: str
    genuine_pairs: int
    impostor_pairs: int
    genuine: Floats  # (D,) share of genuine pairs within the distance
    impostor: Floats  # (D,)
    people: int  # who have genuine pairs: so many independent ones, as one person's pairs are much alike
    pairs_of_people: int  # behind the impostor pairs

    def at(self, distance: float) -> tuple[float, float]:
        """False non-match rate and false match rate at a threshold."""
        return (
            1 - float(np.interp(distance, DISTANCES, self.genuine)),
            float(np.interp(distance, DISTANCES, self.impostor)),
        )


def site_rates(crops: LabelledCrops, items: Items) -> list[SiteRates]:
    """The rates of each site of a data set: of its `camera_sites`, or of each pair of cameras where it is one site.

    Args:
        items: tracklets of `crops`, as linking compares them.
    """
    names = crops.camera_sites
    known = items.persons != DISTRACTOR
    every = Items(vectors=items.vectors[known], persons=items.persons[known], cameras=items.cameras[known])
    if len(set(names)) > 1:
        places = [
            (site, [i for i, name in enumerate(names) if name == site]) for site in dict.fromkeys(names)
        ]
    else:
        seen = np.unique(every.cameras).tolist()
        places = [
            (f"{crops.camera_names[a]} and {crops.camera_names[b]}", [a, b])
            for n, a in enumerate(seen)
            for b in seen[n + 1 :]
        ]
    found = [_rates(name, crops.name, every, np.array(cameras)) for name, cameras in places]
    return [one for one in found if one is not None]


def _rates(name: str, data_set: str, items: Items, cameras: Labels) -> SiteRates | None:
    rows = np.flatnonzero(np.isin(items.cameras, cameras))
    vectors, persons, places = items.vectors[rows], items.persons[rows], items.cameras[rows]
    seen = np.unique(np.stack([persons, places]), axis=1)  # each person once a camera
    _, times = np.unique(seen[0], return_counts=True)
    people = int((times > 1).sum())
    if people < LEAST_PEOPLE:
        return None
    genuine, impostor = np.zeros(len(DISTANCES) + 1), np.zeros(len(DISTANCES) + 1)
    for start in range(0, len(rows), BLOCK):
        own = slice(start, start + BLOCK)
        later = np.arange(len(rows)) > np.arange(len(rows))[own, None]  # each pair once
        across = later & (places != places[own, None])
        same = persons == persons[own, None]
        distances = pairwise(vectors[own], vectors)
        genuine += _counts(distances[across & same])
        impostor += _counts(distances[across & ~same])
    return SiteRates(
        name=name,
        data_set=data_set,
        genuine_pairs=int(genuine.sum()),
        impostor_pairs=int(impostor.sum()),
        genuine=np.cumsum(genuine)[:-1] / max(genuine.sum(), 1),
        impostor=np.cumsum(impostor)[:-1] / max(impostor.sum(), 1),
        people=people,
        pairs_of_people=_pairs_across(seen),
    )


def _pairs_across(seen: Labels) -> int:
    """Pairs of people of whom two cameras saw one each; `seen` (2, K) is a person and a camera, each once."""
    people, times = np.unique(seen[0], return_counts=True)
    alone = np.isin(seen[0], people[times == 1])
    _, in_one = np.unique(
        seen[1, alone], return_counts=True
    )  # people whom only that camera saw never meet so
    return (len(people) * (len(people) - 1) - int((in_one * (in_one - 1)).sum())) // 2


def _counts(distances: NDArray[np.floating]) -> Floats:
    """How many distances (N,) end at each of DISTANCES; the last count is of those beyond (D + 1,)."""
    return np.bincount(np.searchsorted(DISTANCES, distances), minlength=len(DISTANCES) + 1).astype(np.float64)


def unseen_site(sites: Sequence[SiteRates], rng: np.random.Generator) -> UnseenSite | None:
    """Rates to expect at another site; None: fewer than 2 sites say nothing of how sites differ."""
    if len(sites) < 2:
        return None
    weights = _drawn(sites, rng)
    missed = 1 - np.stack([one.genuine for one in sites])
    taken = np.stack([one.impostor for one in sites])
    return UnseenSite(
        sites=Counter(one.data_set for one in sites),
        distances=DISTANCES,
        false_non_match=_next_site(missed, np.array([one.people for one in sites]), weights),
        false_match=_next_site(taken, np.array([one.pairs_of_people for one in sites]), weights),
    )


def _drawn(sites: Sequence[SiteRates], rng: np.random.Generator) -> Floats:
    """Weights (1 + DRAWS, S) of sites, 1 in sum: as they are, then with data sets and their sites drawn anew."""
    names = list(dict.fromkeys(one.data_set for one in sites))
    members = [np.array([i for i, one in enumerate(sites) if one.data_set == name]) for name in names]
    weights = np.zeros((1 + DRAWS, len(sites)))
    for own in members:
        weights[0, own] = 1 / len(own) / len(names)
    for row in weights[1:]:
        for chosen in rng.integers(len(names), size=len(names)):
            own = members[chosen]
            np.add.at(row, own[rng.integers(len(own), size=len(own))], 1 / len(own) / len(names))
    return weights


def _next_site(rates: Floats, sizes: NDArray[np.int_], weights: Floats) -> Floats:
    """Mean and spread (D, 2) of the next site's rate, see `UnseenSite`.

    Args:
        rates: (S, D) as measured.
        sizes: (S,) number of independent trials behind each.
        weights: (1 + B, S) of the sites; the first row as they are.
    """
    trials = sizes.sum()
    n = sizes[:, None].astype(np.float64)
    least = 0.5 / (1 + trials)  # where no site has an error, another one may have
    mean = np.clip(weights @ rates, least, 1 - least)  # (1 + B, D)
    shared = (weights**2).sum(axis=1, keepdims=True)
    between = np.maximum(weights @ rates**2 - mean**2, 0) / np.maximum(1 - shared, 1 / len(sizes))
    chance = weights @ (rates * (1 - rates) / n)
    variance = np.maximum(between - chance, 0).mean(axis=0) + mean[1:].var(axis=0)
    own = mean[0]
    spread = np.clip(variance / (own * (1 - own)), 1 / (1 + trials), 0.98)
    return np.stack([own, spread], axis=1)
