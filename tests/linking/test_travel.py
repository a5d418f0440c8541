"""Travel times between cameras, learned from certain links."""

from dataclasses import replace

import numpy as np
import pytest

from reid.linking.offline import link
from reid.linking.policy import LinkingPolicy
from reid.linking.travel import CERTAIN, Travel, _links, travel
from reid.types import Tracklet
from tests.tracklets import towards, tracklet

POLICY = LinkingPolicy(max_distance=0.5, learn_between=True)
DIMENSION = 64


def walkers(count: int, seed: int = 0, shortest_s: float = 8.0, overlapping: bool = False) -> list[Tracklet]:
    """People of different looks, each in camera a for 3 s, then on the way, then in b for 3 s."""
    rng = np.random.default_rng(seed)
    found = []
    for who in range(count):
        vectors = towards(who, DIMENSION, spread=0.02, seed=who)
        start = int(300 * who + rng.integers(100))
        away = -15 if overlapping else int(10 * (shortest_s + rng.lognormal(1.0, 0.5)))
        found.append(tracklet("a", who + 1, frames=range(start, start + 30), vectors=vectors))
        found.append(
            tracklet("b", who + 1, frames=range(start + 30 + away, start + 60 + away), vectors=vectors)
        )
    return found


def answer(tracklets: list[Tracklet], max_distance: float = 0.5) -> Travel:
    from reid.distance import pairwise
    from reid.linking.offline import means as means_of

    means = means_of([t.embeddings for t in tracklets], None)
    starts, ends = np.array([t.start_s for t in tracklets]), np.array([t.end_s for t in tracklets])
    rows, columns = ([i for i, t in enumerate(tracklets) if t.camera_id == name] for name in "ab")
    return travel(starts, ends, rows, columns, pairwise(means, means).astype(float), max_distance)


def test_nobody_is_in_two_distant_cameras_at_once() -> None:
    """Two people in one uniform, one in each camera at the same time: refused once travel times are known."""
    people = walkers(45)
    alike = [tracklet(name, 90, frames=range(90000, 90030), vectors=towards(60, DIMENSION)) for name in "ab"]
    before = link([*people, *alike], replace(POLICY, learn_between=False))
    after = link([*people, *alike], POLICY)
    assert before.matches[-1].person_id == before.matches[-2].person_id, "by their looks they are one"
    assert after.matches[-1].person_id != after.matches[-2].person_id
    (pair,) = after.between
    assert pair.answer == "apart"
    assert pair.refused == 1
    assert pair.travel is not None
    assert pair.travel.seconds is not None
    assert pair.travel.least_s is not None
    assert 8 <= pair.travel.seconds[0] <= 12
    assert pair.travel.least_s < pair.travel.seconds[0]
    for a, b in zip(after.matches[:90:2], after.matches[1:90:2], strict=True):
        assert a.person_id == b.person_id, "who walks is linked as before"


def test_few_links_teach_nothing() -> None:
    people = walkers(19)
    assert answer(people).answer == "not known"
    assert answer(people).why == "19 certain links, 20 needed for travel times"
    alike = [tracklet(name, 90, frames=range(9000, 9030), vectors=towards(60, DIMENSION)) for name in "ab"]
    linking = link([*people, *alike], POLICY)
    assert linking.matches == link([*people, *alike], replace(POLICY, learn_between=False)).matches


def test_overlapping_is_an_answer() -> None:
    found = answer(walkers(24, overlapping=True))
    assert (found.answer, found.least_s) == ("overlapping", None)
    assert found.why == "24 of 24 certain links were seen in both cameras at once"


def test_a_wrong_link_makes_the_answer_more_cautious_only() -> None:
    """Of few links one wrong one is enough for silence; of many it is left out."""
    alike = [tracklet(name, 990, frames=range(90000, 90030), vectors=towards(60, DIMENSION)) for name in "ab"]
    assert answer(walkers(24)).answer == "apart"
    assert answer([*walkers(24), *alike]).answer == "not known"
    right, one = answer(walkers(45)), answer([*walkers(45), *alike])
    assert (right.answer, one.answer) == ("apart", "apart")
    assert right.least_s is not None
    assert one.least_s is not None
    assert one.least_s <= right.least_s
    more = [replace(t, track_id=991, times_s=t.times_s + 60) for t in alike]
    assert answer([*walkers(45), *alike, *more]).answer == "not known"


def test_short_ways_forbid_nothing() -> None:
    found = answer(walkers(24, shortest_s=-2.5))
    assert found.least_s is None


@pytest.mark.parametrize("sigma", [0.3, 0.5, 0.8])
def test_right_links_are_hardly_ever_refused(sigma: float) -> None:
    """Log-normal travel times of a median of 10 s: of 20 links each, what share of later ones would be refused?"""
    rng = np.random.default_rng(1)
    refused = total = 0
    for _ in range(200):
        gaps = 10 * rng.lognormal(0, sigma, 20)
        starts = np.concatenate([np.arange(20) * 1e4, np.arange(20) * 1e4 + 5 + gaps])
        distances = np.ones((40, 40))
        distances[np.arange(20), np.arange(20) + 20] = 0.1
        found = travel(starts, starts + 5, range(20), range(20, 40), distances, 0.5)
        if found.least_s is not None:
            refused += int((10 * rng.lognormal(0, sigma, 100) < found.least_s).sum())
        total += 100
    assert refused / total < 0.01


def test_links_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        starts = rng.uniform(0, 100, 12)
        ends = starts + 5  # no two gaps are equal then
        distances = rng.uniform(0, 1, (12, 12))
        rows, columns = list(range(5)), list(range(5, 12))
        limit = CERTAIN * 0.6
        gap = {
            (a, b): max(starts[a], starts[b]) - min(ends[a], ends[b])
            for a in rows
            for b in columns
            if distances[a, b] <= limit
        }
        expected = [
            g
            for (a, b), g in gap.items()
            if g == min(v for (x, _), v in gap.items() if x == a)
            and g == min(v for (_, y), v in gap.items() if y == b)
        ]
        got = _links(starts, ends, rows, columns, distances, limit)
        assert np.allclose(sorted(got), sorted(expected))
    assert len(_links(starts, ends, [], columns, distances, limit)) == 0
