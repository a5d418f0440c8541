"""Tracklets to write results of: a small random one, and the bundled recording cut up by its ground truth."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import reid
from reid.outputs.artefact import ArtefactWriter
from reid.types import Embeddings, Identity, Match, Tracklet, TrackletKey

DEMO = Path(reid.__file__).parent / "demo"
ENCODER = "osnet_x1_0:3f9c2a7be1d0"


@dataclass(frozen=True)
class Scene:
    tracklets: list[Tracklet]
    matches: list[Match]
    identities: list[Identity]
    run: dict[str, Any]


def tracklet(
    camera: str,
    track_id: int,
    frames: Sequence[int],
    *,
    fps: float = 10.0,
    x: float = 0.0,
    score: float = 0.9,
    crops: Sequence[bytes] = (),
    seed: int = 0,
) -> Tracklet:
    """A person who walks 1 px a frame; moments are spread evenly, qualities fall."""
    index = np.asarray(frames, dtype=np.int32)
    left = x + index.astype(np.float32)
    boxes = np.stack([left, np.full_like(left, 10), left + 20, np.full_like(left, 70)], axis=1)
    vectors = np.random.default_rng(seed).normal(size=(len(crops), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Tracklet(
        camera_id=camera,
        track_id=track_id,
        tracker_id=track_id,
        frames=index,
        times_s=index / fps,
        boxes=boxes.astype(np.float32),
        scores=np.full(len(index), score, dtype=np.float32),
        embeddings=Embeddings(vectors=vectors, encoder_id=ENCODER),
        moments_s=np.linspace(index[0], index[-1], len(crops)) / fps,
        qualities=np.linspace(0.9, 0.1, len(crops), dtype=np.float32),
        crops=tuple(crops),
    )


def save_tracklets(path: Path, tracklets: Iterable[Tracklet], meta: Mapping[str, Any]) -> None:
    """Write the tracklets, in order, and `meta` (anything JSON can hold)."""
    with ArtefactWriter(path) as writer:
        for one in tracklets:
            writer.append(one)
        writer.finish(meta)


def match(
    of: Tracklet, person: int | None, distance: float | None = None, runner: int | None = None
) -> Match:
    return Match(
        tracklet=of.key,
        person_id=person,
        distance=distance,
        runner_up_id=runner,
        runner_up_distance=None if runner is None else (distance or 0.0) + 0.2,
    )


def jpeg(seed: int = 0, height: int = 60, width: int = 24) -> bytes:
    """A noisy image of one colour."""
    rng = np.random.default_rng(seed)
    image = np.clip(rng.integers(40, 215, 3) + rng.normal(0, 12, (height, width, 3)), 0, 255)
    return bytes(cv2.imencode(".jpg", image.astype(np.uint8))[1])


@cache
def demo_scene() -> Scene:
    """The three demo cameras, cut into tracklets by the truth's boxes, with made up vectors and decisions."""
    tracklets, persons = [], {}
    for camera in ("cam1", "cam2", "cam3"):
        for number, (person, part) in enumerate(_demo_tracks(camera), start=1):
            made = part(number)
            tracklets.append(made)
            persons[made.key] = person
    rng = np.random.default_rng(7)
    matches = [_plausible(item, persons, rng) for item in tracklets]
    lost = max(tracklets, key=lambda t: (len(t.crops) > 0, -len(t.frames)))  # the shortest: too weak to tell
    matches = [
        Match(tracklet=m.tracklet, person_id=None, distance=0.52, runner_up_id=3, runner_up_distance=0.52)
        if m.tracklet == lost.key
        else m
        for m in matches
    ]
    return Scene(tracklets, matches, identities(tracklets, matches, known={2, 5}), demo_run())


def identities(
    tracklets: Sequence[Tracklet], matches: Sequence[Match], known: set[int] | None = None
) -> list[Identity]:
    found: dict[int, list[TrackletKey]] = {}
    for item in matches:
        if item.person_id is not None:
            found.setdefault(item.person_id, []).append(item.tracklet)
    some = Embeddings(vectors=np.eye(1, 8, dtype=np.float32), encoder_id=ENCODER)
    return [
        Identity(person_id=person, tracklets=tuple(keys), prototypes=some, known=person in (known or set()))
        for person, keys in sorted(found.items())
    ]


def demo_run() -> dict[str, Any]:
    cameras = {
        name: {
            "files": [{"file": f"/media/atrium/{name}.mp4", "begins_s": None}],
            "frames": 540,
            "duration_s": 45.0,
            "fps": 12.0,
            "width": 640,
            "height": 360,
            "seconds": 21.4,
            "frames_per_second": 25.2,
        }
        for name in ("cam1", "cam2", "cam3")
    }
    return {
        "run_key": "3b1f",
        "started": "2025-11-23T12:36:04+01:00",
        "seconds": 71.3,
        "frames_per_second": 22.7,
        "stages_s": {"detection": 38.2, "embedding": 24.6, "tracking": 3.1, "decoding": 2.2, "linking": 0.1},
        "cameras": cameras,
        "encoder_id": ENCODER,
        "threshold": {"max_distance": 0.34, "source": "calibration of osnet_x1_0 on market1501, FPR 0.1 %"},
        "warnings": ["cam3: the file ends early; 540 of 545 frames were read"],
        "versions": {"reid": "0.1.0", "numpy": np.__version__},
        "config": {"tracker": {"kind": "botsort"}, "linking": {"max_distance": None}},
    }


def _demo_tracks(camera: str) -> list[tuple[int, Any]]:
    rows = np.loadtxt(DEMO / f"{camera}_gt.txt", delimiter=",")
    images = _images(DEMO / f"{camera}.mp4")
    cut = []
    for person in np.unique(rows[:, 1]).astype(int):
        own = rows[rows[:, 1] == person]
        for part in np.split(own, np.flatnonzero(np.diff(own[:, 0]) > 6) + 1):
            if len(part) >= 3:
                cut.append((float(part[0, 0]), int(person), part))
    cut.sort(key=lambda item: item[:2])
    return [
        (person, lambda number, part=part, person=person: _cut(camera, number, person, part, images))
        for _, person, part in cut
    ]


def _cut(camera: str, number: int, person: int, rows: Any, images: Any) -> Tracklet:
    frames = rows[:, 0].astype(np.int32) - 1
    boxes = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1).astype(np.float32)
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(8, 1 + len(rows) // 12)).astype(int))
    rng = np.random.default_rng(zlib.crc32(f"{camera}{number}".encode()))
    centre = np.random.default_rng(person).normal(size=64)
    vectors = (centre + rng.normal(0, 0.5, (len(chosen), 64))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    crops = []
    for k in chosen:
        x1, y1, x2, y2 = boxes[k].astype(int)
        crops.append(bytes(cv2.imencode(".jpg", images[frames[k]][max(y1, 0) : y2, max(x1, 0) : x2])[1]))
    return Tracklet(
        camera_id=camera,
        track_id=number,
        tracker_id=number,
        frames=frames,
        times_s=frames / 12.0,
        boxes=boxes,
        scores=rng.uniform(0.6, 0.95, len(frames)).astype(np.float32),
        embeddings=Embeddings(vectors=vectors, encoder_id=ENCODER),
        moments_s=frames[chosen] / 12.0,
        qualities=(rows[chosen, 8] * np.minimum(1, rows[chosen, 5] / 150)).astype(np.float32),
        crops=tuple(crops),
    )


def _images(path: Path) -> list[Any]:
    capture, images = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images


def _plausible(of: Tracklet, persons: dict[TrackletKey, int], rng: np.random.Generator) -> Match:
    person = persons[of.key]
    distance = float(np.clip(rng.normal(0.2, 0.05), 0.05, 0.33))
    other = int(rng.choice([p for p in set(persons.values()) if p != person]))
    margin = float(rng.choice([-0.02, 0.02, 0.08, 0.2, 0.3])) + float(rng.uniform(0, 0.03))
    return Match(
        tracklet=of.key,
        person_id=person,
        distance=distance,
        runner_up_id=other,
        runner_up_distance=distance + margin,
    )
