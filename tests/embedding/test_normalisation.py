"""What a camera does to all vectors alike is taken out; what a person looks like is not."""

from collections.abc import Sequence

import numpy as np
import pytest

from reid.camera_normalisation import CameraNormalisation
from reid.distance import pairwise, unit
from reid.embedding.normalisation import PRIOR, gather, normalised, shift_of, shifts
from reid.types import Array, Embeddings, Tracklet
from tests.tracklets import tracklet

SIZE = 16
ORIGIN = np.zeros(SIZE, dtype=np.float32)


def people(rng: np.random.Generator, count: int) -> np.ndarray:
    return unit(rng.normal(size=(count, SIZE)).astype(np.float32))


def moved(given: Sequence[Tracklet], max_distance: float | None = None, centre: Array = ORIGIN) -> Array:
    """(N, D) all vectors of the tracklets, normalised."""
    gathered = gather(given, centre, max_distance)
    return np.concatenate([normalised(one, gathered).embeddings.vectors for one in given])


def in_turns(rows: Sequence[Array], cameras: Sequence[str]) -> list[Tracklet]:
    """A tracklet for each set of vectors, one after the other."""
    return [
        tracklet(camera, number, frames=range(20 * number, 20 * number + 10), vectors=own)
        for number, (own, camera) in enumerate(zip(rows, cameras, strict=True))
    ]


def test_the_shift_is_the_shrunk_mean_by_the_obvious_loop() -> None:
    rng = np.random.default_rng(0)
    vectors = [people(rng, 3) for _ in range(7)]
    cameras = ["a", "b", "a", "a", "b", "a", "a"]
    centre = rng.normal(size=SIZE).astype(np.float32)
    found = shifts(vectors, cameras, centre)
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
    rows = [row[None] for row in who] + [unit(row[None] + dark) for row in who]

    def overlap(vectors: Array) -> float:
        """Share of strangers in the dark who are closer than the median person is to themselves by day."""
        day, night = vectors[:40], vectors[40:]
        genuine = np.diag(pairwise(day, night))
        strangers = pairwise(night, night)[np.triu_indices(40, 1)]
        return float((strangers < np.median(genuine)).mean())

    assert overlap(np.concatenate(rows)) > 0.9
    assert overlap(moved(in_turns(rows, ["day"] * 40 + ["dark"] * 40))) < 0.05


def test_one_person_in_a_camera_is_hardly_touched() -> None:
    one = people(np.random.default_rng(2), 1)
    found = moved(in_turns([one], ["a"]))
    assert float(pairwise(one, found)[0, 0]) < 1e-3  # the direction stays: only its length was shrunk


def test_a_normalised_tracklet_is_the_same_but_for_its_vectors_and_their_version() -> None:
    rng = np.random.default_rng(3)
    given = [tracklet("a", 1, vectors=people(rng, 2)), tracklet("b", 2, vectors=people(rng, 3))]
    gathered = gather(given, rng.normal(size=SIZE).astype(np.float32) * 0.1)
    for before in given:
        after = normalised(before, gathered)
        assert after.key == before.key
        assert after.embeddings.encoder_id == before.embeddings.encoder_id
        assert (before.embeddings.normalisation, after.embeddings.normalisation) == (
            None,
            gathered[before.camera_id].version,
        )
        np.testing.assert_allclose(np.linalg.norm(after.embeddings.vectors, axis=1), 1, atol=1e-5)
    assert normalised(given[0], {}) is given[0]


@pytest.mark.parametrize("count", [1, 5])
def test_order_does_not_matter(count: int) -> None:
    rng = np.random.default_rng(4)
    vectors = [people(rng, 2) for _ in range(count)]
    centre = rng.normal(size=SIZE).astype(np.float32)
    forth, back = shift_of(vectors, centre, 0.5), shift_of(vectors[::-1], centre, 0.5)
    np.testing.assert_allclose(forth[0], back[0], atol=1e-6)
    assert forth[1] == pytest.approx(back[1])


def test_a_resident_seen_a_hundred_times_is_still_found_elsewhere() -> None:
    rng = np.random.default_rng(5)
    resident, others = people(rng, 1)[0], people(rng, 3)
    home = [unit(resident + 0.1 * rng.normal(size=(3, SIZE))).astype(np.float32) for _ in range(100)]
    home += [row[None] for row in others]
    away = unit((resident + 0.1 * rng.normal(size=(1, SIZE))).astype(np.float32))
    given = in_turns([*home, away], ["home"] * len(home) + ["away"])

    def farthest(max_distance: float | None) -> float:
        found = moved(given, max_distance)
        return float(pairwise(found[:300], found[-1:]).max())

    assert farthest(None) > 0.6  # every visit counted as another person: their mean is the resident
    assert farthest(0.5) < 0.4


def test_people_seen_at_once_count_however_alike_the_dark_makes_them() -> None:
    rng = np.random.default_rng(6)
    who, dark = people(rng, 6), 3.0 * people(rng, 1)[0]
    rows = [unit(row[None] + dark) for row in who]

    def strangers(given: Sequence[Tracklet]) -> float:
        found = moved(given, 0.5)
        return float(np.median(pairwise(found, found)[np.triu_indices(6, 1)]))

    together = [tracklet("a", number, frames=range(10), vectors=own) for number, own in enumerate(rows)]
    assert gather(together, ORIGIN, 0.5)["a"].people == 6
    assert strangers(together) > 1.5 * strangers(in_turns(rows, ["a"] * 6))


def test_a_version_names_camera_encoder_and_shift() -> None:
    one = CameraNormalisation(camera_id="a", encoder_id="e", shift=np.ones(4, np.float32), people=9.0)
    others = [
        CameraNormalisation(camera_id="b", encoder_id="e", shift=one.shift, people=9.0),
        CameraNormalisation(camera_id="a", encoder_id="f", shift=one.shift, people=9.0),
        CameraNormalisation(camera_id="a", encoder_id="e", shift=1.5 * one.shift, people=9.0),
        one.refused,
    ]
    assert len({one.version, *(other.version for other in others)}) == 5
    again = CameraNormalisation(camera_id="a", encoder_id="e", shift=one.shift.copy(), people=3.0)
    assert again.version == one.version
    assert not one.refused.shift.any()


def test_vectors_are_normalised_once_and_by_their_own_encoder() -> None:
    one = CameraNormalisation(camera_id="a", encoder_id="e", shift=np.full(4, 0.1, np.float32), people=9.0)
    given = Embeddings(vectors=np.eye(4, dtype=np.float32), encoder_id="e")
    found = one.apply(given)
    np.testing.assert_allclose(found.vectors, unit(np.eye(4, dtype=np.float32) - 0.1), atol=1e-7)
    with pytest.raises(ValueError, match=rf"normalised already, by version {one.version}"):
        one.apply(found)
    with pytest.raises(ValueError, match="of encoder e, the vectors are of f"):
        one.apply(Embeddings(vectors=given.vectors, encoder_id="f"))
