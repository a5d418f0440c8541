"""What is under review: people and tracklets of a gallery, with the crops and boxes of the results at hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import Calibration
from reid.comparable import comparable
from reid.errors import InputError
from reid.linking.means import means
from reid.linking.offline import EVIDENCE_S
from reid.linking.policy import LinkingPolicy
from reid.outputs.crops import kept_crops
from reid.review.decided import DecidedRows, person_told
from reid.review.distances import Distances
from reid.review.meetings import Meetings
from reid.review.records import ResultsAtHand, ReviewTracklet
from reid.store.base import Store
from reid.store.records import Bound, PersonSummary, SeenAt
from reid.types import Array, Embeddings, Tracklet, TrackletKey

Place = tuple[str, TrackletKey]  # run and key
SAME_TIME_S = 0.05  # start and end of a sighting and of its tracklet; stored times are not rounded


class ReviewSite:
    """The people of a gallery under review; `refresh` after whatever changes it.

    Args:
        store: the gallery; to decide, it must be open for writing.
        results: results folders whose runs it holds.
        at_hand: their tracklets, by run and key.
        policy: that they were linked by.
    """

    def __init__(
        self,
        store: Store,
        results: Sequence[ResultsAtHand],
        at_hand: Mapping[Place, Tracklet],
        policy: LinkingPolicy,
    ) -> None:
        self.store = store
        self.results = {one.run_id: one for one in results}
        self.policy = policy
        self._at_hand = at_hand
        self._vectors: dict[Place, Array] = {}  # once known they stay, so that distances do not move
        self._nothing: Array = np.zeros(1, dtype=np.float32)  # where no vector is known at all
        self._tracklets: list[ReviewTracklet] = []
        self._by_id: dict[str, int] = {}
        self._crops: dict[str, Tracklet] = {}  # read by other threads: replaced as a whole
        self._asked: set[Place] = set()  # places whose vectors were looked for
        self.refresh()

    @classmethod
    def open(
        cls,
        store: Store,
        results: Sequence[ResultsAtHand],
        *,
        calibration: Calibration | None,
        max_distance: float,
    ) -> Self:
        """The site of a gallery, with or without results folders; without, there are no crops and no boxes.

        Raises:
            InputError: a folder's artefacts cannot be read, or the gallery does not hold its run.
        """
        runs = set(store.runs())
        at_hand: dict[Place, Tracklet] = {}
        for one in results:
            if one.run_id not in runs:
                raise InputError(
                    f"{one.root}: its run {one.run_id[:8]} is not in {store.path}; name the gallery that it was "
                    "linked with, or repeat the reid video command that wrote it with --gallery"
                )
            at_hand |= {(one.run_id, own.key): own for own in one.tracklets()}
        return cls(store, results, at_hand, _policy(calibration, max_distance))

    def refresh(self) -> None:
        """Read again who is who."""
        self.refresh_names()
        self._take([_tracklet_of(seen) for seen in self._sightings()])

    def _take(self, found: list[ReviewTracklet]) -> None:
        """Have these under review."""
        self._decided: DecidedRows | None = None
        places = {one.place for one in found}
        if not places <= self._asked:  # a run was replaced
            self._measure()
            self._asked = places
        found.sort(key=lambda one: (one.run_id, one.start_s, one.key))  # so that rows stay when people change
        known = _means_by_person(found, self._vectors)
        self._tracklets = [self._complete(one, known) for one in found]
        by_id = {one.id: row for row, one in enumerate(self._tracklets)}
        at_hand = [self._at_hand_of(one) for one in self._tracklets]
        self._crops = {
            one.id: own for one, own in zip(self._tracklets, at_hand, strict=True) if own is not None
        }
        if by_id != self._by_id or not found:
            self._by_id = by_id
            self.meetings = Meetings(self._tracklets, at_hand)
        self.distances = self._distances()

    @property
    def is_outdated(self) -> bool:
        """Whether it may hold what was erased meanwhile; any thread may ask."""
        return False

    def refresh_names(self) -> None:
        """Read the people again where no sighting moved."""
        self._everybody = self.store.people()

    def labels(self) -> dict[int, str | None]:
        """What all people of the gallery are called, also those who are not under review."""
        return {one.person_id: one.label for one in self._everybody}

    @property
    def decided(self) -> DecidedRows:
        """What decisions that hold say of `tracklets`."""
        if self._decided is None:
            told = {one.number: person_told(one) for one in self.store.decisions()}
            self._decided = DecidedRows(self._bound(), self._tracklets, told)
        return self._decided

    def tracklets(self) -> Sequence[ReviewTracklet]:
        """All tracklets, by run and time."""
        return self._tracklets

    def people(self) -> Sequence[PersonSummary]:
        """All people under review, as the gallery says now."""
        return self._everybody

    def tracklet(self, tracklet_id: str) -> ReviewTracklet:
        """The tracklet of an id; InputError if there is none (any more)."""
        return self._tracklets[self.row(tracklet_id)]

    def row(self, tracklet_id: str) -> int:
        """Place of a tracklet in `tracklets`; InputError if there is none (any more)."""
        if tracklet_id not in self._by_id:
            raise InputError(
                f"{tracklet_id!r} is no tracklet of {self.store.path}; it may be gone since the page was loaded"
            )
        return self._by_id[tracklet_id]

    def rows(self, tracklet_ids: Iterable[str]) -> NDArray[np.int64]:
        """Places of tracklets in `tracklets`."""
        return np.array([self.row(one) for one in tracklet_ids], dtype=np.int64)

    def crop(self, tracklet_id: str, number: int) -> bytes:
        """A crop of a tracklet, a JPEG; `number` counts from 0. May be called from any thread.

        Raises:
            InputError: there is no such tracklet or crop.
        """
        own = self._crops.get(tracklet_id)
        count = 0 if own is None else len(own.crops)
        if own is None or not 0 <= number < count:
            raise InputError(f"{tracklet_id}: has no crop {number}, but {count} of them")
        return own.crops[number]

    def best_crops(self, tracklet_id: str) -> list[int]:
        """Numbers of the crops of a tracklet, best first; none where no folder holds it."""
        own = self._crops.get(tracklet_id)
        return [] if own is None else [crop.number for crop in kept_crops(own)]

    def boxes(self, tracklet_id: str) -> tuple[NDArray[np.float64], Array] | None:
        """When (T,) on the run's clock and where (T, 4), xyxy in pixels, a tracklet was; None: no folder holds it.

        Raises:
            InputError: there is no such tracklet.
        """
        own = self._at_hand_of(self.tracklet(tracklet_id))
        return None if own is None else (own.times_s, own.boxes)

    def _sightings(self) -> Sequence[SeenAt]:
        """What is under review."""
        return self.store.sightings()

    def _bound(self) -> Sequence[Bound]:
        """What decisions are about which hold."""
        return self.store.bound()

    def _at_hand_of(self, one: ReviewTracklet) -> Tracklet | None:
        """The tracklet of a sighting; None where no folder holds it as it was linked."""
        own = self._at_hand.get(one.place)
        if own is None or max(abs(own.start_s - one.start_s), abs(own.end_s - one.end_s)) > SAME_TIME_S:
            return None
        return own

    def _complete(self, one: ReviewTracklet, known: Mapping[int, Array]) -> ReviewTracklet:
        own, vector = self._at_hand_of(one), self._vectors.get(one.place)
        return replace(
            one,
            vector=known.get(one.person_id, self._nothing) if vector is None else vector,
            crops=0 if own is None else len(own.crops),
            measured=vector is not None,
        )

    def _measure(self) -> None:
        """Find a vector for every sighting: of the results at hand, else of the gallery."""
        kept: dict[Place, list[Array]] = {}
        for stored in self.store.vectors():
            kept.setdefault((stored.run_id, stored.tracklet), []).append(stored.vector)
        found = {place: self._mean(np.stack(vectors)) for place, vectors in kept.items()}
        for run_id in self.results:
            own = [one for (run, _), one in self._at_hand.items() if run == run_id]
            if any(one.embeddings.encoder_id != self.store.encoder_id for one in own):
                continue  # the gallery was converted to another encoder since, so its own vectors count
            for one in comparable(own, self.policy.centre, self.policy.max_distance).tracklets:
                found[run_id, one.key] = self._mean(one.embeddings.vectors)
        self._vectors = found | self._vectors
        self._nothing = np.zeros_like(next(iter(self._vectors.values()), np.zeros(1, dtype=np.float32)))

    def _mean(self, vectors: Array) -> Array:
        mean: Array = means(
            [Embeddings(vectors=vectors, encoder_id=self.store.encoder_id)], self.policy.centre
        )[0]
        return mean

    def _distances(self) -> Distances:
        own = self._tracklets
        return Distances(
            np.stack([one.vector for one in own]) if own else np.empty((0, len(self._nothing)), np.float32),
            np.clip([one.end_s - one.start_s for one in own], *EVIDENCE_S).astype(np.float64),
            [one.key.camera_id for one in own],
            self.policy.camera_scales,
        )


def _policy(calibration: Calibration | None, max_distance: float) -> LinkingPolicy:
    """The distances of a calibration, with another one up to which linking joins."""
    if calibration is None:
        return LinkingPolicy(max_distance=max_distance)
    scales = {
        pair: max_distance / most
        for pair, most in calibration.camera_pairs.items()
        if most > 0 and max_distance > 0
    }
    return LinkingPolicy(
        max_distance=max_distance,
        centre=calibration.centre,
        probability=calibration.probability,
        camera_scales=scales,
    )


def _tracklet_of(seen: SeenAt) -> ReviewTracklet:
    """A sighting without its vector."""
    assert seen.match.person_id is not None  # the gallery keeps no sighting without a person
    return ReviewTracklet(
        run_id=seen.run_id,
        key=seen.match.tracklet,
        person_id=seen.match.person_id,
        start_s=seen.start_s,
        end_s=seen.end_s,
        vector=np.empty(0, dtype=np.float32),
        clock=seen.clock,
    )


def _means_by_person(found: Sequence[ReviewTracklet], vectors: Mapping[Place, Array]) -> dict[int, Array]:
    """What stands for the tracklets of a person that have no vector of their own."""
    parts: dict[int, list[Array]] = {}
    for one in found:
        if one.place in vectors:
            parts.setdefault(one.person_id, []).append(vectors[one.place])
    return {person_id: _unit_mean(rows) for person_id, rows in parts.items()}


def _unit_mean(rows: Sequence[Array]) -> Array:
    mean = np.mean(rows, axis=0)
    length = np.linalg.norm(mean)
    return np.asarray(mean / length if length > 0 else rows[0], dtype=np.float32)
