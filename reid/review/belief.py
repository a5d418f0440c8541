"""How sure it is that two sides show one person: by distance, by who else is near, by who is seen at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import ProbabilityMap

AT_ONCE = 0.02  # share of a belief that is left where two people are seen at once for AT_ONCE_S
AT_ONCE_S = 3.0  # two tracks of one person may cross for less, when the tracker confuses two
WIDTH = 0.1  # without a map: of the curve of probability around `max_distance`, as a share of it
RIVAL = 0.05  # how much nearer one of two people must be to be told from the other, by odds of e
SPREAD = 0.08  # standard deviation of a mean distance of two people, around what more crops would give
Floats = NDArray[np.float64]
_STEPS = np.linspace(-3, 3, 25)  # standard deviations
_SHARES = np.exp(-(_STEPS**2) / 2) / np.exp(-(_STEPS**2) / 2).sum()
_GRID = np.linspace(0, 2, 1001)


@dataclass(frozen=True)
class Beliefs:
    """Beliefs that two sides are one person.

    Args:
        map: probability by distance; None: it is guessed from `max_distance`, where it is one half.
    """

    map: ProbabilityMap | None
    max_distance: float

    def probability(self, distance: float) -> float | None:
        """What the calibration says of a distance; None without one."""
        return None if self.map is None else float(self.map(distance))

    @cached_property
    def _curve(self) -> Floats:
        """Belief at each of _GRID: the mean over the distances that may be meant, as few crops measure one."""
        at = np.maximum(_GRID[:, None] + SPREAD * _STEPS, 0.0)
        if self.map is not None:
            known = self.map(at)
        else:
            width = WIDTH * max(self.max_distance, 1e-3)
            known = 1 / (1 + np.exp(np.clip((at - self.max_distance) / width, -50, 50)))
        curve: Floats = known @ _SHARES
        return curve

    def same(self, distances: Floats) -> Floats:
        """That sides so far apart are one person, if nothing else is known."""
        found: Floats = np.interp(distances, _GRID, self._curve)
        return found

    def belongs(self, own: Floats, rivals: Floats, two: Floats, possible: NDArray[np.bool_]) -> Floats:
        """(S,) beliefs that sides are each of their person, and not of another one.

        Args:
            own: (S,) distances of the sides to the rest of their person.
            rivals: (S, K) distances to parts of other people.
            two: (S, K) beliefs that such a part is not of this person as well. One that may be speaks for neither.
            possible: (S, K) whether the side may be of that part's person at all.
        """
        near = self.same(own)
        likely = self.same(rivals)
        nearer = 1 / (1 + np.exp(np.clip((own[:, None] - rivals) / RIVAL, -50, 50)))
        mine, theirs = near[:, None] * nearer, likely * (1 - nearer) * two
        new = (1 - near)[:, None] * (1 - likely)
        told = np.where(possible, mine / np.maximum(mine + theirs + new, 1e-12), 1.0)
        found: Floats = np.minimum(near, told.min(axis=1, initial=1.0))
        return found


def at_once_factor(shared_s: float) -> float:
    """What is left of a belief in one person who is seen at once with themselves for so long."""
    return float(AT_ONCE ** min(1.0, shared_s / AT_ONCE_S))
