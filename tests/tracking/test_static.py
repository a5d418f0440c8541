"""Mannequins and posters are learned from pixels; people who stand still are not."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reid.camera import follow
from reid.camera_config import TrackerConfig, TrackletConfig
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.static import MOST_PLACES, StaticPlaces
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from reid.types import Array, Detections, Embeddings, Frame, Image
from tests.tracklets import tracklet

FPS = 2
HEIGHT, WIDTH = 150, 230
STAND = (60, 50, 90, 140)  # where something stands


def texture(seed: int, height: int, width: int) -> Image:
    """Patches of grey, as clothes and shelves have."""
    coarse = np.random.default_rng(seed).integers(20, 220, (height // 10 + 1, width // 10 + 1, 1))
    return np.repeat(coarse.repeat(10, 0).repeat(10, 1)[:height, :width], 3, axis=2).astype(np.uint8)


NOISE = np.random.default_rng(3).normal(0, 4, (7, HEIGHT, WIDTH, 1)).astype(np.float32)
SCENE, FIGURE, WALKER = texture(0, HEIGHT, WIDTH), texture(1, 90, 30), texture(2, 90, 30)
Stands = Callable[[float], tuple[int, int] | None]  # at a time: how far it is moved; None: not there


def still(_: float) -> tuple[int, int]:
    return 0, 0


def scene(time_s: float, stands: Stands, walker: int | None = None) -> Image:
    """A noisy frame: light that goes up and down, something that stands, and a walker with the left edge there."""
    image = SCENE.copy()
    left, top, right, bottom = STAND
    if (moved := stands(time_s)) is not None:
        image[top + moved[1] : bottom + moved[1], left + moved[0] : right + moved[0]] = FIGURE
    if walker is not None:
        image[60:150, walker : walker + 30] = WALKER
    noisy = image * np.float32(1 + 0.1 * np.sin(time_s / 3)) + NOISE[int(time_s * 100) % len(NOISE)]
    return np.clip(noisy, 0, 255).astype(np.uint8)


def boxes(*rows: tuple[float, ...]) -> Detections:
    return Detections(
        boxes=np.array(rows, dtype=np.float32).reshape(-1, 4), scores=np.full(len(rows), 0.8, np.float32)
    )


def jittered(time_s: float) -> tuple[float, ...]:
    """The detector's box of what stands."""
    noise = np.random.default_rng(int(time_s * 100) + 7).normal(0, 1.2, 4)
    return tuple(np.array(STAND) + noise)


def places(**settings: object) -> StaticPlaces:
    return StaticPlaces("a", TrackletConfig(**settings), sure=0.4)


def watch(
    learning: StaticPlaces,
    seconds: float,
    stands: Stands = still,
    *,
    begun: float = 0.0,
    found: Callable[[float], bool] = lambda _: True,
) -> list[tuple[float, bool]]:
    """(when, whether it may be a person) of every detection of what stands."""
    told = []
    for number in range(round(seconds * FPS)):
        now = begun + number / FPS
        moved = stands(now)
        seen = boxes(jittered(now)) if moved is not None and found(now) else boxes()
        frame = Frame(camera_id="a", index=number, timestamp_s=now, image=scene(now, stands))
        told += [(now, bool(kept)) for kept in learning.update(frame, seen)]
    return told


def test_a_mannequin_is_left_out_once_it_is_known() -> None:
    learning = places()
    told = watch(learning, 60)
    assert all(kept for now, kept in told if now < 29)
    assert not any(kept for now, kept in told if now > 32)
    (thing,) = learning.things
    assert (thing.camera_id, thing.first_s) == ("a", 0.0)
    assert np.abs(thing.box - STAND).max() < 5
    assert thing.last_s > 59
    assert thing.crop.startswith(b"\xff\xd8")


@pytest.mark.parametrize("sway", [2, 4])
def test_a_person_who_stands_for_minutes_is_a_person(sway: int) -> None:
    """Two of ninety pixels, as four centimetres: people who stand shift more than that."""
    learning = places()

    def swaying(time_s: float) -> tuple[int, int]:
        return round(sway * np.sin(time_s)), 0

    assert all(kept for _, kept in watch(learning, 90, swaying))
    assert learning.things == []


def test_a_person_who_comes_and_goes_is_a_person() -> None:
    """However still: three visits to the same spot, shorter than a thing stands."""
    learning = places()
    told = watch(learning, 120, lambda now: (0, 0) if now % 40 < 12 else None)
    assert len(told) == 72
    assert all(kept for _, kept in told)
    assert learning.things == []


def test_a_thing_that_is_found_now_and_then_is_learned_too() -> None:
    learning = places()
    told = watch(learning, 130, found=lambda now: now % 10 < 1.5)
    assert told[0] == (0.0, True)
    assert not told[-1][1]
    assert len(learning.things) == 1


def test_who_stands_before_a_thing_is_a_person() -> None:
    """The walker covers it with nearly its box; beside it they are as free as ever."""
    learning = places()
    watch(learning, 40)
    for number, left in enumerate((10, 58, 66, 140)):
        now = 40 + number / FPS
        frame = Frame(camera_id="a", index=0, timestamp_s=now, image=scene(now, still, walker=left))
        kept = learning.update(frame, boxes((left, 60, left + 30, 150)))
        assert kept.tolist() == [True], left
    frame = Frame(camera_id="a", index=0, timestamp_s=42, image=scene(42, still))
    part = (STAND[0], STAND[1], STAND[2], STAND[1] + 50)  # of the thing: its upper half alone
    assert learning.update(frame, boxes(part)).tolist() == [False]


def test_a_thing_is_known_after_a_restart_but_not_where_it_is_gone() -> None:
    learning = places()
    watch(learning, 40)
    again = StaticPlaces("a", TrackletConfig(), sure=0.4, things=learning.things)
    assert not any(kept for _, kept in watch(again, 2, begun=1000))
    assert again.things[0].first_s == 0.0
    frame = Frame(camera_id="a", index=0, timestamp_s=2000, image=scene(2000, lambda _: None))
    assert again.update(frame, boxes(STAND)).tolist() == [True]
    three_days = 3 * 86400.0
    frame = Frame(camera_id="a", index=0, timestamp_s=three_days, image=scene(three_days, lambda _: None))
    again.update(frame, boxes())
    assert again.things == []


def test_tracklets_from_before_it_was_known_show_it() -> None:
    learning = places()
    watch(learning, 40)
    early = tracklet(frames=range(25 * FPS), box=STAND, fps=FPS)
    walking = np.linspace((0, 50, 30, 140), (200, 50, 230, 140), 100)
    assert learning.shows_thing(early)
    assert not learning.shows_thing(tracklet(frames=range(100), box=walking, fps=FPS))
    assert not learning.shows_thing(tracklet(frames=range(4000, 4100), box=STAND, fps=FPS)), "nothing known"


def test_weak_detections_alone_make_no_thing() -> None:
    """No track begins with them, so they are no identity either."""
    learning = StaticPlaces("a", TrackletConfig(), sure=0.9)
    assert all(kept for _, kept in watch(learning, 60))
    assert learning.things == []


def test_crowds_do_not_fill_the_memory() -> None:
    learning, rng = places(), np.random.default_rng(0)
    for number in range(10):
        corner = rng.uniform((0, 0), (WIDTH - 30, HEIGHT - 90), (60, 2))
        people = np.concatenate([corner, corner + np.array([30, 90])], axis=1)
        frame = Frame(
            camera_id="a", index=number, timestamp_s=number / FPS, image=texture(number, HEIGHT, WIDTH)
        )
        crowd = boxes(*people.tolist())
        assert learning.update(frame, crowd).all()
        assert len(learning._places) <= MOST_PLACES


class _Detector:
    """Finds the walker, and what stands where the walker does not hide it."""

    detector_id, model_s, classes = "truth", 0.0, "person"

    def __init__(self) -> None:
        self.number = 0

    def detect(self, images: list[Image]) -> list[Detections]:
        found = []
        for _ in images:
            now, left = self.number / FPS, walker_at(self.number)
            hidden = abs(left - STAND[0]) < 20
            found.append(boxes((left, 60, left + 30, 150), *([] if hidden else [jittered(now)])))
            self.number += 1
        return found


class _Encoder:
    """Mean grey levels of a crop's tiles."""

    encoder_id, dimension, model_s = "tiles", 8, 0.0

    def encode(self, crops: list[Image]) -> Embeddings:
        rows: list[Array] = [
            np.array([part.mean() for part in np.array_split(crop, 8)], dtype=np.float32) for crop in crops
        ]
        vectors = np.stack(rows) if rows else np.zeros((0, 8), np.float32)
        vectors = vectors - 110
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors=vectors / np.maximum(norms, 1e-6), encoder_id=self.encoder_id)


def walker_at(number: int) -> int:
    """To and fro, past what stands."""
    return int(100 + 90 * np.sin(number / 12))


def test_a_camera_tracks_the_walker_alone() -> None:
    """Rows of the frame's detections stay right where the thing is left out."""

    def frames() -> Iterator[Frame]:
        for number in range(40 * FPS):
            now = number / FPS
            image = scene(now, still, walker=walker_at(number))
            yield Frame(camera_id="a", index=number, timestamp_s=now, image=image)

    learning = places(static_s=10)
    found = follow(
        frames(),
        detector=_Detector(),
        encoder=_Encoder(),
        tracker=UltralyticsTracker(TrackerConfig(kind="bytetrack"), FPS),
        assembler=TrackletAssembler("a", "tiles", TrackletConfig(), split_distance=2.0),
        batch=8,
        watch=Stopwatch(),
        on_frames=lambda _: None,
        static=learning,
    )
    tracklets = [one for one in found if not learning.shows_thing(one)]
    assert len(learning.things) == 1
    late = [
        (n, box) for one in tracklets for n, box in zip(one.frames, one.boxes, strict=True) if n > 20 * FPS
    ]
    assert len(late) > 0.9 * 20 * FPS
    assert all(abs(box[0] - walker_at(int(n))) < 1 for n, box in late)
