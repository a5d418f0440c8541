"""What a camera does to all vectors alike is taken out; what a person looks like is not."""

import numpy as np
import pytest

from reid.distance import pairwise, unit
from reid.linking.camera_bias import PRIOR, biases, comparable, without_bias
from tests.tracklets import tracklet

SIZE = 16


def people(rng: np.random.Generator, count: int) -> np.ndarray:
    return unit(rng.normal(size=(count, SIZE)).astype(np.float32))


def test_bias_is_the_shrunk_mean_by_the_obvious_loop() -> None:
    rng = np.random.default_rng(0)
    vectors = [people(rng, 3) for _ in range(7)]
    cameras = ["a", "b", "a", "a", "b", "a", "a"]
    centre = rng.normal(size=SIZE).astype(np.float32)
    found = biases(vectors, cameras, centre)
    for camera in "ab":
        total = np.zeros(SIZE)
        count = 0
        for own, where in zip(vectors, cameras, strict=True):
            if where == camera:
                total += own.mean(axis=0) - centre
                count += 1
        np.testing.assert_allclose(found[camera], total / (count + PRIOR), atol=1e-6)


def test_a_dark_camera_no_longer_makes_strangers_alike() -> None:
    rng = np.random.default_rng(1)
    who = people(rng, 40)
    dark = 2.0 * people(rng, 1)[0]
    bright, seen_dark = [row[None] for row in who], [unit(row[None] + dark) for row in who]
    cameras = ["day"] * 40 + ["dark"] * 40
    moved = without_bias(bright + seen_dark, cameras, np.zeros(SIZE, dtype=np.float32))

    def overlap(vectors: list[np.ndarray]) -> float:
        """Share of strangers in the dark who are closer than the median person is to themselves by day."""
        day, night = np.concatenate(vectors[:40]), np.concatenate(vectors[40:])
        genuine = np.diag(pairwise(day, night))
        strangers = pairwise(night, night)[np.triu_indices(40, 1)]
        return float((strangers < np.median(genuine)).mean())

    assert overlap(bright + seen_dark) > 0.9
    assert overlap(moved) < 0.05


def test_one_person_in_a_camera_is_hardly_touched() -> None:
    rng = np.random.default_rng(2)
    one = people(rng, 1)
    [moved] = without_bias([one], ["a"], np.zeros(SIZE, dtype=np.float32))
    assert float(pairwise(one, moved)[0, 0]) < 1e-3  # the direction stays: only its length was shrunk


def test_comparable_keeps_everything_but_the_vectors() -> None:
    rng = np.random.default_rng(3)
    given = [tracklet("a", 1, vectors=people(rng, 2)), tracklet("b", 2, vectors=people(rng, 3))]
    centre = rng.normal(size=SIZE).astype(np.float32) * 0.1
    moved = comparable(given, centre)
    for before, after in zip(given, moved, strict=True):
        assert after.key == before.key
        assert after.embeddings.encoder_id == before.embeddings.encoder_id
        np.testing.assert_allclose(np.linalg.norm(after.embeddings.vectors, axis=1), 1, atol=1e-5)
    assert comparable(given, None) == given
    assert comparable([], centre) == []


@pytest.mark.parametrize("count", [1, 5])
def test_order_does_not_matter(count: int) -> None:
    rng = np.random.default_rng(4)
    vectors = [people(rng, 2) for _ in range(count)]
    cameras = [f"c{i % 2}" for i in range(count)]
    centre = rng.normal(size=SIZE).astype(np.float32)
    forth = biases(vectors, cameras, centre)
    back = biases(vectors[::-1], cameras[::-1], centre)
    for camera, bias in forth.items():
        np.testing.assert_allclose(bias, back[camera], atol=1e-6)


def test_a_resident_seen_a_hundred_times_is_still_found_elsewhere() -> None:
    rng = np.random.default_rng(5)
    resident, others = people(rng, 1)[0], people(rng, 3)
    home = [unit(resident + 0.1 * rng.normal(size=(3, SIZE))).astype(np.float32) for _ in range(100)]
    home += [row[None] for row in others]
    away = unit((resident + 0.1 * rng.normal(size=(1, SIZE))).astype(np.float32))
    centre = np.zeros(SIZE, dtype=np.float32)
    cameras = ["home"] * len(home) + ["away"]

    def farthest(max_distance: float | None) -> float:
        moved = without_bias([*home, away], cameras, centre, max_distance)
        return float(pairwise(np.concatenate(moved[:100]), moved[-1]).max())

    assert farthest(None) > 0.6  # every visit counted as another person: their mean is the resident
    assert farthest(0.5) < 0.4


def test_people_seen_at_once_count_however_alike_the_dark_makes_them() -> None:
    rng = np.random.default_rng(6)
    who, dark = people(rng, 6), 3.0 * people(rng, 1)[0]
    rows = [unit(row[None] + dark) for row in who]
    centre = np.zeros(SIZE, dtype=np.float32)

    def strangers(frames_of: list[range]) -> float:
        given = [
            tracklet("a", i, frames=f, vectors=v)
            for i, (f, v) in enumerate(zip(frames_of, rows, strict=True))
        ]
        moved = np.concatenate([t.embeddings.vectors for t in comparable(given, centre, 0.5)])
        return float(np.median(pairwise(moved, moved)[np.triu_indices(6, 1)]))

    together = strangers([range(10)] * 6)
    in_turns = strangers([range(20 * i, 20 * i + 10) for i in range(6)])
    assert together > 1.5 * in_turns
