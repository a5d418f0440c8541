"""How tracklets are compared and joined: the one set of numbers that linking goes by, offline and online."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid.types import Array, ProbabilityMap

MOST_PEOPLE = 500  # of a gallery that are all compared; of larger ones only the nearest to anybody seen
CANDIDATES = 10  # nearest people of each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """When tracklets show one person.

    Args:
        max_distance: mean distance up to which clusters are joined.
        centre: (D,) the mean vector of the encoder over many people. Vectors of all people share a large part
            that says only "a person"; without it distances spread over more of their range.
        camera_scales: what distances between two cameras (sorted names) are multiplied by: where a pair of cameras
            is known to show people farther apart than others do, so that one `max_distance` suits all. Matches
            tell the distances that were decided by. People of the gallery belong to no camera.
        probability: says how likely each link's distance is that of one person.
        min_travel_s: least seconds between two cameras, see `constraints.apart`.
        fragment_s, fragment_slack: clusters shorter than `fragment_s` join a longer one up to `fragment_slack`
            times `max_distance` away, see `attach_fragments`.
    """

    max_distance: float
    centre: Array | None = None
    camera_scales: Mapping[tuple[str, str], float] = field(default_factory=dict)
    probability: ProbabilityMap | None = None
    min_travel_s: Mapping[str, float] = field(default_factory=dict)
    fragment_s: float = 0.0
    fragment_slack: float = 1.0
