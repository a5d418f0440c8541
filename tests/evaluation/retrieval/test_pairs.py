"""Pairs within a distance, counted one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.evaluation.retrieval.distances import MatrixRows
from reid.evaluation.retrieval.pairs import PIECE, Bins, pair_counts
from tests.evaluation.retrieval.reference import World, labelled, listed, random_world, worlds

edge_lists = st.lists(
    st.one_of(st.integers(-2, 60), st.floats(-3, 60, width=32)), max_size=12, unique=True
).map(lambda values: np.sort(np.array(values, np.float32)))


@given(world=worlds(), edges=edge_lists)
def test_like_counting_one_by_one(world: World, edges: np.ndarray) -> None:
    found = pair_counts(MatrixRows(world.matrix), world.query, world.gallery, edges=edges)
    for index in range(len(world.query)):
        person, camera = world.query.persons[index], world.query.cameras[index]
        items = listed(world.matrix[index], person, camera, world.gallery)
        assert found.nearest_genuine[index] == min((d for d, _, right in items if right), default=np.inf)
        for right, counts, total in (
            (True, found.genuine, found.genuine_total),
            (False, found.impostor, found.impostor_total),
        ):
            own = [distance for distance, _, is_right in items if is_right == right]
            assert counts[index].tolist() == [sum(d <= edge for d in own) for edge in edges]
            assert total[index] == len(own)


EDGES = {
    "even": np.round(np.arange(1001) * 0.002, 3),
    "every third value": np.linspace(0.1, 1.9, 7),
    "too close for a grid": np.array([0.5, np.nextafter(np.float32(0.5), np.float32(1)), 1.5]),
    "uneven": np.geomspace(1e-3, 2, 50),
    "the last in the last cell but one": np.array([0, 29]),
    "hardly apart": np.array([0, 1e-45]),
    "as wide as can be": np.array([-3.4e38, 0, 3.4e38]),
    "one": np.array([0.7]),
    "twice the same": np.array([0.7, 0.7]),
    "none": np.array([]),
}


@pytest.mark.parametrize("name", EDGES)
def test_bins_are_exact_beside_the_edges(name: str) -> None:
    edges = EDGES[name].astype(np.float32)
    rng = np.random.default_rng(0)
    beside = [edges, np.nextafter(edges, np.float32(-9)), np.nextafter(edges, np.float32(9))]
    values = np.concatenate([*beside, rng.random(PIECE, dtype=np.float32) * 2.2, [-1, 0, 2, np.inf]])
    values = values.astype(np.float32)
    assert Bins(edges).within(values).tolist() == [int((values <= edge).sum()) for edge in edges]


def test_blocks_do_not_matter() -> None:
    world = random_world(40, 30_000, 50, seed=1)
    edges = EDGES["even"].astype(np.float32)
    one, other = (
        pair_counts(MatrixRows(world.matrix), world.query, world.gallery, edges=edges, block_mib=mib)
        for mib in (1, 256)
    )
    for name in ("genuine", "impostor", "genuine_total", "impostor_total", "nearest_genuine"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("edges", [[1.0, 0.5], [np.nan], [0, np.inf], [[0.5]]])
def test_bad_edges(edges: list[float]) -> None:
    world = labelled([1], [0]), labelled([1], [1])
    with pytest.raises(ValueError, match="edges must be finite, ascending"):
        pair_counts(MatrixRows(np.zeros((1, 1))), *world, edges=np.array(edges))
