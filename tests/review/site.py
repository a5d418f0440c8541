"""A small site under review: people on axes, seen in cameras, and results folders of it with real artefacts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from reid.calibration_record import Calibration, ProbabilityMap
from reid.linking.offline import Linking
from reid.linking.policy import LinkingPolicy
from reid.outputs.artefact import ArtefactWriter
from reid.outputs.folder import ResultsFolder
from reid.review.answers import Review
from reid.review.records import Question, ResultsAtHand
from reid.review.site import ReviewSite
from reid.site import link_site
from reid.store.base import Store
from reid.store.opening import open_store
from reid.types import Tracklet
from tests.store.site import NOON
from tests.tracklets import ENCODER, towards, tracklet

CAMERAS = ("lobby", "yard")
MAX_DISTANCE = 0.5
CENTRE = np.full(8, 0.1, dtype=np.float32)  # every camera adds to it, see `reid.embedding.normalisation`
POLICY = LinkingPolicy(max_distance=MAX_DISTANCE, centre=CENTRE, possible_motion=False)
MAP = ProbabilityMap(distances=np.array([0.2, 0.5, 0.7]), probabilities=np.array([1.0, 0.5, 0.0]), people=10)


def calibration() -> Calibration:
    return Calibration(
        encoder_id=ENCODER,
        max_distance=MAX_DISTANCE,
        centre=CENTRE,
        data_set="toy",
        operating_point="by hand",
        genuine_rate=1.0,
        impostor_rate=0.0,
        probability=MAP,
    )


def jpeg(shade: int) -> bytes:
    return cv2.imencode(".jpg", np.full((16, 8, 3), shade, dtype=np.uint8))[1].tobytes()


def seen(camera: str, track: int, who: int, *, start: int = 0, spread: float = 0.05) -> Tracklet:
    """Person `who`, on axis `who`, in a camera from frame `start` on, for 60 frames, with three crops."""
    vectors = towards(who, spread=spread, seed=100 * track + len(camera), count=3)
    made = tracklet(camera, track, frames=range(start, start + 60), vectors=vectors)
    box = np.array([10 * track, 20, 10 * track + 8, 60], dtype=np.float32)
    return replace(
        made,
        boxes=np.broadcast_to(box, (60, 4)).copy(),
        crops=tuple(jpeg(20 * track + number) for number in range(3)),
    )


def between(one: Tracklet, other: int, share: float) -> Tracklet:
    """A tracklet whose looks are on the way to person `other`."""
    vectors = (1 - share) * one.embeddings.vectors + share * towards(other)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return replace(one, embeddings=replace(one.embeddings, vectors=vectors.astype(np.float32)))


def results(root: Path, tracklets: Sequence[Tracklet], run_id: str = "r") -> ResultsAtHand:
    """A results folder with the artefacts of these tracklets."""
    cameras = tuple(sorted({one.camera_id for one in tracklets}))
    for camera in cameras:
        path = ResultsFolder(root).camera(camera)
        path.parent.mkdir(parents=True, exist_ok=True)
        with ArtefactWriter(path) as writer:
            for one in tracklets:
                if one.camera_id == camera:
                    writer.append(one)
            writer.finish({})
    return ResultsAtHand(root=root, run_id=run_id, cameras=cameras)


def linked(store: Store, tracklets: Sequence[Tracklet], run_id: str = "r") -> Linking:
    cameras = sorted({one.camera_id for one in tracklets})
    return link_site(tracklets, POLICY, store, run_id=run_id, started=NOON, cameras=cameras)


@contextmanager
def under_review(folder: Path, tracklets: Sequence[Tracklet], *, alone: bool = False) -> Iterator[ReviewSite]:
    """The tracklets linked into a gallery; `alone`: without their results folder."""
    with open_store(folder / "site.db", encoder_id=ENCODER) as store:
        linked(store, tracklets)
        at_hand = [] if alone else [results(folder / "results", tracklets)]
        yield ReviewSite.open(store, at_hand, calibration=calibration(), max_distance=MAX_DISTANCE)


def made() -> list[Tracklet]:
    """P0001 is seen in both cameras; P0002 too, less surely; P0003 may be them as well; P0004 is like no one."""
    return [
        seen("lobby", 1, 0),
        seen("yard", 1, 0, start=100),
        seen("lobby", 2, 1, start=100),
        between(seen("yard", 2, 1, start=300), 2, 0.45),
        between(seen("yard", 3, 1, start=500), 3, 0.52),
        seen("lobby", 4, 5, start=700),
    ]


def who(review: Review) -> dict[str, int]:
    """The person of each tracklet."""
    return {one.id: one.person_id for one in review.site.tracklets()}


def of_kind(review: Review, kind: str) -> Question:
    """The open question of a kind that is worth most."""
    return next(one for one in review.questions() if one.kind == kind)
