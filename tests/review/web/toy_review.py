"""A site under review: made-up people in a real gallery, with crops and videos, served by the real server."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import httpx
import numpy as np

from reid.linking.policy import LinkingPolicy
from reid.outputs.folder import ResultsFolder
from reid.review.answers import Review
from reid.review.records import ResultsAtHand
from reid.review.site import ReviewSite
from reid.review.web.server import ReviewServer
from reid.review.web.writing import Prepare, Tell
from reid.search.photo_search import PhotoSearch
from reid.stills import decode
from reid.store.opening import open_store
from reid.store.records import Sighting
from reid.track_segment import places_of
from reid.types import Array, Detections, Embeddings, Image, Match, Tracklet
from reid.video.draw import person_colour
from reid.video.writer import VideoWriter
from reid.wall_clock import WallClock
from reid.web.config import WebConfig
from tests.search.rates import rates
from tests.tracklets import ENCODER, towards, tracklet

ASKS = {"X-Reid": "test"}
RUN = "0123456789abcdef"
CLOCK = WallClock(zero_s=datetime(2026, 11, 26, 10, tzinfo=UTC).timestamp(), zone="+01:00")
CAMERAS = ("door", "hall")
SIZE = (160, 90)
FPS = 10


@dataclass(frozen=True)
class Stay:
    """One tracklet: who it is said to show, where its vectors lie, and when it is."""

    person: int
    camera: str
    start: int  # frame
    lean: float = 0.0  # towards the axis of the next person, 0 to 1
    axis: int | None = None  # None: that of its person


# 1 and 2 are alike; one tracklet of 3 leans away; 4 and 5 look sure
STAYS = (
    Stay(1, "door", 0),
    Stay(1, "hall", 40),
    Stay(2, "door", 60, axis=1, lean=0.35),
    Stay(2, "hall", 90, axis=1, lean=0.35),
    Stay(3, "door", 0, axis=3),
    Stay(3, "hall", 30, axis=3),
    Stay(3, "door", 110, axis=3, lean=0.8),
    Stay(4, "door", 80, axis=5),
    Stay(4, "hall", 0, axis=5),
    Stay(5, "hall", 120, axis=6),
    Stay(5, "door", 130, axis=6),
)


def dimension_of(stays: tuple[Stay, ...]) -> int:
    """Axes that these people need."""
    return max([12, *(2 + (one.person if one.axis is None else one.axis) for one in stays)])


def vectors(stay: Stay, seed: int, dimension: int) -> Array:
    axis = stay.person if stay.axis is None else stay.axis
    mixed = (1 - stay.lean) * towards(axis, dimension) + stay.lean * towards(axis + 1, dimension)
    noise = np.random.default_rng(seed).normal(size=(4, dimension)) * 0.02
    found = mixed + noise
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def drawn(person: int, number: int, size: tuple[int, int] = (48, 96)) -> bytes:
    """A crop: a figure in the colour of its person."""
    width, height = size
    image = np.full((height, width, 3), 40 + 20 * number, dtype=np.uint8)
    cv2.rectangle(image, (14, 26), (34, 80), person_colour(person), -1)
    cv2.circle(image, (24, 16), 9, (180, 190, 210), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


def tracklets_of(stays: tuple[Stay, ...]) -> list[tuple[Stay, Tracklet]]:
    found = []
    for number, stay in enumerate(stays, start=1):
        frames = range(stay.start, stay.start + 30)
        left = np.linspace(10, 110, 30)
        top, bottom = (20, 70) if stay.person % 2 else (2, 18)  # two people at once are not one box
        boxes = np.stack([left, np.full(30, top), left + 20, np.full(30, bottom)], axis=1)
        one = tracklet(
            stay.camera,
            number,
            frames=frames,
            box=boxes,
            vectors=vectors(stay, number, dimension_of(stays)),
            fps=FPS,
        )
        crops = tuple(drawn(stay.axis or stay.person, shade) for shade in range(4))
        found.append((stay, replace(one, crops=crops, qualities=np.array([0.2, 0.9, 0.4, 0.3], np.float32))))
    return found


class ToyNetworks:
    """A detector of what is not black, and an encoder that knows people by the colour of their figures."""

    model_s = 0.0
    classes = "person (0)"
    encoder_id = ENCODER

    def __init__(self, stays: tuple[Stay, ...]) -> None:
        self._axes = {one.axis or one.person for one in stays}
        self.dimension = dimension_of(stays)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        found = []
        for image in images:
            seen = (image.max(axis=2) > 20) & ~(image == 114).all(
                axis=2
            )  # 114: the border of an upright photo
            _, _, boxes, _ = cv2.connectedComponentsWithStats(seen.astype(np.uint8))
            own = np.array([box[:4] for box in boxes[1:] if box[4] > 500], np.float32).reshape(-1, 4)
            own[:, 2:] += own[:, :2]
            found.append(Detections(boxes=own, scores=np.full(len(own), 0.9, np.float32)))
        return found

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        vectors = []
        for crop in crops:
            height, width = crop.shape[:2]
            colour = crop[height // 2, width // 2].astype(int)
            axis = min(self._axes, key=lambda one: int(np.abs(colour - person_colour(one)).sum()))
            vectors.append(towards(axis, self.dimension)[0])
        return Embeddings(vectors=np.stack(vectors), encoder_id=ENCODER)


def photo_of(*people: int) -> bytes:
    """A photo of people side by side on black: a JPEG."""
    photo = np.zeros((140, 80 * len(people) + 60, 3), np.uint8)
    for number, person in enumerate(people):
        axis = next(one.axis or one.person for one in STAYS if one.person == person)
        crop = decode(drawn(axis, 1), Path("crop"))
        assert crop is not None
        photo[20:116, 30 + 80 * number : 78 + 80 * number] = crop
    return bytes(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


def toy_search(stays: tuple[Stay, ...]) -> PhotoSearch:
    """A search with these networks, and rates that tell such people apart."""
    networks = ToyNetworks(stays)
    return PhotoSearch(lambda: networks, lambda: networks, rates(genuine=0.05, impostor=0.9, spread=0.08))


def write_videos(root: Path, frames: int = 170) -> None:
    """The annotated video of each camera, in which a grey wall gets brighter, and run.json."""
    (root / "video").mkdir(parents=True)
    for camera in CAMERAS:
        with VideoWriter(ResultsFolder(root).video(camera), fps_hint=FPS) as video:
            for number in range(frames):
                video.write(np.full((SIZE[1], SIZE[0], 3), number % 200, dtype=np.uint8), number / FPS)
    facts = {"width": SIZE[0], "height": SIZE[1], "start_s": 0.0, "files": []}
    (root / "run.json").write_text(json.dumps({"cameras": dict.fromkeys(CAMERAS, facts)}))


@contextmanager
def opened_review(
    folder: Path,
    stays: tuple[Stay, ...] = STAYS,
    *,
    clock: WallClock | None = CLOCK,
    labels: Mapping[int, str] | None = None,
    results: bool = True,
) -> Iterator[Review]:
    """A review over a gallery of its own."""
    own = tracklets_of(stays)
    with open_store(folder / "site.db", encoder_id=ENCODER, dimension=dimension_of(stays)) as store:
        sightings = [
            Sighting(
                match=Match(
                    tracklet=one.key,
                    person_id=stay.person,
                    distance=0.1,
                    runner_up_id=None,
                    runner_up_distance=None,
                ),
                start_s=one.start_s,
                end_s=one.end_s,
                embeddings=one.embeddings,
                places=places_of(one),
            )
            for stay, one in own
        ]
        if sightings:
            started = datetime(2026, 11, 26, 10, tzinfo=UTC)
            store.commit_run(RUN, sightings, started=started, cameras=CAMERAS, clock=clock)
        for person_id, label in (labels or {}).items():
            store.rename(person_id, label)
        at_hand = {(RUN, one.key): one for _, one in own} if results else {}
        folders = [ResultsAtHand(root=folder, run_id=RUN, cameras=CAMERAS)] if results else []
        yield Review(ReviewSite(store, folders, at_hand, LinkingPolicy(max_distance=0.5)), by="test")


@dataclass
class Served:
    """What a test speaks with."""

    url: str
    client: httpx.Client
    review: Review
    ask: Callable[[Callable[[], object]], object]  # done in the thread of the gallery
    stop: Callable[[], None]


@contextmanager
def serving(
    folder: Path,
    *,
    stays: tuple[Stay, ...] = STAYS,
    prepare: Callable[[Review], Prepare] | None = None,
    listen: str = "127.0.0.1:0",
    token: str | None = None,
    further: Mapping[str, str] | None = None,
    clock: WallClock | None = CLOCK,
    labels: Mapping[int, str] | None = None,
    results: bool = True,
) -> Iterator[Served]:
    """The review page on a free port; the gallery is opened by a thread that works, as the command's main one."""
    config = WebConfig(listen=listen, token_env="PAGE")
    environment = ({} if token is None else {"PAGE": token}) | dict(further or {})
    server = ReviewServer(listen, config, environment)
    ready, stopping = threading.Event(), threading.Event()
    found: list[Review] = []

    def work() -> None:
        with opened_review(folder, stays, clock=clock, labels=labels, results=results) as review:
            found.append(review)
            ready.set()
            own = None if prepare is None else prepare(review)
            server.run(
                review,
                title="toy results",
                prepare=own,
                until=stopping.is_set,
                searching=toy_search(stays),
            )

    thread = threading.Thread(target=work, name="work")
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join(20)
        assert not thread.is_alive()

    try:
        assert ready.wait(20)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            yield Served(server.url, client, found[0], server.ask, stop)
    finally:
        stop()


def slow_writing(review: Review) -> Prepare:
    """Writes nothing, in three steps."""

    def prepare() -> Callable[[Tell], str]:
        def job(tell: Tell) -> str:
            for step, what in enumerate(("identities", "video of door", "video of hall")):
                tell(what, step / 3)
                time.sleep(0.5)
            return "3 files were written again."

        review.changed = False
        return job

    return prepare
