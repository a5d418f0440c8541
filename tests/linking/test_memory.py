"""What is remembered of before: one mean a person, exactly that, bounded, and not of the past for ever."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.distance import unit
from reid.linking.memory import MOST, Memory
from reid.linking.policy import LinkingPolicy
from reid.types import Array
from tests.linking.test_online import CAMERAS, at_distance, gallery
from tests.tracklets import towards, tracklet


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.floats(0, 0.95), st.integers(1, 40))
def test_what_stands_for_a_person_lies_where_their_mean_does(seed: int, length: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(count, 16)).astype(np.float32))
    centre = None if length == 0 else length * unit(rng.normal(size=(1, 16)).astype(np.float32))[0]
    memory = Memory(centre)
    memory.learn(3, memory.from_centre(vectors))
    standing = memory.standing_for(3)
    assert standing.shape == (1, 16)
    assert float(np.linalg.norm(standing)) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(memory.from_centre(standing), memory.means, atol=2e-5)
    moved = vectors if centre is None else unit(vectors - centre)
    np.testing.assert_allclose(memory.means[0], unit(moved.sum(axis=0)), atol=1e-5)


def test_memory_is_bounded_and_follows_what_changes() -> None:
    memory = Memory(None)
    for who in range(8):
        for _ in range(100):
            memory.learn(who, towards(0, count=3))
            assert float(np.linalg.norm(memory._sums[who])) <= MOST * 1.001
    for who in range(1, 8):
        memory.merge(who, into=0)
        assert float(np.linalg.norm(memory._sums[0])) <= MOST * 1.001
    assert memory.people == [0]
    for _ in range(150):
        memory.learn(0, towards(1))
    assert float(memory.means[0] @ towards(1)[0]) > 0.99, "who changed clothes is known by the new ones"
    memory.learn(0, np.zeros((0, 8), dtype=np.float32))
    memory.forget(0)
    assert memory.people == []


@pytest.mark.parametrize("window_s", [0.0, 30.0, 1e9])
@pytest.mark.parametrize("centre", [None, 0.3 * towards(7)[0]])
def test_ageing_keeps_who_is_who(window_s: float, centre: Array | None) -> None:
    made = gallery(LinkingPolicy(max_distance=0.6, centre=centre), next_id=1)
    for visit in range(40):
        start = 60 * visit
        one = tracklet(
            CAMERAS[visit % 3],
            visit,
            frames=range(start, start + 45),
            vectors=towards(visit % 5, spread=0.12, seed=visit, count=2),
        )
        answer = made.answer(one, final=True)
        assert answer.person_id == visit % 5 + 1
        made.remember(one, answer.person_id, growing=False)
        made.age(one.end_s - window_s)
        assert all(r.tracklet.end_s >= one.end_s - window_s for r in made.recent.values())
    assert len(made.recent) == (40 if window_s > 1e6 else 6 if window_s else 1)


def test_ageing_leaves_who_is_in_view_and_weighs_by_length() -> None:
    made = gallery()
    walk, glimpse = towards(0), at_distance(0.9)
    made.remember(tracklet("a", 1, frames=range(100), vectors=walk), 1, growing=False)
    made.remember(tracklet("a", 2, frames=[200], vectors=glimpse), 1, growing=False)
    made.remember(tracklet("a", 3, frames=range(100), vectors=towards(3)), 2, growing=True)
    made.remember(tracklet("a", 4, frames=range(100), vectors=towards(4)), None, growing=False)
    made.age(1e9)
    assert [r.tracklet.track_id for r in made.recent.values()] == [3]
    assert made.memory.people == [1]
    np.testing.assert_allclose(made.memory.means[0], unit(5.0 * walk + 0.3 * glimpse)[0], atol=1e-6)
