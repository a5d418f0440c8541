"""Choosing the linking distance from labelled crops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.distance import unit
from reid.evaluation.threshold import CANDIDATES, LabelledCrops, b_cubed, calibrate
from reid.gallery.camera_bias import comparable
from reid.gallery.clustering import average_linkage
from reid.gallery.linking import link
from tests.tracklets import tracklet

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


def slow_b_cubed(truth: list[int], found: list[int]) -> tuple[float, float]:
    precisions, recalls = [], []
    for i in range(len(truth)):
        cluster = [j for j in range(len(truth)) if found[j] == found[i]]
        kind = [j for j in range(len(truth)) if truth[j] == truth[i]]
        right = len(set(cluster) & set(kind))
        precisions.append(right / len(cluster))
        recalls.append(right / len(kind))
    return sum(precisions) / len(truth), sum(recalls) / len(truth)


@given(LABELS)
def test_b_cubed_is_what_its_definition_says(pairs: list[tuple[int, int]]) -> None:
    truth, found = [list(column) for column in zip(*pairs, strict=True)]
    np.testing.assert_allclose(b_cubed(np.array(truth), np.array(found)), slow_b_cubed(truth, found))


def crops(seed: int, people: int, spread: float, name: str = "made") -> LabelledCrops:
    """People in three cameras, five crops each; `spread` is how much crops of one person differ."""
    rng = np.random.default_rng(seed)
    who = rng.normal(size=(people, 32))
    persons = np.repeat(np.arange(people), 15)
    cameras = np.tile(np.repeat(np.arange(3), 5), people)
    vectors = who[persons] + spread * rng.normal(size=(len(persons), 32)) + 3.0  # 3: what all people share
    return LabelledCrops(
        name=name, vectors=unit(vectors.astype(np.float32)), persons=persons, cameras=cameras
    )


def test_easy_crops_are_told_apart_entirely() -> None:
    found = calibrate([crops(0, 24, 0.2)], encoder_id="e", people_per_site=12)
    assert found.genuine_rate == 1.0
    assert found.impostor_rate < 0.01
    assert "1.000" in found.operating_point
    assert "2 sites of 12 people" in found.operating_point


def test_the_chosen_distance_is_the_best_of_an_exhaustive_search() -> None:
    given_crops = crops(1, 12, 1.2)
    found = calibrate([given_crops], encoder_id="e", people_per_site=12)
    tracklets, truth = [], []
    for person in range(12):
        for camera in range(3):
            rows = (given_crops.persons == person) & (given_crops.cameras == camera)
            number = len(tracklets)
            frames = range(100 * number, 100 * number + 5)  # one after the other: nobody is seen at once
            vectors = given_crops.vectors[rows]
            tracklets.append(tracklet(f"c{camera}", number, frames=frames, vectors=vectors))
            truth.append(person)
    moved = comparable(tracklets, found.centre)
    scores = []
    for limit in CANDIDATES:
        linking = link(moved, max_distance=float(limit), centre=found.centre)
        precision, recall = slow_b_cubed(truth, [match.person_id or 0 for match in linking.matches])
        scores.append(2 * precision * recall / (precision + recall))
    assert found.max_distance == pytest.approx(CANDIDATES[int(np.argmax(scores))])


def test_without_constraints_scipys_tree_is_our_clustering() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(2)
    points = rng.normal(size=(30, 4))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    tree = linkage(squareform(distances, checks=False), method="average")
    for limit in (0.5, 1.0, 2.0, 4.0):
        theirs = fcluster(tree, limit, criterion="distance")
        ours = average_linkage(distances, np.zeros((30, 30), dtype=bool), np.ones(30), limit)
        assert np.array_equal(theirs[:, None] == theirs, ours[:, None] == ours)


def test_sets_count_alike_whatever_their_size() -> None:
    small, large = crops(3, 12, 0.3, "small"), crops(4, 48, 0.3, "large")
    both = calibrate([small, large], encoder_id="e", people_per_site=12)
    expected = (small.vectors.mean(axis=0) + large.vectors.mean(axis=0)) / 2
    np.testing.assert_allclose(both.centre, expected, atol=1e-6)
    assert both.data_set == "small, large"


def test_one_person_is_not_enough() -> None:
    one = crops(5, 1, 0.3)
    with pytest.raises(ValueError, match="made has crops of 1 people, at least 2"):
        calibrate([one], encoder_id="e", people_per_site=24)
