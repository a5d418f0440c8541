"""How tracklets are compared and joined: the one set of numbers that linking goes by, offline and online."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid.types import Array, ProbabilityMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """See the arguments of `linking.link`, which have these names."""

    max_distance: float
    centre: Array | None = None
    camera_scales: Mapping[tuple[str, str], float] = field(default_factory=dict)
    probability: ProbabilityMap | None = None
    min_travel_s: Mapping[str, float] = field(default_factory=dict)
    fragment_s: float = 0.0
    fragment_slack: float = 1.0
