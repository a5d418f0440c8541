"""One camera, from frames to tracklets. It knows nothing of other cameras, so it runs anywhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reid.detection.detector import Detector
from reid.embedding.crops import cut
from reid.embedding.encoder import Encoder
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.static import StaticPlaces
from reid.tracking.tracker import Tracker, Tracks
from reid.types import Detections, Embeddings, Frame, Image, Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """One frame, and the people that the networks found in it."""

    frame: Frame
    people: Detections  # (N)
    crops: list[Image]  # N views of the frame
    embeddings: Embeddings  # (N, D)


LeaveOut = Callable[[Frame, Detections], Detections]


def _all(_: Frame, people: Detections) -> Detections:
    return people


def see(
    frames: Sequence[Frame],
    detector: Detector,
    encoder: Encoder,
    watch: Stopwatch,
    *,
    leave_out: LeaveOut = _all,
) -> list[Seen]:
    """The people in frames of one or of several cameras: each network is called once.

    Args:
        leave_out: returns the detections that count, see `IgnoredZones`.
    """
    with watch.stage("detect"):
        detected = detector.detect([frame.image for frame in frames])
        found = [leave_out(frame, people) for frame, people in zip(frames, detected, strict=True)]
    with watch.stage("embed"):
        crops = [cut(frame.image, people.boxes) for frame, people in zip(frames, found, strict=True)]
        vectors = encoder.encode([crop for in_frame in crops for crop in in_frame]).vectors
    seen, start = [], 0
    for frame, people, own_crops in zip(frames, found, crops, strict=True):
        own = Embeddings(vectors=vectors[start : start + len(people)], encoder_id=encoder.encoder_id)
        start += len(people)
        seen.append(Seen(frame=frame, people=people, crops=own_crops, embeddings=own))
    return seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Follower:
    """Follows the people of one camera from frame to frame.

    Args:
        static: learns what never moves and leaves it out; None: nothing is left out.
    """

    tracker: Tracker
    assembler: TrackletAssembler
    static: StaticPlaces | None = None

    def update(self, seen: Seen) -> tuple[Tracks, list[Tracklet]]:
        """Take the next frame: the tracks in it, and the tracklets that have ended."""
        rows = np.arange(len(seen.people))
        if self.static is not None:
            rows = np.flatnonzero(self.static.update(seen.frame, seen.people))
        people = Detections(boxes=seen.people.boxes[rows], scores=seen.people.scores[rows])
        vectors = Embeddings(vectors=seen.embeddings.vectors[rows], encoder_id=seen.embeddings.encoder_id)
        tracks = self.tracker.update(people, vectors, seen.frame.image)
        crops = [seen.crops[row] for row in rows]
        ended = self.assembler.update(seen.frame, crops, people, vectors, tracks)
        return Tracks(tracker_ids=tracks.tracker_ids, detections=rows[tracks.detections]), list(ended)


def follow(
    frames: Iterable[Frame],
    *,
    detector: Detector,
    encoder: Encoder,
    tracker: Tracker,
    assembler: TrackletAssembler,
    batch: int,
    watch: Stopwatch,
    on_frames: Callable[[list[Frame]], None],
    static: StaticPlaces | None = None,
    on_people: Callable[[int], None] = lambda _: None,
    leave_out: LeaveOut = _all,
) -> Iterator[Tracklet]:
    """Tracklets of one camera, each when it has ended.

    Detector and encoder see `batch` frames at a time; tracker and assembler go frame by frame. `on_frames` is
    told of every batch that is done, and `on_people` of the number of boxes in it. Memory does not grow with the
    length of the stream. Tracklets of a thing from before `static` knew it are among them, see `shows_thing`.
    """
    follower = Follower(tracker=tracker, assembler=assembler, static=static)
    for group in watch.groups("read", frames, batch):
        seen = see(group, detector, encoder, watch, leave_out=leave_out)
        with watch.stage("track"):
            ended = [tracklet for one in seen for tracklet in follower.update(one)[1]]
        on_frames(group)
        on_people(sum(len(one.people) for one in seen))
        yield from ended
    with watch.stage("track"):
        ended = list(assembler.finish())
    yield from ended
