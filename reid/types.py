"""What flows from camera to identity. Batches are structs of arrays; shapes are checked where made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Image = NDArray[np.uint8]  # (H, W, 3), BGR


def expect_shape(name: str, array: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    """Raise a ValueError where an array has not this shape; None stands for any length."""
    fits = array.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One frame of one camera.

    >>> import reid
    >>> reid.Frame(camera_id="cam1", index=60, timestamp_s=2.4, image=frame).image.ndim
    3
    """

    camera_id: str
    index: int  # counts the source's frames from 0, skipped ones too
    timestamp_s: float  # on the clock that all cameras of the site share
    image: Image

    def __post_init__(self) -> None:
        expect_shape("Frame.image", self.image, (None, None, 3))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detections:
    """The people found in one frame.

    >>> import numpy as np, reid
    >>> boxes, scores = np.float32([[10, 20, 50, 120]]), np.float32([0.9])
    >>> len(reid.Detections(boxes=boxes, scores=scores))
    1
    """

    boxes: Array  # (N, 4) xyxy pixels
    scores: Array  # (N,) in [0, 1]

    def __post_init__(self) -> None:
        expect_shape("Detections.boxes", self.boxes, (None, 4))
        expect_shape("Detections.scores", self.scores, (len(self.boxes),))

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embeddings:
    """Unit vectors, the encoder (weights and preprocessing, by content) that made them, and their normalisation.

    >>> import numpy as np, reid
    >>> embeddings = reid.Embeddings(vectors=np.eye(2, 4, dtype=np.float32), encoder_id="e")
    >>> len(embeddings), np.asarray(embeddings).shape
    (2, (2, 4))
    """

    vectors: Array  # (N, D), unit length
    encoder_id: str
    normalisation: str | None = None  # version of the camera normalisation; None: as the network gave them

    def __post_init__(self) -> None:
        expect_shape("Embeddings.vectors", self.vectors, (None, None))
        norms = np.linalg.norm(self.vectors, axis=1)
        if not np.allclose(norms, 1.0, atol=1e-3):
            raise ValueError("Embeddings.vectors must have unit length")

    def __len__(self) -> int:
        return len(self.vectors)

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The vectors, so that numpy takes embeddings as an array (N, D)."""
        found = self.vectors.astype(self.vectors.dtype if dtype is None else dtype, copy=bool(copy))
        if copy is False and found is not self.vectors:
            raise ValueError("embeddings of another dtype cannot be had without a copy")
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracklet:
    """One person along one camera: every box, and at most K moments with a vector and the best crop.

    A moment is a stretch of time; its vector is the quality-weighted mean over the stretch, its crop the
    stretch's best one.

    >>> one = tracklets[0]
    >>> len(one.frames) == len(one.boxes), len(one.crops) == len(one.embeddings)
    (True, True)
    >>> str(one.key)
    'cam1/1'
    """

    camera_id: str
    track_id: int  # unique within the camera
    tracker_id: int  # the tracker's own number: pieces of one track that was split share it
    frames: NDArray[np.int32]  # (T,) frame indices, ascending
    times_s: NDArray[np.float64]  # (T,)
    boxes: Array  # (T, 4) xyxy pixels
    scores: Array  # (T,) detector confidence
    embeddings: Embeddings  # (K, D)
    moments_s: NDArray[np.float64]  # (K,) when each crop was taken
    qualities: Array  # (K,) quality of each crop in [0, 1]
    crops: Sequence[bytes]  # K JPEG files, BGR decoded as usual; those of a finished camera stay on the disk

    def __post_init__(self) -> None:
        length, moments = len(self.frames), len(self.embeddings)
        if length == 0:
            raise ValueError("a Tracklet needs at least one box")
        for name, array, shape in (
            ("times_s", self.times_s, (length,)),
            ("boxes", self.boxes, (length, 4)),
            ("scores", self.scores, (length,)),
            ("moments_s", self.moments_s, (moments,)),
            ("qualities", self.qualities, (moments,)),
        ):
            expect_shape(f"Tracklet.{name}", array, shape)
        if len(self.crops) != moments:
            raise ValueError(f"Tracklet.crops must hold {moments} items, got {len(self.crops)}")

    @property
    def start_s(self) -> float:
        return float(self.times_s[0])

    @property
    def end_s(self) -> float:
        return float(self.times_s[-1])

    @property
    def key(self) -> "TrackletKey":
        return TrackletKey(camera_id=self.camera_id, track_id=self.track_id)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TrackletKey:
    """Names one tracklet of a run."""

    camera_id: str
    track_id: int

    def __str__(self) -> str:
        return f"{self.camera_id}/{self.track_id}"


THING_TEMPLATE = (16, 8)  # rows, columns: a row is a sixteenth of a person's height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StaticThing:
    """A thing that never moves, was taken for a person and is left out; see reid/tracking/static.py."""

    camera_id: str
    box: Array  # (4,) xyxy pixels
    first_s: float  # of its detections
    last_s: float
    detections: int
    template: Array  # THING_TEMPLATE, mean grey levels
    crop: bytes  # JPEG

    def __post_init__(self) -> None:
        expect_shape("StaticThing.box", self.box, (4,))
        expect_shape("StaticThing.template", self.template, THING_TEMPLATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why a tracklet belongs to a person: its distance to the rest of that person, and to the next best one.

    Distances are None where there is nothing to compare with: the only tracklet of a person, the only person.

    >>> import reid
    >>> match = reid.link(tracklets).matches[0]
    >>> str(match.tracklet), match.person_id
    ('cam1/1', 1)
    """

    tracklet: TrackletKey
    person_id: int | None  # None: too weak to tell
    distance: float | None
    runner_up_id: int | None
    runner_up_distance: float | None
    probability: float | None = None  # see ProbabilityMap: at `distance`; None: the encoder has no map
    fragment: bool = False  # too short to be a person of its own: given to the nearest, with more slack

    @property
    def margin(self) -> float | None:
        """How much farther the runner-up is; small or negative means doubtful."""
        if self.distance is None or self.runner_up_distance is None:
            return None
        return self.runner_up_distance - self.distance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """One person: the tracklets that show them, and vectors that stand for them.

    >>> import reid
    >>> person = reid.link(tracklets)[0]
    >>> person.name, str(person.tracklets[0])
    ('P0001', 'cam1/1')
    """

    person_id: int
    tracklets: tuple[TrackletKey, ...]
    prototypes: Embeddings  # (P, D)
    known: bool = False  # came from the gallery: seen in an earlier run
    label: str | None = None  # what a person called them, in the gallery

    @property
    def name(self) -> str:
        return person_name(self.person_id)


def person_name(person_id: int) -> str:
    """How people are called everywhere: P0001."""
    return f"P{person_id:04d}"


def stack(parts: Sequence[Embeddings]) -> Embeddings:
    """All vectors of `parts` in order, which must come from one encoder and all be normalised or none.

    Those of several cameras have several normalisations; the result names them all, sorted, with + between.
    """
    encoders, versions = {part.encoder_id for part in parts}, {part.normalisation for part in parts}
    if len(encoders) != 1:
        raise ValueError(f"embeddings of different encoders cannot be mixed: {sorted(encoders)}")
    if None in versions and len(versions) > 1:
        raise ValueError("embeddings with and without camera normalisation cannot be mixed")
    named = sorted({one for version in versions if version is not None for one in version.split("+")})
    return Embeddings(
        vectors=np.concatenate([part.vectors for part in parts]),
        encoder_id=encoders.pop(),
        normalisation="+".join(named) or None,
    )
