"""Distances of their own for pairs of cameras."""

import itertools

import numpy as np
import pytest

from reid.distance import unit
from reid.evaluation.calibration.camera_pairs import GENUINE_PAIRS, camera_pairs
from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.labelled import Items
from reid.evaluation.retrieval.distances import CosineRows

NAMES = ("yard", "hall", "attic", "cellar")


def world() -> Items:
    """Everybody in all cameras but the cellar, which few visit; the attic is dark, so that people look alike."""
    rng = np.random.default_rng(0)
    who = rng.normal(size=(130, 12))
    persons = np.concatenate([np.tile(np.arange(130), 3), np.arange(10)])
    cameras = np.concatenate([np.repeat(np.arange(3), 130), np.full(10, 3)])
    vectors = (
        who[persons] * np.where(cameras == 2, 0.4, 1.0)[:, None] + 0.5 + 0.4 * rng.normal(size=(400, 12))
    )
    return Items(vectors=unit(vectors.astype(np.float32)), persons=persons, cameras=cameras)


def test_against_a_double_loop() -> None:
    own = world()
    distances = CosineRows(own.vectors, own.vectors).rows(0, 400)
    rate, common = 0.01, float(EDGES[200])
    found = {pair.cameras: pair for pair in camera_pairs(own, NAMES, impostor_rate=rate, max_distance=common)}
    assert set(found) == {tuple(sorted(pair)) for pair in itertools.combinations(NAMES, 2)}
    pair = found["attic", "yard"]
    genuine, impostor = [], []
    for i in np.flatnonzero(own.cameras == 0):
        for j in np.flatnonzero(own.cameras == 2):
            (genuine if own.persons[i] == own.persons[j] else impostor).append(distances[i, j])
    wrong, right = np.array(impostor), np.array(genuine)
    best = max(edge for edge in EDGES if np.mean(wrong <= edge) <= rate)
    assert pair.distance == pytest.approx(best)
    assert pair.genuine_rate == pytest.approx(np.mean(right <= best))
    assert pair.global_impostor_rate == pytest.approx(np.mean(wrong <= EDGES[200]))
    assert pair.global_genuine_rate == pytest.approx(np.mean(right <= EDGES[200]))
    assert (pair.people, pair.genuine_pairs, pair.impostor_pairs) == (130, 130, 130 * 129)


def test_few_people_get_none() -> None:
    found = camera_pairs(world(), NAMES, impostor_rate=0.01, max_distance=0.5)
    told = {pair.cameras for pair in found if pair.distance is not None}
    assert told == {("attic", "hall"), ("attic", "yard"), ("hall", "yard")}
    assert all(pair.genuine_pairs < GENUINE_PAIRS for pair in found if pair.distance is None)


def test_too_small_a_rate_gets_none() -> None:
    for rate in (0.0, 1e-4):
        found = camera_pairs(world(), NAMES, impostor_rate=rate, max_distance=0.5)
        assert [pair.distance for pair in found] == [None] * 6


def test_cameras_that_share_nobody_are_left_out() -> None:
    own = world()
    apart = Items(vectors=own.vectors, persons=own.persons + 1000 * own.cameras, cameras=own.cameras)
    assert camera_pairs(apart, NAMES, impostor_rate=0.01, max_distance=0.5) == []
