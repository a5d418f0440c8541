"""Offline linking: the tracklets of all cameras become identities, and every decision says why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import ProbabilityMap
from reid.distance import pairwise
from reid.link_constraints import LinkConstraints
from reid.linking.between import PairDecision, between_cameras
from reid.linking.clustering import average_linkage
from reid.linking.constraints import apart
from reid.linking.fragments import attach_fragments
from reid.linking.means import means
from reid.linking.motion import CameraMotion, impossible, learned
from reid.linking.normalisation_gate import NormalisationDecision, require_one_version
from reid.linking.policy import LinkingPolicy
from reid.types import Identity, Match, Tracklet, TrackletKey, stack

EVIDENCE_S = (0.3, 5.0)  # a tracklet counts by its length within these: glimpses mislead, hours are no better


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionDecision:
    """What was possible in one camera, and what linking kept apart because of it alone."""

    possible: CameraMotion
    apart: int  # pairs of tracklets
    alike: int  # of these, as near as linked ones are: without it they might be one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """The identities of one run, and the reason for each tracklet's; a sequence of its identities.

    >>> import reid
    >>> linking = reid.link(tracklets)
    >>> len(linking.matches) == len(tracklets), linking[0] is linking.identities[0]
    (True, True)
    """

    identities: tuple[Identity, ...]  # of the people seen, ascending person_id
    matches: tuple[Match, ...]  # one per tracklet, in the order that was given
    motion: Mapping[str, MotionDecision] = field(default_factory=dict)  # by camera; empty: not asked for
    normalisation: Mapping[str, NormalisationDecision] = field(
        default_factory=dict
    )  # by camera; empty: no centre
    between: tuple[PairDecision, ...] = ()  # what was learned of pairs of cameras, where that was asked for

    def __iter__(self) -> Iterator[Identity]:
        return iter(self.identities)

    def __len__(self) -> int:
        return len(self.identities)

    def __getitem__(self, index: int) -> Identity:
        return self.identities[index]


def link(
    tracklets: Sequence[Tracklet],
    policy: LinkingPolicy,
    *,
    cameras: Sequence[str] = (),
    people: Sequence[Identity] = (),
    next_person_id: int = 1,
    former_ids: Mapping[TrackletKey, int] | None = None,
    constraints: LinkConstraints = LinkConstraints(),  # noqa: B008 - it is frozen
    motion: Mapping[str, CameraMotion] | None = None,
) -> Linking:
    """Cluster tracklets, and the people that a gallery knows, into identities.

    Args:
        tracklets: of all cameras, in any order: the result does not depend on it.
        cameras: names of all cameras; those that saw nobody may stand in `policy.min_travel_s` too.
        people: identities of earlier runs. They stay apart from each other and keep their ids.
        next_person_id: the first id for a new person.
        former_ids: what the same tracklets were called when this run was linked before; kept where possible.
        constraints: what people decided about these tracklets, which holds whatever they look like.
        motion: what is possible within each camera, for `policy.possible_motion`; None: learned from `tracklets`.

    Raises:
        InputError: the tracklets carry several camera normalisations of one camera, or only some carry any.
    """
    require_one_version(tracklets)
    linked = [one for one in tracklets if one.key not in constraints.no_person]
    ordered = sorted(linked, key=lambda one: (one.start_s, one.key))
    if not ordered:
        return Linking(identities=(), matches=tuple(_no_person(one) for one in tracklets))
    centres = means([t.embeddings for t in ordered] + [p.prototypes for p in people], policy.centre)
    distances = pairwise(centres, centres).astype(np.float64) * _scales(
        ordered, len(people), policy.camera_scales
    )
    forbidden = np.zeros(distances.shape, dtype=bool)
    count = len(ordered)
    forbidden[:count, :count] = apart(ordered, policy.min_travel_s, cameras)
    motion = (learned(ordered) if motion is None else motion) if policy.possible_motion else {}
    too_fast = impossible(ordered, motion) & ~forbidden[:count, :count]
    forbidden[:count, :count] |= too_fast
    forbidden[count:, count:] = ~np.eye(len(people), dtype=bool)
    between = _between(ordered, distances, forbidden, policy)
    forbidden |= constraints.apart(ordered, people)
    together = constraints.together(ordered, people)
    forbidden &= (together[:, None] != together[None, :]) | (together[:, None] == 0)
    seconds = np.array([t.end_s - t.start_s for t in ordered] + [np.inf] * len(people))
    weights = np.clip(seconds, *EVIDENCE_S)
    clustered = average_linkage(distances, forbidden, weights, policy.max_distance, together)
    labels = attach_fragments(
        clustered,
        distances,
        forbidden,
        seconds,
        shorter_than_s=policy.fragment_s,
        max_distance=policy.fragment_slack * policy.max_distance,
    )
    ids = _person_ids(labels, ordered, people, next_person_id, former_ids or {}, constraints.same)
    fragments = _attached(clustered, labels, seconds, policy.fragment_s)
    found = _matches(ordered, ids, distances, forbidden, weights, labels, fragments, policy.probability)
    matches = {match.tracklet: match for match in found}
    return Linking(
        identities=_identities(ordered, people, labels, ids),
        matches=tuple(matches.get(one.key, _no_person(one)) for one in tracklets),
        motion=_decided(
            ordered, motion, too_fast, too_fast & (distances[:count, :count] <= policy.max_distance)
        ),
        between=between,
    )


def _no_person(tracklet: Tracklet) -> Match:
    """The match of a tracklet of which a person decided that it shows none."""
    return Match(
        tracklet=tracklet.key, person_id=None, distance=None, runner_up_id=None, runner_up_distance=None
    )


def _decided(
    tracklets: Sequence[Tracklet],
    motion: Mapping[str, CameraMotion],
    apart: NDArray[np.bool_],
    alike: NDArray[np.bool_],
) -> dict[str, MotionDecision]:
    names = np.array([one.camera_id for one in tracklets], dtype=object)
    return {
        name: MotionDecision(
            possible=motion[name],
            apart=int(apart[names == name].sum()) // 2,
            alike=int(alike[names == name].sum()) // 2,
        )
        for name in sorted(motion)
    }


def _between(
    tracklets: Sequence[Tracklet],
    distances: NDArray[np.float64],
    forbidden: NDArray[np.bool_],
    policy: LinkingPolicy,
) -> tuple[PairDecision, ...]:
    """Add to `distances` and `forbidden` what pairs of cameras say of each other; the record of it."""
    if not policy.learn_between and not policy.same_ground:
        return ()
    own = slice(len(tracklets))
    found = between_cameras(
        tracklets,
        distances[own, own],
        policy.max_distance,
        min_travel_s=policy.min_travel_s,
        same_ground=policy.same_ground,
        learn=policy.learn_between,
    )
    distances[own, own] = found.distances
    forbidden[own, own] |= found.apart
    return found.pairs


def _attached(
    clustered: NDArray[np.int64],
    labels: NDArray[np.int64],
    seconds: NDArray[np.float64],
    shorter_than_s: float,
) -> NDArray[np.bool_]:
    """(N,): which items are of a short cluster that `attach_fragments` gave to a longer one."""
    short = np.bincount(clustered, weights=np.minimum(seconds, 1e9))[clustered] < shorter_than_s
    parts = np.bincount(labels[np.unique(clustered, return_index=True)[1]])  # clusters in each person
    attached: NDArray[np.bool_] = short & (parts[labels] > 1)
    return attached


def _scales(
    tracklets: Sequence[Tracklet], people: int, camera_scales: Mapping[tuple[str, str], float]
) -> NDArray[np.float64]:
    """(N + people, N + people) factors of distances: those of pairs of cameras, 1 elsewhere."""
    factors = np.ones((len(tracklets) + people,) * 2)
    names = np.array([t.camera_id for t in tracklets], dtype=object)
    for (first, second), factor in camera_scales.items():
        rows = np.flatnonzero(names == first), np.flatnonzero(names == second)
        factors[np.ix_(*rows)] = factor
        factors[np.ix_(*rows[::-1])] = factor
    return factors


def _person_ids(
    labels: NDArray[np.int64],
    tracklets: Sequence[Tracklet],
    people: Sequence[Identity],
    next_person_id: int,
    former_ids: Mapping[TrackletKey, int],
    decided: Mapping[TrackletKey, int],
) -> dict[int, int]:
    """Person id of each cluster: the known, the decided, the former one of most of its tracklets, or a new one."""
    ids = {int(labels[len(tracklets) + i]): person.person_id for i, person in enumerate(people)}
    for label, tracklet in zip(labels.tolist(), tracklets, strict=False):
        if (person_id := decided.get(tracklet.key, 0)) > 0:
            ids.setdefault(label, person_id)
    taken = set(ids.values())
    votes: Counter[tuple[int, int]] = Counter()
    for label, tracklet in zip(labels.tolist(), tracklets, strict=False):
        if label not in ids and tracklet.key in former_ids:
            votes[label, former_ids[tracklet.key]] += 1
    for (label, former), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if label not in ids and former not in taken:
            ids[label] = former
            taken.add(former)
    fresh = next_person_id
    for label in labels[: len(tracklets)].tolist():  # in order of first appearance
        if label not in ids:
            ids[label] = fresh
            fresh += 1
    return ids


def _matches(
    tracklets: Sequence[Tracklet],
    ids: Mapping[int, int],
    distances: NDArray[np.float64],
    forbidden: NDArray[np.bool_],
    weights: NDArray[np.float64],
    labels: NDArray[np.int64],
    fragments: NDArray[np.bool_],
    probability: ProbabilityMap | None,
) -> list[Match]:
    """Each tracklet's mean distance to the rest of its person, and to the nearest other person it could be.

    Means are weighted as in the clustering, so that they are the distances that were decided by.
    """
    clusters = int(labels.max()) + 1
    member = np.zeros((len(labels), clusters))
    member[np.arange(len(labels)), labels] = weights
    sizes = member.sum(axis=0)
    count = len(tracklets)
    sums = distances[:count] @ member
    own = labels[:count]
    alone = np.bincount(labels, minlength=clusters)[own] == 1
    rest = sizes[own] - weights[:count]
    mean = sums / sizes
    possible = (forbidden[:count] @ member) == 0
    possible[np.arange(count), own] = False
    mean[~possible] = np.inf
    runner_up = mean.argmin(axis=1)
    found = []
    for row, tracklet in enumerate(tracklets):
        gap = max(float(mean[row, runner_up[row]]), 0.0)
        distance = None if alone[row] else max(float(sums[row, own[row]] / rest[row]), 0.0)
        has_other = np.isfinite(gap)
        found.append(
            Match(
                tracklet=tracklet.key,
                person_id=ids[int(own[row])],
                distance=distance,
                runner_up_id=ids[int(runner_up[row])] if has_other else None,
                runner_up_distance=gap if has_other else None,
                probability=None if probability is None or distance is None else float(probability(distance)),
                fragment=bool(fragments[row]),
            )
        )
    return found


def _identities(
    tracklets: Sequence[Tracklet],
    people: Sequence[Identity],
    labels: NDArray[np.int64],
    ids: Mapping[int, int],
) -> tuple[Identity, ...]:
    known = {person.person_id for person in people}
    members: dict[int, list[Tracklet]] = {person_id: [] for person_id in ids.values()}
    for label, tracklet in zip(labels.tolist(), tracklets, strict=False):
        members[ids[label]].append(tracklet)
    return tuple(
        Identity(
            person_id=person_id,
            tracklets=tuple(t.key for t in own),
            prototypes=stack([t.embeddings for t in own]),
            known=person_id in known,
        )
        for person_id, own in sorted(members.items())
        if own
    )
