"""How well linking's clustering does at every distance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.embedding.normalisation import gather, normalised
from reid.evaluation.calibration.b_cubed import CANDIDATES, Clustering, b_cubed, site_scores
from reid.evaluation.calibration.labelled import centre_of, tracklets
from reid.linking.clustering import average_linkage
from reid.linking.offline import link
from reid.linking.policy import LinkingPolicy
from tests.evaluation.calibration import reference
from tests.evaluation.calibration.worlds import crops
from tests.tracklets import tracklet

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


@given(LABELS)
def test_b_cubed_is_what_its_definition_says(pairs: list[tuple[int, int]]) -> None:
    truth, found = [list(column) for column in zip(*pairs, strict=True)]
    np.testing.assert_allclose(b_cubed(np.array(truth), np.array(found)), reference.b_cubed(truth, found))


def test_scores_are_those_of_linking_itself() -> None:
    given_crops = crops(1, 12, 1.2, extra=4)
    centre = centre_of([given_crops])
    scores = site_scores(tracklets(given_crops, centre, 12))
    passages, truth = [], []
    for person in range(12):
        for camera in range(3):
            rows = (given_crops.persons == person) & (given_crops.cameras == camera)
            number = len(passages)
            frames = range(100 * number, 100 * number + 5)  # one after the other: nobody is seen at once
            passages.append(tracklet(f"c{camera}", number, frames=frames, vectors=given_crops.vectors[rows]))
            truth.append(person)
    gathered = gather(passages, centre)
    moved = [normalised(one, gathered) for one in passages]
    for column in range(0, len(CANDIDATES), 10):
        linking = link(moved, LinkingPolicy(max_distance=float(CANDIDATES[column]), centre=centre))
        precision, recall = reference.b_cubed(truth, [match.person_id or 0 for match in linking.matches])
        assert scores[0, column] == pytest.approx(2 * precision * recall / (precision + recall))


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


def test_sets_count_alike_and_sites_are_resampled() -> None:
    one, two = np.full((1, 3), 0.2), np.array([[0.4, 0.6, 0.8], [0.6, 0.8, 1.0], [0.5, 0.7, 0.9]])
    found = Clustering.of([one, two], np.random.default_rng(0), 500)
    np.testing.assert_allclose(found.mean, [0.35, 0.45, 0.55])
    drawn = found.samples
    assert drawn.shape == (500, 3)
    assert np.all((drawn >= [0.3, 0.4, 0.5]) & (drawn <= [0.4, 0.5, 0.6]))
    np.testing.assert_allclose(drawn.mean(axis=0), [0.35, 0.45, 0.55], atol=0.01)
