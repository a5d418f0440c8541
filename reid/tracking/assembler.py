"""From tracked boxes to tracklets: what is kept of a track is bounded, and cut where it is doubtful."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from reid.camera_config import TrackletConfig
from reid.tracking.moments import MOMENT_S, Moment, condense
from reid.tracking.quality import qualities
from reid.tracking.split import cuts
from reid.tracking.tracker import Tracks
from reid.types import Array, Detections, Embeddings, Frame, Image, Tracklet


@dataclass(slots=True)
class _Growing:
    """A track that is still being followed."""

    tracker_id: int
    track_id: int | None = None  # promised by `so_far`
    frames: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    boxes: list[Array] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)


class TrackletAssembler:
    """Collects one camera's tracks and hands out each tracklet when it has ended."""

    def __init__(
        self,
        camera_id: str,
        encoder_id: str,
        config: TrackletConfig,
        *,
        split_distance: float,
        centre: Array | None = None,
    ) -> None:
        """`split_distance` is taken from `centre` (D,), as linking's distances are; None: from the origin."""
        self._camera_id = camera_id
        self._encoder_id = encoder_id
        self._split_distance = split_distance
        self._centre = centre
        self._config = config
        self._growing: dict[int, _Growing] = {}
        self._next_id = 1

    def update(
        self, frame: Frame, crops: list[Image], detections: Detections, embeddings: Embeddings, tracks: Tracks
    ) -> Iterator[Tracklet]:
        """Take one frame's tracks; yields the tracklets that it ends."""
        quality = qualities(frame.image, detections)
        for tracker_id, row in zip(tracks.tracker_ids.tolist(), tracks.detections.tolist(), strict=True):
            track = self._growing.get(tracker_id)
            if track and self._must_cut(track, frame.timestamp_s):
                yield from self._end(tracker_id)
                track = None
            if track is None:
                track = self._growing[tracker_id] = _Growing(tracker_id)
            track.frames.append(frame.index)
            track.times_s.append(frame.timestamp_s)
            track.boxes.append(detections.boxes[row])
            track.scores.append(float(detections.scores[row]))
            moment = self._moment(track, frame.timestamp_s, embeddings.vectors.shape[1])
            moment.add(frame.timestamp_s, embeddings.vectors[row], float(quality[row]), crops[row])
        yield from self.expire(frame.timestamp_s)

    @property
    def following(self) -> Collection[int]:
        """The tracker's numbers of the tracks that have not ended."""
        return self._growing.keys()

    def so_far(self, tracker_id: int) -> Tracklet | None:
        """What is known of a track that is still being followed; None where it is too short to keep.

        Its `track_id` is a promise: the largest part of the track will have it when it has ended, and where nothing
        of it is kept then, nobody else gets it.
        """
        track = self._growing[tracker_id]
        if track.times_s[-1] - track.times_s[0] < self._config.min_s:
            return None
        if track.track_id is None:
            track.track_id = self._new_id()
        return self._tracklet(track, slice(None), track.moments, track.track_id)

    def expire(self, now_s: float) -> Iterator[Tracklet]:
        """Tracklets of tracks that have been out of view for too long at `now_s`, frames or not."""
        gone = [i for i, t in self._growing.items() if now_s - t.times_s[-1] > self._config.max_gap_s]
        for tracker_id in gone:
            yield from self._end(tracker_id)

    def forget(self, tracker_id: int) -> None:
        """Nothing is kept of a track so far; what comes of it is a new one."""
        self._growing.pop(tracker_id, None)

    def finish(self) -> Iterator[Tracklet]:
        """Tracklets of all tracks that were still in view."""
        for tracker_id in list(self._growing):
            yield from self._end(tracker_id)

    def _must_cut(self, track: _Growing, now_s: float) -> bool:
        gap, length = now_s - track.times_s[-1], now_s - track.times_s[0]
        return gap > self._config.max_gap_s or length > self._config.max_length_s

    def _moment(self, track: _Growing, now_s: float, dimension: int) -> Moment:
        if not track.moments or now_s - track.moments[-1].start_s >= MOMENT_S:
            if track.moments:
                track.moments[-1].close(self._config.jpeg_quality)
            track.moments.append(Moment(start_s=now_s, vector_sum=np.zeros(dimension, dtype=np.float32)))
        return track.moments[-1]

    def _end(self, tracker_id: int) -> Iterator[Tracklet]:
        track = self._growing.pop(tracker_id)
        track.moments[-1].close(self._config.jpeg_quality)
        times = np.array(track.times_s)
        positions = [0, *cuts(track.moments, self._split_distance, self._centre), len(track.moments)]
        pieces = []
        for first, last in itertools.pairwise(positions):
            until_s = track.moments[last].start_s if last < len(track.moments) else np.inf
            start, stop = np.searchsorted(times, [track.moments[first].start_s, until_s]).tolist()
            if times[stop - 1] - times[start] >= self._config.min_s:
                pieces.append((slice(start, stop), track.moments[first:last]))
        largest = max(pieces, key=lambda piece: piece[0].stop - piece[0].start, default=None)
        for piece in pieces:
            promised = track.track_id if piece is largest else None
            yield self._tracklet(track, *piece, self._new_id() if promised is None else promised)

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _tracklet(self, track: _Growing, part: slice, moments: list[Moment], track_id: int) -> Tracklet:
        """The `part` of a track that `moments` cover."""
        kept = condense(moments, self._config.max_moments)
        return Tracklet(
            camera_id=self._camera_id,
            track_id=track_id,
            tracker_id=track.tracker_id,
            frames=np.array(track.frames[part], dtype=np.int32),
            times_s=np.array(track.times_s[part]),
            boxes=np.stack(track.boxes[part]).astype(np.float32),
            scores=np.array(track.scores[part], dtype=np.float32),
            embeddings=Embeddings(vectors=np.stack([m.vector for m in kept]), encoder_id=self._encoder_id),
            moments_s=np.array([m.best_s for m in kept]),
            qualities=np.array([m.best_quality for m in kept], dtype=np.float32),
            crops=tuple(m.crop or m.jpeg(self._config.jpeg_quality) for m in kept),
        )
