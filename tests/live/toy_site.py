"""A site without frames: people are directions, and tracks grow as fast as a test says."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reid.distance import unit
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import refine, snapshot
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig
from reid.live.identity.zones import ZoneSettings
from reid.live.site import build_site
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_update import CameraUpdate
from reid.store.opening import open_store
from reid.types import Array, Embeddings, Tracklet, TrackletKey

ENCODER = "toy@0123456789ab"
FPS = 10
DIMENSION = 16


def look(person: int, spread: float = 0.1, seed: int = 0) -> Array:
    """(1, D) a unit vector near the axis of a person."""
    vector = spread * np.random.default_rng([person, seed]).normal(size=(1, DIMENSION))
    vector[0, person] += 1
    return unit(vector.astype(np.float32))


class Toy:
    """A site, its gallery on the disk, and everything that was told."""

    def __init__(
        self, path: Path, *, now: float = 1000.0, zones: ZoneSettings | None = None, **online: Any
    ) -> None:
        self.store = open_store(path, encoder_id=ENCODER)
        self.told: list[tuple[Event, float | None]] = []
        rule = LinkingPolicy(max_distance=0.4, fragment_s=4.0, fragment_slack=1.3)
        patience = Patience(new_after_s=1.5, margin=0.05)
        self.gallery = OnlineGallery(rule, patience, self.store.identities(), self.store.next_person_id())
        self.gallery.cameras = ["a", "b"]
        self.now = now  # on the monotonic clock, and the wall clock where nobody has set that
        self.set_by = 0.0  # seconds that somebody set the wall clock by
        self.tracks: dict[tuple[str, int], list[Tracklet]] = {}
        self.cadences: dict[str, Cadence] = {}
        self.config = OnlineConfig(**online)
        site = build_site(
            self.store,
            self.gallery,
            self.config,
            session=path.stem,
            clock=SiteClock(wall=lambda: self.now + self.set_by, monotonic=lambda: self.now),
            tell=lambda event, latency_s: self.told.append((event, latency_s)),
            shows_thing=lambda tracklet: tracklet.key in self.things,
            zones=zones or ZoneSettings(),
        )
        self.site, self.unit_of_work, self.site_state = site.registry, site.unit_of_work, site.state
        self.clock = site.clock
        self.things: set[TrackletKey] = set()  # keys of tracklets that show what never moves
        self._ids = 0

    def walk(
        self, camera: str, tracker: int, vectors: Array, seconds: float, *, begun: float | None = None
    ) -> TrackletKey:
        """Somebody is in view for so long, and still is."""
        begun = self.now if begun is None else begun
        for _ in range(round(seconds * FPS)):
            self.now += 1 / FPS
            self.show(camera, tracker, vectors, begun)
        return self.tracks[camera, tracker][-1].key

    def show(
        self,
        camera: str,
        tracker: int,
        vectors: Array,
        begun: float,
        *,
        box: Array | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        """One frame, of that size; the person is in `box`, or walks."""
        track_id = self.tracks[camera, tracker][-1].track_id if (camera, tracker) in self.tracks else 0
        if not track_id:
            self._ids += 1
            track_id = self._ids
        tracklet = made(camera, track_id, tracker, vectors, begun, self.now)
        self.tracks.setdefault((camera, tracker), []).append(tracklet)
        cadence = self.cadences.setdefault(camera, Cadence(config=self.config))
        due = cadence.due(tracker, self.now)
        if due:
            cadence.told(tracker, self.now)
        boxes = {tracker: tracklet.boxes[-1] if box is None else box}
        self.take(camera, boxes, {tracker: tracklet} if due else {}, size=size)

    def leave(self, camera: str, tracker: int, *, kept: bool = True) -> None:
        """Out of view; what was seen is worth keeping or not."""
        last = self.tracks.pop((camera, tracker))[-1]
        self.cadences[camera].forget(tracker)
        self.take(camera, ended=[last] if kept else [])

    def cut(self, camera: str, tracker: int) -> Tracklet:
        """A track is cut, and followed on; the tracklet that has ended."""
        last = self.tracks.pop((camera, tracker))[-1]
        self.cadences[camera].begin_again(tracker)
        self.take(camera, ended=[last], following=[tracker])
        return last

    def take(
        self,
        camera: str,
        boxes: Mapping[int, Array] | None = None,
        growing: Mapping[int, Tracklet] | None = None,
        ended: Sequence[Tracklet] = (),
        following: Sequence[int] = (),
        size: tuple[int, int] | None = None,
    ) -> None:
        """What a camera's process would send."""
        update = CameraUpdate(
            camera_id=camera,
            at_s=self.now,
            decoded_s=self.now,
            boxes=boxes or {},
            growing=growing or {},
            ended=tuple(ended),
            size=size,
            following=frozenset([*following, *(number for place, number in self.tracks if place == camera)]),
        )
        self.site.take(pickle.loads(pickle.dumps(update)))
        self.commit()

    def think(self) -> int:
        """Re-clustering."""
        changed = self.site.apply(refine(snapshot(self.gallery), self.gallery.policy))
        self.commit()
        return changed

    def commit(self) -> None:
        self.unit_of_work.commit()

    def events(self, kind: str) -> list[Event]:
        return [event for event, _ in self.told if event.kind == kind]

    def stored_as(self, key: TrackletKey) -> int | None:
        """The person of one tracklet in the gallery."""
        return self.stored().get(key)

    def stored(self) -> dict[TrackletKey, int]:
        """Who each sighting in the gallery shows."""
        return {
            seen.match.tracklet: person.person_id
            for person in self.store.people()
            for seen in self.store.sightings(person.person_id)
        }


def made(camera: str, track_id: int, tracker: int, vectors: Array, start_s: float, end_s: float) -> Tracklet:
    count = max(2, round((end_s - start_s) * FPS))
    times = np.linspace(start_s, end_s, count)
    boxes = np.array([[10, 10, 50, 110]], dtype=np.float32) + np.arange(count, dtype=np.float32)[:, None]
    return Tracklet(
        camera_id=camera,
        track_id=track_id,
        tracker_id=tracker,
        frames=np.arange(count, dtype=np.int32) + round(start_s * FPS) % 2**30,
        times_s=times,
        boxes=boxes + 200 * tracker,
        scores=np.full(count, 0.9, dtype=np.float32),
        embeddings=Embeddings(vectors=vectors, encoder_id=ENCODER),
        moments_s=np.full(len(vectors), start_s),
        qualities=np.full(len(vectors), 0.5, dtype=np.float32),
        crops=(f"{camera}{track_id}".encode(),) * len(vectors),
    )
