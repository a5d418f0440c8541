"""Online linking of a site: answers at once, from what is known so far.

What is known of a person is what linking would know: their tracklets of the last minutes, each with its weight, and
one mean of everything before that. The engine's thread alone uses it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reid.camera_normalisation import CameraNormalisation
from reid.distance import unit
from reid.linking.answer import Answer, Patience, decide, two_nearest
from reid.linking.by_hand import ByHand
from reid.linking.constraints import apart_from
from reid.linking.memory import Memory
from reid.linking.motion import CameraMotion, MotionModel, impossible_from
from reid.linking.offline import EVIDENCE_S
from reid.linking.policy import LinkingPolicy
from reid.types import Array, Embeddings, Identity, Tracklet, TrackletKey


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recent:
    """A tracklet of the last minutes, as far as it is known, and who it shows."""

    tracklet: Tracklet
    person_id: int | None
    growing: bool  # still in view
    mean: Array  # (D,) unit, from the centre, normalised by camera

    @property
    def weight(self) -> float:
        """As in linking."""
        least, most = EVIDENCE_S
        return min(max(self.tracklet.end_s - self.tracklet.start_s, least), most)


class OnlineGallery:
    """Answers which person a track shows, and remembers it.

    Args:
        people: who is known from before, with their prototypes.
        next_person_id: the first id for somebody new.
    """

    def __init__(
        self, policy: LinkingPolicy, patience: Patience, people: Sequence[Identity], next_person_id: int
    ) -> None:
        self.policy = policy
        self.patience = patience
        self.cameras: Collection[str] = ()  # all that there are, for `policy.min_travel_s`
        self.recent: dict[TrackletKey, Recent] = {}
        self.by_hand = ByHand()
        self.spare: dict[TrackletKey, int] = {}  # numbers that splits gave tracklets, to be given again
        self.normalisations: Mapping[str, CameraNormalisation] = {}  # by camera
        self.memory = Memory(policy.centre)
        self._motion = MotionModel()
        self._next_id = next_person_id
        for person in (person for person in people if len(person.prototypes)):
            self.memory.learn(person.person_id, self.memory.from_centre(person.prototypes.vectors))

    @property
    def next_person_id(self) -> int:
        """Next unused person id."""
        return self._next_id

    def new_person(self) -> int:
        """Take an unused person id."""
        self._next_id += 1
        return self._next_id - 1

    def answer(self, tracklet: Tracklet, *, final: bool = False) -> Answer:
        """Answer which person a tracklet shows; changes nothing but the next new person's id.

        Args:
            final: no more will be seen of it, so "uncertain" is no answer.
        """
        others = [r for key, r in self.recent.items() if key != tracklet.key and r.person_id is not None]
        distances = self._distances(self.mean_of(tracklet), tracklet.camera_id, others)
        people = np.array([r.person_id for r in others] + self.memory.people, dtype=np.int64)
        weights = np.array([r.weight for r in others] + [EVIDENCE_S[1]] * len(self.memory.people))
        seen = [r.tracklet for r in others]
        impossible = apart_from(tracklet, seen, self.policy.min_travel_s, sorted(self.cameras))
        impossible |= impossible_from(tracklet, seen, self.motion([tracklet.camera_id]))
        possible = ~np.isin(people, people[: len(others)][impossible])
        found = two_nearest(distances[possible], weights[possible], people[possible])
        return self._answer(found, tracklet.end_s - tracklet.start_s, final)

    def remember(self, tracklet: Tracklet, person_id: int | None, *, growing: bool) -> None:
        """Take a tracklet, or what more is known of it."""
        former = self.recent.get(tracklet.key)
        if not growing and (former is None or former.growing):
            self._motion.learn(tracklet)
        self.recent[tracklet.key] = Recent(
            tracklet=tracklet,
            person_id=person_id,
            growing=growing,
            mean=self.mean_of(tracklet),
        )

    def motion(self, cameras: Iterable[str]) -> dict[str, CameraMotion]:
        """What is possible within these cameras by what has been seen; empty where the policy does not ask."""
        if not self.policy.possible_motion:
            return {}
        return {name: self._motion.camera(name) for name in cameras}

    def reassign(self, key: TrackletKey, person_id: int) -> None:
        """Give a tracklet to another person."""
        self.recent[key] = replace(self.recent[key], person_id=person_id)

    def use_normalisations(self, normalisations: Mapping[str, CameraNormalisation]) -> None:
        """Normalise the vectors of these cameras so from now on, also of what is known already."""
        self.normalisations = normalisations
        self.recent = {key: replace(r, mean=self.mean_of(r.tracklet)) for key, r in self.recent.items()}

    def age(self, before_s: float) -> None:
        """What ended before that becomes part of the mean of its person."""
        old = [key for key, r in self.recent.items() if not r.growing and r.tracklet.end_s < before_s]
        for key in old:
            one = self.recent[key]
            if one.person_id is not None:
                self.by_hand.settle(key, one.person_id)
                self.memory.learn(one.person_id, one.mean[None], each=one.weight / EVIDENCE_S[1])
            self.drop(key)

    def drop(self, key: TrackletKey) -> None:
        """Know nothing of a tracklet any more."""
        self.recent.pop(key, None)
        self.by_hand.drop(key)
        self.spare.pop(key, None)

    def anchor(self, person_id: int) -> None:
        """Keep a person apart from all people remembered from before, as one who has a name has to be."""
        own = [r for r in self.recent.values() if r.person_id == person_id]
        if person_id not in self.memory.people:
            for one in own:
                self.memory.learn(person_id, one.mean[None], each=one.weight / EVIDENCE_S[1])

    def merge(self, person_id: int, into: int, decision: int) -> None:
        """Two people are one, as a person says: what shows them now stays together."""
        self.memory.merge(person_id, into)
        both = self._shows(person_id) + self._shows(into)
        self.by_hand.same(both, into, decision)
        for key in both:
            self.reassign(key, into)

    def split(self, keys: Collection[TrackletKey], former: int, new: int, decision: int) -> None:
        """Some of what shows a person shows another one, as a person says: it stays apart from the rest."""
        rest = [key for key in self._shows(former) if key not in keys]
        self.by_hand.different(rest, keys, decision)
        self.by_hand.same(keys, new, decision)
        for key in keys:
            self.reassign(key, new)

    def apart(self, person_id: int, other_id: int, decision: int) -> None:
        """Two people are two, as a person says: what shows one is not the other."""
        self.by_hand.different(self._shows(person_id), self._shows(other_id), decision)

    def confirm(self, person_id: int, decision: int) -> None:
        """All that shows a person shows that person, as a person says: it stays together."""
        self.by_hand.same(self._shows(person_id), person_id, decision)

    def ignore(self, person_id: int) -> dict[TrackletKey, Recent]:
        """What was taken for a person is none, as a person says; the tracklets that showed it.

        What was said of them binds again when they are taken back.
        """
        self.memory.forget(person_id)
        own = {key: r for key, r in self.recent.items() if r.person_id == person_id}
        for key in own:
            del self.recent[key]
        return own

    def know_anew(self, people: Mapping[int, Array], *, remembered: bool = False) -> None:
        """Remember people by these vectors (P, D) instead of what was remembered.

        An empty array: by their tracklets of the last minutes, and not any more where there is none.

        Args:
            remembered: they were, before it was said that they are no person.
        """
        remembered |= not set(self.memory.people).isdisjoint(people)
        present = {r.person_id for r in self.recent.values()}
        for person_id, vectors in people.items():
            self.memory.forget(person_id)
            if remembered or person_id not in present:
                if len(vectors):
                    self.memory.learn(person_id, self.memory.from_centre(vectors))
                self.anchor(person_id)
        present |= set(self.memory.people)
        gone = people.keys() - present
        self.spare = {key: number for key, number in self.spare.items() if number not in gone}

    def follow(self, former: TrackletKey, key: TrackletKey) -> None:
        """A track goes on in another tracklet: what was said of one holds for the other where they look alike."""
        one, other = self.recent.get(former), self.recent.get(key)
        if one is None or other is None or one.person_id != other.person_id:
            return
        if 1.0 - float(one.mean @ other.mean) <= self.policy.max_distance:
            self.by_hand.follow(former, key)

    def forget(self, person_id: int) -> list[TrackletKey]:
        """Nothing of a person is known any more; the tracklets that showed them."""
        self.memory.forget(person_id)
        keys = self._shows(person_id)
        for key in keys:
            self.drop(key)
        return keys

    def normalised(self, tracklet: Tracklet) -> Embeddings:
        """Its vectors (K, D) normalised by camera, as galleries keep them."""
        own = self.normalisations.get(tracklet.camera_id)
        return tracklet.embeddings if own is None else own.apply(tracklet.embeddings)

    def mean_of(self, tracklet: Tracklet) -> Array:
        """(D,) unit mean of its vectors, from the centre, normalised by camera."""
        mean: Array = unit(self.memory.from_centre(self.normalised(tracklet).vectors).mean(axis=0))
        return mean

    def _shows(self, person_id: int) -> list[TrackletKey]:
        """The tracklets that show a person."""
        return [key for key, r in self.recent.items() if r.person_id == person_id]

    def _distances(self, mean: Array, camera_id: str, others: Sequence[Recent]) -> NDArray[np.float64]:
        """(N + people,) to others' tracklets, then to all people's means."""
        recent = [float(r.mean @ mean) for r in others]
        known = self.memory.means @ mean if self.memory.people else np.zeros(0, dtype=np.float32)
        distances = np.clip(1.0 - np.concatenate([recent, known]).astype(np.float64), 0.0, 2.0)
        for place, other in enumerate(others):
            first, second = sorted((camera_id, other.tracklet.camera_id))
            distances[place] *= self.policy.camera_scales.get((first, second), 1.0)
        return distances

    def _answer(self, found: Sequence[tuple[int, float]], seconds: float, final: bool) -> Answer:
        (nearest_id, nearest), (runner_up_id, runner_up) = [*found, (None, None), (None, None)][:2]
        verdict = decide(
            np.inf if nearest is None else nearest,
            np.inf if runner_up is None else runner_up,
            seconds,
            self.policy,
            self.patience,
        )
        if verdict == "uncertain" and final:
            slack = self.policy.fragment_slack if seconds < self.policy.fragment_s else 1.0
            verdict = (
                "known" if nearest is not None and nearest <= slack * self.policy.max_distance else "new"
            )
        stranger = self.new_person() if verdict == "new" else None
        chance = self.policy.probability
        return Answer(
            verdict=verdict,
            person_id=nearest_id if verdict == "known" else stranger,
            nearest_id=nearest_id,
            distance=nearest,
            probability=None if chance is None or nearest is None else float(chance(nearest)),
            runner_up_id=runner_up_id,
            runner_up_distance=runner_up,
        )
