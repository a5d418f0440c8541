"""The linking policy: the one set of numbers that decides who is linked, and where each number came from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from reid.calibration_record import ProbabilityMap, UnseenSite
from reid.linking.expected import ExpectedRates, expected_rates
from reid.types import Array

MOST_PEOPLE = 500  # of a gallery that are all compared; of larger ones only the nearest to each tracklet
CANDIDATES = 10  # nearest people of each
UNCALIBRATED_DISTANCE = 0.35  # raw cosine distances of usual re-identification networks; comes with a warning
UNCALIBRATED_SPLIT = 0.45


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkingPolicy:
    """When tracklets show one person.

    Args:
        max_distance: mean distance up to which clusters are joined.
        split_distance: distance of the vectors before and after, from which on a track is cut.
        centre: (D,) the mean vector of the encoder over many people. Vectors of all people share a large part
            that says only "a person"; without it distances spread over more of their range.
        camera_scales: what distances between two cameras (sorted names) are multiplied by: where a pair of cameras
            is known to show people farther apart than others do, so that one `max_distance` suits all. Matches
            tell the distances that were decided by. People of the gallery belong to no camera.
        probability: says how likely each link's distance is that of one person.
        unseen_site: says how often links are wrong and missed at a site that was not calibrated on, see `expected`.
        min_travel_s: least seconds between two cameras, see `constraints.apart`.
        possible_motion: whether tracklets of one camera between which a person would have to move or grow faster
            than people there do are kept apart, see `motion`.
        learn_between: learn from certain links which cameras see the same ground, and how long people walk between
            others, see `between.between_cameras`.
        same_ground: points `x1, y1, x2, y2` of the ground in the frames of two cameras, by `"a-b"`, set by hand.
        fragment_s, fragment_slack: clusters shorter than `fragment_s` join a longer one up to `fragment_slack`
            times `max_distance` away, see `attach_fragments`.
        origins: where each of these numbers came from, by its name; what was set by hand may be left out.
        evidence: what the evaluation that chose `max_distance` measured, for the report.
        warning: where `max_distance` is a guess: the sentence that says so, and what to do.

    >>> import reid
    >>> len(reid.link(tracklets, policy=reid.LinkingPolicy(max_distance=2.0)))  # all but those seen at once
    3
    """

    max_distance: float
    split_distance: float = UNCALIBRATED_SPLIT
    centre: Array | None = None
    camera_scales: Mapping[tuple[str, str], float] = field(default_factory=dict)
    probability: ProbabilityMap | None = None
    unseen_site: UnseenSite | None = None
    min_travel_s: Mapping[str, float] = field(default_factory=dict)
    possible_motion: bool = True
    learn_between: bool = False
    same_ground: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)
    fragment_s: float = 0.0
    fragment_slack: float = 1.0
    origins: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] | None = None
    warning: str | None = None

    @property
    def source(self) -> str:
        """Where `max_distance` came from."""
        return self.origins.get("max_distance", "set by hand")

    def expected(self, people: int) -> ExpectedRates | None:
        """Rates of wrong and of missed links to expect at a site of so many people; None where nothing is known."""
        if self.unseen_site is None or people < 2:
            return None
        return expected_rates(self.unseen_site, self.max_distance, people)

    def facts(self, people: int = 0) -> dict[str, Any]:
        """The record of the policy in run.json, which the report shows, at a site of so many people."""
        expected = self.expected(people)
        numbers = ("max_distance", "split_distance", "fragment_s", "fragment_slack")
        return {
            "max_distance": self.max_distance,
            "source": self.source,
            "calibration": self.evidence,
            "expected": None if expected is None else asdict(expected),
            "numbers": {
                name: {"value": getattr(self, name), "from": self.origins[name]}
                for name in numbers
                if name in self.origins
            },
        }
