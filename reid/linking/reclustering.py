"""Re-clustering: the last minutes are clustered as a recording would be, and what differs is changed.

`snapshot` and `changes` belong to the thread that owns the gallery; `refine`, which takes long where much was seen,
may run in another meanwhile.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from reid.camera_normalisation import CameraNormalisation
from reid.link_constraints import LinkConstraints
from reid.linking.constraints import among
from reid.linking.motion import CameraMotion
from reid.linking.offline import link
from reid.linking.online import OnlineGallery
from reid.linking.policy import CANDIDATES, MOST_PEOPLE, LinkingPolicy
from reid.types import Embeddings, Identity, Match, Tracklet, TrackletKey

FIRST_NEW = 2**40  # numbers of people that a refinement found itself; `changes` gives them real ones

Reason = Literal["merged", "split", "moved", "settled"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReclusteringInput:
    """What a refinement works on."""

    tracklets: tuple[Tracklet, ...]
    former: Mapping[TrackletKey, int]
    growing: frozenset[TrackletKey]  # still in view
    people: tuple[Identity, ...]  # by what is remembered from before
    cameras: tuple[str, ...]
    constraints: LinkConstraints = field(default_factory=LinkConstraints)  # what people said
    motion: Mapping[str, CameraMotion] = field(default_factory=dict)  # what is possible within each camera


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refinement:
    """Identities by all that is known now."""

    snapshot: ReclusteringInput
    matches: Mapping[TrackletKey, Match]
    normalisations: Mapping[str, CameraNormalisation]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reassignment:
    """A tracklet that shows another person than it was said to."""

    key: TrackletKey
    old: int | None
    new: int
    reason: Reason  # merged: two people are one; split: one was two; moved: it was taken for the wrong one
    match: Match | None  # None: it came after the snapshot, and goes with the person that it was taken for


def snapshot(gallery: OnlineGallery) -> ReclusteringInput:
    """What is known now; later changes of the gallery do not touch it."""
    recent = gallery.recent
    return ReclusteringInput(
        tracklets=tuple(r.tracklet for r in recent.values()),
        former={key: r.person_id for key, r in recent.items() if r.person_id is not None},
        growing=frozenset(key for key, r in recent.items() if r.growing),
        people=tuple(_candidates(gallery)),
        cameras=tuple(gallery.cameras),
        constraints=gallery.by_hand.constraints,
        motion=gallery.motion({r.tracklet.camera_id for r in recent.values()}),
    )


def refine(
    snapshot: ReclusteringInput,
    policy: LinkingPolicy,
    normalisations: Mapping[str, CameraNormalisation] = MappingProxyType({}),
) -> Refinement:
    """Cluster the snapshot's tracklets and people by `policy`, as `reid video` does with a whole recording.

    Args:
        normalisations: of the snapshot's cameras; none: vectors are compared as the network gave them.
    """
    compared = [
        replace(one, embeddings=own.apply(one.embeddings))
        if (own := normalisations.get(one.camera_id))
        else one
        for one in snapshot.tracklets
    ]
    cameras = {one.camera_id for one in compared}.union(snapshot.cameras)
    linking = link(
        compared,
        replace(policy, min_travel_s=among(policy.min_travel_s, cameras)),
        cameras=snapshot.cameras,
        people=snapshot.people,
        next_person_id=FIRST_NEW,
        former_ids=snapshot.former,
        constraints=snapshot.constraints,
        motion=snapshot.motion,
    )
    return Refinement(
        snapshot=snapshot, matches={m.tracklet: m for m in linking.matches}, normalisations=normalisations
    )


def changes(refinement: Refinement, gallery: OnlineGallery) -> list[Reassignment]:
    """What a refinement changes in a gallery that has gone on meanwhile; people it found get their numbers here."""
    wanted = _wanted(refinement, gallery)
    numbers = _numbers(wanted, refinement.snapshot, gallery)
    wanted = {key: numbers.get(person, person) for key, person in wanted.items()}
    merged = _merged(wanted, refinement, gallery)
    changed = []
    for key, recent in gallery.recent.items():
        new = wanted.get(key, merged.get(recent.person_id or 0, recent.person_id))
        if new is not None and new != recent.person_id:
            reason = _reason(recent.person_id, new, merged, set(numbers.values()))
            match = _told(refinement.matches.get(key), new, numbers)
            changed.append(Reassignment(key=key, old=recent.person_id, new=new, reason=reason, match=match))
    return changed


def _wanted(refinement: Refinement, gallery: OnlineGallery) -> dict[TrackletKey, int]:
    """Who each tracklet shows by the refinement, where that still counts.

    Somebody who was in view and not certain stays so, or what was answered meanwhile, rather than become somebody
    new: less was seen then. People who are gone meanwhile, merged or forgotten, do not come back.
    """
    then = refinement.snapshot
    remembered = set(gallery.memory.people)
    present = remembered | {recent.person_id for recent in gallery.recent.values()}
    before = {None} | remembered | set(then.former.values())
    wanted: dict[TrackletKey, int] = {}
    for key, match in refinement.matches.items():
        if key not in gallery.recent or match.person_id is None:
            continue
        fresh = match.person_id >= FIRST_NEW
        undecided = key in then.growing and key not in then.former
        stale = fresh and undecided and gallery.recent[key].person_id in before
        if not stale and (fresh or match.person_id in present):
            wanted[key] = match.person_id
    return wanted


def _numbers(
    wanted: Mapping[TrackletKey, int], known: ReclusteringInput, gallery: OnlineGallery
) -> dict[int, int]:
    """Real numbers of the people that a refinement found: those who got one meanwhile keep it."""
    taken = set(wanted.values()) | set(known.former.values()) | set(gallery.memory.people)
    numbers: dict[int, int] = {}
    for fresh in sorted({person for person in wanted.values() if person >= FIRST_NEW}):
        own = [gallery.recent[key].person_id for key, person in wanted.items() if person == fresh]
        votes = Counter(person for person in own if person is not None and person not in taken)
        if not votes:  # a number that an earlier split gave one of them
            spare = [gallery.spare.get(key) for key, person in wanted.items() if person == fresh]
            votes = Counter(person for person in spare if person is not None and person not in taken)
        numbers[fresh] = votes.most_common(1)[0][0] if votes else gallery.new_person()
        taken.add(numbers[fresh])
    return numbers


def _reason(old: int | None, new: int, merged: Mapping[int, int], fresh: set[int]) -> Reason:
    if old is None:
        return "settled"
    if merged.get(old) == new:
        return "merged"
    return "split" if new in fresh else "moved"


def _merged(
    wanted: Mapping[TrackletKey, int], refinement: Refinement, gallery: OnlineGallery
) -> dict[int, int]:
    """Person ids that ended, and the id that replaced each: all tracklets of the one show the other now.

    What the refinement saw, and gave to people who are gone, stays as it is, and so does its person.
    """
    stays = {
        gallery.recent[key].person_id
        for key in refinement.matches
        if key in refinement.snapshot.former and key in gallery.recent and key not in wanted
    }
    votes: dict[int, Counter[int]] = {}
    for key, new in wanted.items():
        old = gallery.recent[key].person_id
        if old is not None:
            votes.setdefault(old, Counter())[new] += 1
    remembered = set(gallery.memory.people)
    return {
        old: next(iter(news))
        for old, news in votes.items()
        if len(news) == 1 and old not in news and old not in remembered and old not in stays
    }


def _told(match: Match | None, new: int, numbers: Mapping[int, int]) -> Match | None:
    """Why a tracklet shows `new`, in real numbers; None where it was not the refinement that said so."""
    if match is None or match.person_id is None or numbers.get(match.person_id, match.person_id) != new:
        return None
    if match.runner_up_id is None:
        return replace(match, person_id=new)
    runner_up = numbers.get(match.runner_up_id, match.runner_up_id)
    if runner_up >= FIRST_NEW:  # somebody in view who is nobody yet
        return replace(match, person_id=new, runner_up_id=None, runner_up_distance=None)
    return replace(match, person_id=new, runner_up_id=runner_up)


def _candidates(gallery: OnlineGallery) -> list[Identity]:
    memory, recent = gallery.memory, list(gallery.recent.values())
    if not memory.people or not recent:
        return []
    people = memory.people
    if len(people) > MOST_PEOPLE:
        near = np.argpartition(-(np.stack([r.mean for r in recent]) @ memory.means.T), CANDIDATES, axis=1)
        people = [people[row] for row in np.unique(near[:, :CANDIDATES]).tolist()]
    encoder_id = recent[0].tracklet.embeddings.encoder_id
    return [
        Identity(
            person_id=person_id,
            tracklets=(),
            prototypes=Embeddings(vectors=memory.standing_for(person_id), encoder_id=encoder_id),
            known=True,
        )
        for person_id in people
    ]
