from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reid.distance import pairwise
from reid.store.base import Store
from reid.store.index import PersonIndex
from reid.store.opening import open_store
from reid.types import Array, Identity
from tests.store.site import DIMENSION, ENCODER, NOON, commit, directions, sighting

pytest.importorskip("faiss")
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def brute_force(people: list[Identity], vectors: Array, k: int) -> tuple[Array, NDArray[np.int64]]:
    """The obvious search: per query, sort everybody by their nearest prototype."""
    distances = np.full((len(vectors), k), np.inf, dtype=np.float32)
    ids = np.full((len(vectors), k), -1, dtype=np.int64)
    for row, vector in enumerate(vectors):
        found = sorted(
            (float(pairwise(vector[None], one.prototypes.vectors).min()), one.person_id)
            for one in people
            if len(one.prototypes)
        )
        for column, (distance, person_id) in enumerate(found[:k]):
            distances[row, column], ids[row, column] = distance, person_id
    return distances, ids


def agrees(store: Store, vectors: Array, k: int) -> None:
    distances, ids = PersonIndex(store).search(vectors, k)
    wanted, wanted_ids = brute_force(store.identities(), vectors, k)
    np.testing.assert_allclose(distances, wanted, atol=2e-6)
    # where neighbours in the ranking differ by rounding only, either order is right
    for row in range(len(vectors)):
        for column in np.flatnonzero(ids[row] != wanted_ids[row]):
            other = next(one for one in store.identities() if one.person_id == ids[row, column])
            nearest = pairwise(vectors[row][None], other.prototypes.vectors).min()
            assert nearest == pytest.approx(wanted[row, column], abs=2e-6)
        assert len(set(ids[row][ids[row] >= 0])) == np.count_nonzero(ids[row] >= 0), "nobody twice"


@FEW
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 6)), max_size=12),
    st.integers(1, 12),
    st.integers(0, 40),
    st.integers(0, 99),
)
def test_search_equals_brute_force(
    tmp_path: Path, tracklets: list[tuple[int, int]], k: int, queries: int, seed: int
) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    made = [sighting(p, directions(seed + i, n), track=i) for i, (p, n) in enumerate(tracklets)]
    with open_store(path, encoder_id=ENCODER) as store:
        store.commit_run("r", made, started=NOON)
        agrees(store, directions(seed + 500, queries), k)
        if made:
            agrees(store, made[0].embeddings.vectors, k)


def test_empty_gallery_and_no_queries(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        distances, ids = PersonIndex(store).search(directions(1, 3), 2)
        assert np.all(np.isinf(distances))
        assert np.all(ids == -1)
        assert distances.shape == ids.shape == (3, 2)
        commit(store, 1, [1, 2])
        assert PersonIndex(store).search(directions(1, 0), 2)[0].shape == (0, 2)


def test_ties_are_in_the_order_of_ids(tmp_path: Path) -> None:
    same = np.repeat(directions(1, 1), 5, axis=0)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.commit_run("r", [sighting(p, same, track=p) for p in (3, 1, 2)], started=NOON)
        distances, ids = PersonIndex(store).search(same[:1], 5)
        assert ids.tolist() == [[1, 2, 3, -1, -1]]
        np.testing.assert_allclose(distances[0, :3], 0.0, atol=1e-6)


def test_one_person_with_most_of_the_vectors_does_not_hide_the_others(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        near = directions(1, 1)
        crowd = [sighting(1, near, track=track) for track in range(30)]
        store.commit_run("r", [*crowd, sighting(2, -near, track=99)], started=NOON)
        assert PersonIndex(store).search(near, 2)[1].tolist() == [[1, 2]]


def test_cache_is_used_while_fresh_and_never_when_not(tmp_path: Path) -> None:
    path, cache = tmp_path / "site.db", tmp_path / "site.db.faiss"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
        index = PersonIndex(store)
        index.search(directions(9, 1), 1)
        first = cache.stat()
        agrees(store, directions(9, 4), 2)
        assert cache.stat().st_mtime_ns == first.st_mtime_ns, "read, not written again"
        commit(store, 2, [4, 1])
        assert index.search(directions(2000, 1), 1)[1].tolist() == [[4]], "an index in use follows the store"
        store.merge(4, into=2)
        assert index.search(directions(2000, 1), 1)[1].tolist() == [[2]]
    assert not (tmp_path / "site.db.faiss.tmp").exists()


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "flipped", "foreign", "of an older copy"])
def test_damaged_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    path, cache = tmp_path / "site.db", tmp_path / "site.db.faiss"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
        agrees(store, directions(9, 4), 2)
        content = cache.read_bytes()
        commit(store, 2, [4])
        agrees(store, directions(9, 4), 2)
        fresh = cache.read_bytes()
        flipped = bytearray(fresh)
        flipped[-20] ^= 0x40
        cache.unlink()
        if damage != "absent":
            broken = {"empty": b"", "cut": fresh[:-7], "flipped": bytes(flipped), "foreign": b"\xff" * 300}
            cache.write_bytes(broken.get(damage, content))
        agrees(store, directions(9, 4), 4)
        assert cache.read_bytes() == fresh


def test_reader_searches_without_writing(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
    with open_store(path, encoder_id=None, read_only=True) as store:
        agrees(store, directions(9, 4), 2)
    assert not (tmp_path / "site.db.faiss").exists()


def test_wrong_queries_are_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1])
        with pytest.raises(ValueError, match="k must be at least 1"):
            PersonIndex(store).search(directions(1, 1), 0)
        with pytest.raises(ValueError, match=f"must have shape .any, {DIMENSION}., got .1, 8."):
            PersonIndex(store).search(directions(1, 1, dimension=8), 1)
