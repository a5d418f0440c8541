"""One camera, from frames to tracklets: real tracker and assembler, a detector that knows the truth."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from reid.camera import follow
from reid.camera_config import SourceConfig, TrackerConfig, TrackletConfig
from reid.distance import unit
from reid.geometry import iou
from reid.shipped import demo_recording
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from reid.types import Array, Detections, Embeddings, Frame, Image, Tracklet
from reid.video.reader import read
from reid.video.source import Source
from tests.weight import held_bytes

FPS = 12.0
SECONDS = 8


class Truth:
    """Finds exactly the people of the demo's first camera that are to be seen well."""

    detector_id = "truth"
    model_s = 0.0

    def __init__(self) -> None:
        rows = np.loadtxt(demo_recording() / "cam1_gt.txt", delimiter=",")
        self.rows = rows[rows[:, 8] > 0.3]
        self.batches: list[int] = []

    def people(self, index: int) -> tuple[Array, list[int]]:
        rows = self.rows[self.rows[:, 0] == index + 1]
        boxes = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]).astype(np.float32)
        return boxes, rows[:, 1].astype(int).tolist()

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        first = sum(self.batches)
        self.batches.append(len(images))
        found = [self.people(first + place)[0] for place in range(len(images))]
        return [Detections(boxes=boxes, scores=np.full(len(boxes), 0.9, np.float32)) for boxes in found]


class Colours:
    """Vectors of how much of each colour a crop's middle holds: clothes, roughly."""

    encoder_id = "colours"
    dimension = 64
    model_s = 0.0

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        vectors = np.zeros((len(crops), self.dimension), dtype=np.float32)
        for row, crop in zip(vectors, crops, strict=True):
            height, width = crop.shape[:2]
            middle = crop[height // 5 : height * 4 // 5, width // 4 : max(width * 3 // 4, 1)].reshape(-1, 3)
            np.add.at(row, (middle // 64) @ [16, 4, 1], 1)
        return Embeddings(vectors=unit(np.sqrt(vectors)), encoder_id=self.encoder_id)


def run(
    frames: Iterator[Frame] | list[Frame],
    detector: Truth,
    *,
    batch: int = 8,
    on_frames: Callable[[list[Frame]], None] = lambda group: None,
    watch: Stopwatch | None = None,
    assembler: TrackletAssembler | None = None,
) -> Iterator[Tracklet]:
    return follow(
        frames,
        detector=detector,
        encoder=Colours(),
        tracker=UltralyticsTracker(TrackerConfig(max_distance=0.3), FPS),
        assembler=assembler or TrackletAssembler("cam1", "colours", TrackletConfig(), split_distance=1.0),
        batch=batch,
        watch=watch or Stopwatch(),
        on_frames=on_frames,
    )


def demo(seconds: float = SECONDS) -> Iterator[Frame]:
    source = Source(camera_id="cam1", files=(demo_recording() / "cam1.mp4",))
    return read(source, SourceConfig(end_s=seconds), print)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return list(demo())


def test_tracklets_show_one_person_each(frames: list[Frame]) -> None:
    truth = Truth()
    tracklets = list(run(frames, truth))
    assert [t.track_id for t in tracklets] == list(range(1, len(tracklets) + 1))
    assert all(np.all(np.diff(t.frames) > 0) for t in tracklets)
    seen, covered = Counter[int](), Counter[int]()
    for frame in frames:
        seen.update(truth.people(frame.index)[1])
    for tracklet in tracklets:
        shown = Counter[int]()
        for index, box in zip(tracklet.frames.tolist(), tracklet.boxes, strict=True):
            boxes, people = truth.people(index)
            shown[people[int(iou(box[None], boxes)[0].argmax())]] += 1
        person, count = shown.most_common(1)[0]
        assert count / shown.total() > 0.95
        covered[person] += count
        np.testing.assert_allclose(tracklet.times_s, tracklet.frames / FPS, atol=1e-4)
    stayed = [person for person, count in seen.items() if count > FPS]
    assert len(stayed) >= 3
    assert all(covered[person] > 0.9 * seen[person] for person in stayed)
    assert len(tracklets) <= 2 * len(seen)


def same(a: Tracklet, b: Tracklet) -> bool:
    return (
        a.key == b.key
        and np.array_equal(a.frames, b.frames)
        and np.array_equal(a.boxes, b.boxes)
        and np.allclose(a.embeddings.vectors, b.embeddings.vectors, atol=1e-6)
        and list(a.crops) == list(b.crops)
    )


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batches_change_nothing_but_speed(frames: list[Frame], batch: int) -> None:
    detector = Truth()
    told: list[int] = []
    part = frames[:50]
    expected = list(run(part, Truth(), batch=8))
    made = list(run(part, detector, batch=batch, on_frames=lambda group: told.extend(f.index for f in group)))
    assert told == [frame.index for frame in part]
    assert detector.batches == [min(batch, 50 - start) for start in range(0, 50, batch)]
    assert len(made) == len(expected) >= 2
    assert all(same(a, b) for a, b in zip(made, expected, strict=True))


def test_no_frames_and_nobody() -> None:
    assert list(run([], Truth())) == []
    blank = np.zeros((360, 640, 3), dtype=np.uint8)
    empty = [Frame(camera_id="cam1", index=i, timestamp_s=i / FPS, image=blank) for i in range(20)]
    nobody = Truth()
    nobody.rows = nobody.rows[:0]
    told: list[int] = []
    assert list(run(empty, nobody, on_frames=lambda group: told.append(len(group)))) == []
    assert told == [8, 8, 4]


def test_frames_are_asked_for_as_they_are_needed(frames: list[Frame]) -> None:
    asked = []

    def live() -> Iterator[Frame]:
        for frame in frames:
            asked.append(frame.index)
            yield frame

    done: list[int] = []
    run_ahead: list[int] = []

    def tell(group: list[Frame]) -> None:
        done.extend(frame.index for frame in group)
        run_ahead.append(len(asked) - len(done))

    watch = Stopwatch()
    list(run(live(), Truth(), on_frames=tell, watch=watch))
    assert max(run_ahead) == 0
    assert set(watch.seconds) == {"read", "detect", "embed", "track"}
    assert all(seconds > 0 for seconds in watch.seconds.values())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream(frames: list[Frame]) -> None:
    """The same eight seconds ten times over, cut after five: what is held stays what it was."""

    class Loop(Truth):
        def people(self, index: int) -> tuple[Array, list[int]]:
            return super().people(index % len(frames))

    def stream() -> Iterator[Frame]:
        for index in range(10 * len(frames)):
            image = frames[index % len(frames)].image
            yield Frame(camera_id="cam1", index=index, timestamp_s=index / FPS, image=image)

    config = TrackletConfig(max_length_s=5)
    assembler = TrackletAssembler("cam1", "colours", config, split_distance=1.0)
    held: list[int] = []
    made = run(
        stream(), Loop(), on_frames=lambda group: held.append(held_bytes(assembler)), assembler=assembler
    )
    assert sum(1 for _ in made) > 20
    tenth = len(held) // 10
    assert max(held[-3 * tenth :]) < 1.3 * max(held[: 3 * tenth])
