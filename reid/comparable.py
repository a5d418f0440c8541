"""Tracklets whose vectors can be compared across cameras: normalised by camera, as far as the site accepts that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reid.camera_normalisation import CameraNormalisation
from reid.embedding.normalisation import gather, normalised
from reid.linking.normalisation_gate import NormalisationDecision, judge
from reid.types import Array, Embeddings, Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparable:
    """Tracklets as linking compares them, and what was decided about each camera, if a centre is known."""

    tracklets: list[Tracklet]
    decisions: Mapping[str, NormalisationDecision] = field(default_factory=dict)
    normalisations: Mapping[str, CameraNormalisation] = field(default_factory=dict)  # that were applied


def comparable(
    tracklets: Sequence[Tracklet], centre: Array | None, max_distance: float | None = None
) -> Comparable:
    """Normalise the tracklets of each camera whose normalisation the site accepts; the others' stay as they are.

    Tracklets that are normalised already are taken as they are.

    Args:
        tracklets: of all cameras of a site.
        centre: (D,) mean vector of many people; None: nothing is normalised.
        max_distance: closer tracklets of one camera count as one person, see `shift_of`.
    """
    if centre is None or any(one.embeddings.normalisation is not None for one in tracklets):
        return Comparable(tracklets=list(tracklets))
    gathered = gather(tracklets, centre, max_distance)
    applied, decisions = accepted(
        [one.embeddings for one in tracklets], [one.camera_id for one in tracklets], gathered, centre
    )
    return Comparable(
        tracklets=[normalised(one, applied) for one in tracklets],
        decisions=decisions,
        normalisations=applied,
    )


def accepted(
    given: Sequence[Embeddings],
    cameras: Sequence[str],
    gathered: Mapping[str, CameraNormalisation],
    centre: Array,
) -> tuple[dict[str, CameraNormalisation], dict[str, NormalisationDecision]]:
    """What to apply to each camera, no move where the site refuses its own; and why. Arguments as in `judge`."""
    decisions = judge(given, cameras, gathered, centre)
    return {
        name: own if decisions[name].accepted else own.refused for name, own in gathered.items()
    }, decisions
