"""How long people take from one camera to the other, learned from certain links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CERTAIN = 0.75  # of the linking distance: links well inside it
ENOUGH_LINKS = 20  # of n right links one in n + 1 takes less than the least of them, on average
WRONG = 1 / 40  # of the certain links, that may be wrong and are then left out as the fastest
SIMULTANEOUS = 0.2  # of the certain links, from which on the cameras overlap
LEAST_MARGIN_S = 1.0
MARGIN = 0.5  # of the least time seen: twice as fast as that is impossible


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Travel:
    """Evidence on the time from leaving one camera to entering the other."""

    answer: Literal["overlapping", "apart", "not known"]
    why: str  # a sentence
    links: int
    seconds: tuple[float, float, float] | None = None  # least, median, longest of the links
    least_s: float | None = None  # sooner cannot be one person; only where the cameras are apart


def travel(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    rows: Sequence[int],
    columns: Sequence[int],
    distances: NDArray[np.float64],
    max_distance: float,
) -> Travel:
    """What certain links between two cameras say of the time that lies between.

    Args:
        starts, ends: (N,) seconds of all tracklets.
        rows, columns: the tracklets of the first and of the second camera.
        distances: (N, N) between the looks of tracklets.

    Of the tracklets that look plainly alike, those that follow each other most closely are taken, each once. A wrong
    link among them makes the least time shorter, and so the answer more cautious, not less.
    """
    gaps = np.sort(_links(starts, ends, rows, columns, distances, CERTAIN * max_distance))
    count = len(gaps)
    if count < ENOUGH_LINKS:
        return Travel(
            answer="not known",
            why=f"{count} certain links, {ENOUGH_LINKS} needed for travel times",
            links=count,
        )
    seconds = (float(gaps[0]), float(np.median(gaps)), float(gaps[-1]))
    at_once = int((gaps <= 0).sum())
    if at_once >= SIMULTANEOUS * count:
        why = f"{at_once} of {count} certain links were seen in both cameras at once"
        return Travel(answer="overlapping", why=why, links=count, seconds=seconds)
    fastest = float(gaps[int(WRONG * count)])
    least = fastest - max(LEAST_MARGIN_S, MARGIN * fastest)
    if least <= 0:
        why = f"the fastest of {count} certain links took {max(fastest, 0.0):.1f} s: nothing is too fast"
        return Travel(answer="not known", why=why, links=count, seconds=seconds)
    why = f"the fastest of {count} certain links took {fastest:.1f} s"
    return Travel(answer="apart", why=why, links=count, seconds=(fastest, *seconds[1:]), least_s=least)


def _links(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    rows: Sequence[int],
    columns: Sequence[int],
    distances: NDArray[np.float64],
    limit: float,
) -> NDArray[np.float64]:
    """(K,) seconds between tracklets of certain links, each the other's closest in time; not positive: at once."""
    if not len(rows) or not len(columns):
        return np.zeros(0)
    a, b = np.asarray(rows), np.asarray(columns)
    gaps = np.maximum(starts[a][:, None], starts[b][None, :]) - np.minimum(ends[a][:, None], ends[b][None, :])
    gaps = np.where(distances[np.ix_(a, b)] <= limit, gaps, np.inf)
    at = np.arange(len(a))
    nearest = gaps.argmin(axis=1)
    mutual = (gaps.argmin(axis=0)[nearest] == at) & np.isfinite(gaps[at, nearest])
    return np.asarray(gaps[at, nearest][mutual], dtype=np.float64)
