"""The queue's distances and beliefs are those of a slow, obvious computation, one side after the other."""

from pathlib import Path

import numpy as np
import pytest

from reid.review.belief import Beliefs
from reid.review.distances import Distances
from reid.review.questions import question_id, questions
from reid.review.site import ReviewSite
from reid.store.opening import open_store
from tests.review import reference
from tests.review.site import MAP, MAX_DISTANCE, calibration, linked
from tests.review.test_keeping import blurred
from tests.tracklets import ENCODER


@pytest.mark.parametrize("known", [MAP, None])
def test_a_belief_is_that_of_one_side_alone(known: object) -> None:
    beliefs = Beliefs(MAP if known else None, MAX_DISTANCE)
    rng = np.random.default_rng(3)
    own, rivals, two = rng.uniform(0, 1.2, 40), rng.uniform(0, 1.2, (40, 7)), rng.uniform(0, 1, (40, 7))
    possible = rng.random((40, 7)) < 0.7
    own[0], rivals[1], own[2] = 0.0, 0.0, rivals[2, 0]  # equal, all equal, as near as a rival
    two[3], possible[4], possible[5] = 0.0, False, True
    found = beliefs.belongs(own, rivals, two, possible)
    for at in range(40):
        against = [(rivals[at, k], two[at, k]) for k in np.flatnonzero(possible[at])]
        assert found[at] == pytest.approx(reference.belongs(beliefs, own[at], against), abs=1e-12), at


def test_a_belief_without_rivals_is_that_of_the_distance() -> None:
    beliefs, none = Beliefs(MAP, MAX_DISTANCE), np.empty((2, 0))
    own = np.array([0.3, 0.6])
    found = beliefs.belongs(own, none, none, none.astype(bool))
    np.testing.assert_allclose(found, beliefs.same(own))


@pytest.mark.parametrize("scales", [{}, {("a", "b"): 0.5, ("b", "b"): 1.5}])
def test_sums_of_groups_give_their_mean_distances(scales: dict[tuple[str, str], float]) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = Distances(vectors, rng.uniform(0.3, 5, 12), [*"aaaabbbbcccc"], scales)
    groups = [np.array([0, 5, 9]), np.array([3]), np.arange(12), np.array([4, 5, 6, 7])]
    sums, own = distances.sums(groups), np.array([2, 0])
    wanted = [[reference.mean(distances, one, other) for other in groups] for one in groups]
    np.testing.assert_allclose(sums.to(sums), wanted, atol=1e-6)
    whole = np.array([2, 2])
    rest = sums[whole] - distances.sums([np.arange(3), np.array([11])])
    left = [np.arange(3, 12), np.arange(11)]
    each = [reference.mean(distances, one, groups[at]) for one, at in zip(left, own.tolist(), strict=True)]
    np.testing.assert_allclose(rest.to_each(sums[own]), each, atol=1e-6)
    assert distances.sums([]).to(sums).shape == (0, 4)


@pytest.mark.parametrize("seed", range(3))
def test_questions_are_those_of_every_side_alone(tmp_path: Path, seed: int) -> None:
    scaled = calibration()
    scaled.camera_pairs[("lobby", "yard")] = 0.8 * MAX_DISTANCE  # type: ignore[index]
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        linked(store, blurred(seed))
        site = ReviewSite.open(store, [], calibration=scaled, max_distance=MAX_DISTANCE)
        first = next(one for one in store.people() if one.sightings > 1)
        for step in range(2):
            wanted: dict[str, list[tuple[float, float]]] = {}
            for side, rest, distance, belief in reference.doubts(site):
                names = [[site.tracklets()[row].id for row in rows] for rows in (side, rest)]
                wanted.setdefault(question_id("belongs", *names), []).append((distance, belief))
            found = {one.id: one for one in questions(site, least_doubt=0.0) if one.kind == "belongs"}
            assert found.keys() == wanted.keys()
            for name, one in found.items():
                distance, belief = min(wanted[name], key=lambda pair: pair[1])  # asked where it is worth more
                assert (one.distance, one.belief) == pytest.approx((distance, belief), abs=1e-5), step
            store.confirm(first.person_id)
            site.refresh()


def test_each_person_is_compared_with_the_nearest(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        linked(store, blurred(1))
        site = ReviewSite.open(store, [], calibration=calibration(), max_distance=MAX_DISTANCE)
        every = [one for one in questions(site, least_doubt=0.0, nearest=None) if one.kind == "same_person"]
        count = len(site.people())
        assert len(every) == count * (count - 1) / 2
        near = [one for one in questions(site, least_doubt=0.0, nearest=1) if one.kind == "same_person"]
        assert len(near) <= count
        for person in site.people():
            best = [
                max(one.belief for one in asked if person.person_id in (one.person_id, one.other_id))
                for asked in (near, every)
            ]
            assert best[0] == best[1]
