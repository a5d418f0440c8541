"""One camera, from frames to tracklets. It knows nothing of other cameras, so it runs anywhere."""

from collections.abc import Callable, Iterable, Iterator

from reid.detection.detector import Detector
from reid.embedding.crops import cut
from reid.embedding.encoder import Encoder
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.tracker import Tracker
from reid.types import Embeddings, Frame, Tracklet


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
) -> Iterator[Tracklet]:
    """Tracklets of one camera, each when it has ended.

    Detector and encoder see `batch` frames at a time; tracker and assembler go frame by frame. `on_frames` is
    told of every batch that is done. Memory does not grow with the length of the stream.
    """
    for group in watch.groups("read", frames, batch):
        with watch.stage("detect"):
            found = detector.detect([frame.image for frame in group])
        with watch.stage("embed"):
            crops = [cut(frame.image, people.boxes) for frame, people in zip(group, found, strict=True)]
            vectors = encoder.encode([crop for in_frame in crops for crop in in_frame]).vectors
        with watch.stage("track"):
            ended: list[Tracklet] = []
            start = 0
            for frame, people, pictures in zip(group, found, crops, strict=True):
                own = Embeddings(vectors=vectors[start : start + len(people)], encoder_id=encoder.encoder_id)
                start += len(people)
                tracks = tracker.update(people, own, frame.image)
                ended += assembler.update(frame, pictures, people, own, tracks)
        on_frames(group)
        yield from ended
    with watch.stage("track"):
        ended = list(assembler.finish())
    yield from ended
