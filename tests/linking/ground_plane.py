"""A made-up floor that two cameras look at, and people who walk on it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid.types import Array, Tracklet
from tests.tracklets import FPS, tracklet

Floats = NDArray[np.float64]
BODY_M = 1.7


def camera(rng: np.random.Generator, angle: float) -> Floats:
    """(3, 4) projection of a camera at the rim of a floor of 12 m, 3 to 4 m high, looking at its middle."""
    eye = np.array([9 * np.cos(angle), 9 * np.sin(angle), rng.uniform(3, 4)])
    ahead = np.array([*rng.uniform(-1, 1, 2), 0.5]) - eye
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    turned = np.stack([right, np.cross(ahead, right), ahead])
    lens = np.array([[rng.uniform(450, 600), 0, 320], [0, 500, 180], [0, 0, 1]])
    return np.asarray(lens @ np.column_stack([turned, -turned @ eye]))


def boxes(view: Floats, walk: Floats, rng: np.random.Generator, noise: float = 0.02) -> Array:
    """(T, 4) of a person who stands at `walk` (T, 2) metres; noise in body heights."""
    ends = []
    for height in (0.0, BODY_M):
        points = np.column_stack([walk, np.full(len(walk), height), np.ones(len(walk))]) @ view.T
        ends.append(points[:, :2] / points[:, 2:])
    feet, head = ends
    tall = feet[:, 1] - head[:, 1]
    feet = feet + rng.normal(0, noise, feet.shape) * tall[:, None]
    x = np.stack([feet[:, 0] - tall / 5, feet[:, 0] + tall / 5], axis=1)
    return np.stack([x[:, 0], feet[:, 1] - tall, x[:, 1], feet[:, 1]], axis=1).astype(np.float32)


def walk(rng: np.random.Generator, seconds: float = 6.0) -> Floats:
    """(T, 2) metres, straight through the middle of the floor."""
    start = rng.uniform(-3.5, 3.5, 2)
    end = -start + rng.uniform(-2, 2, 2)
    return np.linspace(start, np.clip(end, -4, 4), int(seconds * FPS))


def seen(
    name: str,
    track: int,
    view: Floats,
    way: Floats,
    vectors: Array,
    rng: np.random.Generator,
    *,
    start_s: float = 0.0,
    noise: float = 0.02,
) -> Tracklet:
    """The tracklet of one person in one camera."""
    first = round(start_s * FPS)
    return tracklet(
        name,
        track,
        frames=range(first, first + len(way)),
        box=boxes(view, way, rng, noise),
        vectors=vectors,
    )


def two_cameras(seed: int) -> tuple[np.random.Generator, tuple[Floats, Floats]]:
    """Random numbers, and two views of one floor."""
    rng = np.random.default_rng(seed)
    return rng, (camera(rng, rng.uniform(0, 1)), camera(rng, rng.uniform(1.5, 3)))


def homography(views: Sequence[Floats]) -> Floats:
    """(3, 3) from the floor in the first frame to the floor in the second."""
    a, b = (view[:, [0, 1, 3]] for view in views)
    return np.asarray(b @ np.linalg.inv(a))
