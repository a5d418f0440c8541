"""Labelled crops to sites and tracklets."""

import numpy as np
import pytest

from reid.distance import unit
from reid.embedding.normalisation import gather, normalised
from reid.evaluation.calibration.labelled import (
    DISTRACTOR,
    LabelledCrops,
    centre_of,
    images,
    joined,
    sites,
    tracklets,
)
from tests.evaluation.calibration.worlds import crops
from tests.tracklets import tracklet


@pytest.mark.parametrize(("people", "size", "expected"), [(12, 4, 3), (13, 4, 3), (3, 24, 1), (48, 24, 2)])
def test_everybody_is_at_one_site(people: int, size: int, expected: int) -> None:
    given = crops(0, people, 0.3, extra=10)
    masks = list(sites(given, size))
    assert len(masks) == expected
    assert np.array_equal(np.sum(masks, axis=0), np.ones(len(given.persons)))
    for person in range(people):
        assert sum(bool(mask[given.persons == person].any()) for mask in masks) == 1
    strangers = [int((given.persons[mask] == DISTRACTOR).sum()) for mask in masks]
    assert max(strangers) - min(strangers) <= 1


def test_tracklets_are_what_linking_compares() -> None:
    given = crops(1, 8, 0.5)
    centre = centre_of([given])
    found = joined(tracklets(given, centre, 8))
    passages = []
    for person, camera in zip(found.persons.tolist(), found.cameras.tolist(), strict=True):
        rows = (given.persons == person) & (given.cameras == camera)
        number = len(passages)
        frames = range(10 * number, 10 * number + 5)
        passages.append(tracklet(f"c{camera}", number, frames=frames, vectors=given.vectors[rows]))
    gathered = gather(passages, centre)
    moved = [normalised(one, gathered) for one in passages]
    expected = unit(np.stack([unit(t.embeddings.vectors - centre).mean(axis=0) for t in moved]))
    np.testing.assert_allclose(found.vectors, expected, atol=1e-6)


def test_distractors_do_not_move_people() -> None:
    alone, company = crops(2, 8, 0.5), crops(2, 8, 0.5, extra=20)
    centre = centre_of([alone])
    few, many = joined(tracklets(alone, centre, 8)), joined(tracklets(company, centre, 8))
    known = many.persons != DISTRACTOR
    assert known.sum() == len(few.persons) == len(many.persons) - 20
    np.testing.assert_allclose(many.vectors[known], few.vectors, atol=1e-6)


def test_two_passages_of_a_person_in_a_camera_are_two_tracklets() -> None:
    given = crops(3, 4, 0.5, each=6)
    halves = given.tracklets * 2 + np.arange(len(given.tracklets)) % 2
    twice = LabelledCrops(
        name="x",
        vectors=given.vectors,
        persons=given.persons,
        cameras=given.cameras,
        tracklets=halves,
        camera_names=given.camera_names,
    )
    found = joined(tracklets(twice, centre_of([twice]), 4))
    assert len(found.persons) == 2 * 4 * 3
    assert len(images(twice).persons) == 4 * 3 * 6


def test_sets_weigh_alike_in_the_centre() -> None:
    small, large = crops(3, 12, 0.3), crops(4, 48, 0.3)
    expected = (small.vectors.mean(axis=0) + large.vectors.mean(axis=0)) / 2
    np.testing.assert_allclose(centre_of([small, large]), expected, atol=1e-6)


def test_one_person_is_not_enough() -> None:
    with pytest.raises(ValueError, match="made has crops of 1 people, at least 2"):
        crops(5, 1, 0.3, extra=5)
