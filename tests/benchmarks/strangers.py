"""Made-up people to fill large galleries with, in the likeness of the people of a data set.

A stranger is the mean vector of a data set's people, plus a times the deviation of one of its people from it, plus
(1 - a^2)^0.5 times a sum of all its people's deviations with normal weights; a sighting adds such a sum of the
deviations of sightings from their people. So strangers have the covariances of real people, and look like one of
them by a, which is uniform from 0 to `alike`: chosen so that as many strangers come as near as the nearest 1 in
10,000 real ones. What is nearer than that is the model's word.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from reid.distance import unit
from reid.evaluation.calibration.labelled import Items
from reid.types import Array
from tests.benchmarks.jobs import Report

FIT = 1e-4  # share of real strangers
ALIKE = tuple(np.round(np.arange(0, 1, 0.05), 2).tolist())
BLOCK = 20_000
SEEN = 4  # sightings of a stranger


class Strangers:
    """Made-up people with the mean and the covariances of a data set's people; see the head of this file."""

    def __init__(self, seen: Items, alike: float = 0.0) -> None:
        self.alike = alike
        _, number = np.unique(seen.persons, return_inverse=True)
        count = np.bincount(number)
        people = np.zeros((len(count), seen.vectors.shape[1]), np.float32)
        np.add.at(people, number, seen.vectors)
        people /= count[:, None].astype(np.float32)
        self._mean = people.mean(axis=0)
        self._deviations = people - self._mean
        self._between = self._deviations / np.float32(np.sqrt(len(people)))
        inner = seen.vectors - people[number]
        # of k sightings, deviations from their own mean are too small by (k - 1) / k
        keep = count[number] > 1
        scale = np.sqrt(count[number] / np.maximum(count[number] - 1, 1)).astype(np.float32)
        self._within = (inner * scale[:, None])[keep] / np.float32(np.sqrt(max(int(keep.sum()), 1)))

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Unit vectors (count, D) of sightings."""
        people = -(-count // SEEN)
        weights = rng.standard_normal((people, len(self._between)), dtype=np.float32)
        share = self.alike * rng.random((people, 1), dtype=np.float32)
        parents = self._deviations[rng.integers(0, len(self._deviations), people)]
        mixed = share * parents + np.sqrt(1 - share**2) * (weights @ self._between)
        own = np.repeat(mixed, SEEN, axis=0)[:count]
        weights = rng.standard_normal((count, len(self._within)), dtype=np.float32)
        return unit(self._mean + own + weights @ self._within)


def blocks(models: Sequence[Strangers], count: int, seed: int) -> Iterator[Array]:
    """`count` sightings of strangers, in turn of each data set."""
    rng = np.random.default_rng(seed)
    for number, start in enumerate(range(0, count, BLOCK)):
        yield models[number % len(models)].draw(min(BLOCK, count - start), rng)


def fitted(photos: Items, real: Items, seen: Items) -> Strangers:
    """Strangers of whom as many are near as of real ones, see the head of this file."""
    at = float(np.quantile(_of_others(photos, real), FIT))
    models = [Strangers(seen, alike) for alike in ALIKE]
    rates = [
        np.mean([(1 - photos.vectors @ one.T <= at).mean() for one in blocks([model], BLOCK, 4)])
        for model in models
    ]
    off = [abs(np.log(max(float(rate), 1e-9) / FIT)) for rate in rates]
    return models[int(np.argmin(off))]


def _of_others(photos: Items, real: Items) -> Array:
    far: Array = (1 - photos.vectors @ real.vectors.T)[photos.persons[:, None] != real.persons]
    return far


def of_model(photos: Items, real: Items, models: Sequence[Strangers], seed: int) -> list[Report]:
    """How often strangers are as near as the nearest of real ones."""
    real_far = _of_others(photos, real)
    drawn = np.concatenate([(1 - photos.vectors @ one.T).ravel() for one in blocks(models, 2 * BLOCK, seed)])
    found = []
    for rate in (1e-2, 1e-3, 1e-4):
        at = float(np.quantile(real_far, rate))
        found.append(
            {
                "distance": round(at, 4),
                "real": float(f"{(real_far <= at).mean():.3g}"),
                "model": float(f"{(drawn <= at).mean():.3g}"),
            }
        )
    return found
