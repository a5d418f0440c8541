"""How sure it is that two sides show one person: by distance, by who else is near, by who is seen at once."""

import math
from dataclasses import dataclass

from reid.calibration_record import ProbabilityMap

AT_ONCE = 0.05  # what the odds of one person are multiplied by where two tracklets are seen at once
WIDTH = 0.1  # without a map: of the curve of probability around `max_distance`, as a share of it
ODDS = 1e-4  # least and greatest 1 / odds that a distance alone gives


@dataclass(frozen=True, slots=True)
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

    def same(self, distance: float, *, at_once: bool) -> float:
        """That two people who were not linked are one."""
        odds = self._odds(distance) * (AT_ONCE if at_once else 1.0)
        return odds / (1 + odds)

    def belongs(self, distance: float, nearest_other: float, *, at_once: bool) -> float:
        """That a tracklet is of its person, and not of the nearest other one or of a new one."""
        own = self._odds(distance) * (AT_ONCE if at_once else 1.0)
        return own / (1 + own + self._odds(nearest_other))

    def _odds(self, distance: float) -> float:
        if not math.isfinite(distance):
            return 0.0
        known = self.probability(distance)
        if known is None:
            known = 1 / (
                1 + math.exp(min((distance - self.max_distance) / (WIDTH * max(self.max_distance, 1e-3)), 50))
            )
        return max(known, ODDS) / max(1 - known, ODDS)


def uncertainty(belief: float) -> float:
    """1 where both answers are as likely, 0 where one is certain: the entropy in bits."""
    if not 0 < belief < 1:
        return 0.0
    return -belief * math.log2(belief) - (1 - belief) * math.log2(1 - belief)
