"""Answers at once: by the distances that linking would decide by, and never against what is impossible."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.calibration_record import ProbabilityMap
from reid.camera_normalisation import CameraNormalisation
from reid.distance import unit
from reid.linking.answer import Patience
from reid.linking.constraints import apart, apart_from
from reid.linking.motion import CameraMotion, impossible, learned
from reid.linking.offline import link
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.types import Array, Embeddings, Identity, Tracklet
from tests.tracklets import ENCODER, towards, tracklet

CAMERAS = ("a", "b", "c")
LEFT, RIGHT = (0, 0, 40, 100), (300, 0, 340, 100)
TRAVEL = {"a-b": 3.0, "c-b": 1.5}
SCALES = {("a", "b"): 0.7, ("b", "b"): 1.2, ("b", "c"): 1.4}
PATIENT = Patience(new_after_s=1.5, margin=0.125)
RULE = LinkingPolicy(max_distance=0.5, fragment_s=4.0, fragment_slack=1.5)


def world(seed: int, count: int = 14) -> list[Tracklet]:
    """Four people in three cameras, some of them at once."""
    rng = np.random.default_rng(seed)
    made = []
    for track in range(count):
        start, length = int(rng.integers(400)), int(rng.integers(1, 80))
        vectors = towards(
            int(rng.integers(4)), spread=0.4, seed=int(rng.integers(1 << 30)), count=int(rng.integers(1, 4))
        )
        camera, box = str(rng.choice(CAMERAS)), (LEFT, RIGHT)[int(rng.integers(2))]
        made.append(tracklet(camera, track, frames=range(start, start + length), box=box, vectors=vectors))
    return made


def known(person_id: int, vectors: Array) -> Identity:
    prototypes = Embeddings(vectors=vectors, encoder_id=ENCODER)
    return Identity(person_id=person_id, tracklets=(), prototypes=prototypes, known=True)


def gallery(
    rule: LinkingPolicy = RULE, people: Sequence[Identity] = (), *, next_id: int = 100
) -> OnlineGallery:
    made = OnlineGallery(rule, PATIENT, people, next_id)
    made.cameras = CAMERAS
    return made


def at_distance(distance: float, other: int = 5) -> Array:
    """A vector so far from axis 0."""
    cosine = 1 - distance
    return unit(cosine * towards(0) + np.sqrt(1 - cosine**2) * towards(other))


def distances_by_hand(
    asked: Tracklet,
    recent: Mapping[int, Sequence[Tracklet]],
    people: Sequence[Identity],
    rule: LinkingPolicy,
    bias: Mapping[str, Array],
    possible: Mapping[str, CameraMotion],
) -> list[tuple[float, int]]:
    """All people whom `asked` may be, nearest first: weighted means of distances, pair by pair."""

    def mean(vectors: Array, camera: str = "") -> Array:
        moved = unit(vectors - bias[camera]) if camera in bias else vectors
        return unit((moved if rule.centre is None else unit(moved - rule.centre)).mean(axis=0))

    own, found = mean(asked.embeddings.vectors, asked.camera_id), []
    for person_id in {*recent, *(person.person_id for person in people)}:
        items = [
            (5.0, float(1 - own @ mean(p.prototypes.vectors))) for p in people if p.person_id == person_id
        ]
        theirs = recent.get(person_id, ())
        for one in theirs:
            first, second = sorted((asked.camera_id, one.camera_id))
            gap = float(1 - own @ mean(one.embeddings.vectors, one.camera_id))
            weight = min(max(one.end_s - one.start_s, 0.3), 5.0)
            items.append((weight, gap * rule.camera_scales.get((first, second), 1.0)))
        refused = [
            apart([asked, one], rule.min_travel_s, CAMERAS)[0, 1] or impossible([asked, one], possible)[0, 1]
            for one in theirs
        ]
        if not any(refused):
            found.append((sum(w * d for w, d in items) / sum(w for w, _ in items), person_id))
    return sorted(found)


def normalisations(shifts: Mapping[str, Array]) -> dict[str, CameraNormalisation]:
    return {
        name: CameraNormalisation(camera_id=name, encoder_id=ENCODER, shift=shift, people=9.0)
        for name, shift in shifts.items()
    }


@st.composite
def rules(draw: Any) -> tuple[LinkingPolicy, dict[str, Array]]:
    """With and without all that changes distances."""
    centre = 0.4 * towards(draw(st.integers(4, 7)))[0] if draw(st.booleans()) else None
    bias = {"a": 0.3 * towards(6)[0], "c": 0.2 * towards(2)[0]} if draw(st.booleans()) else {}
    scales = SCALES if draw(st.booleans()) else {}
    travel = TRAVEL if draw(st.booleans()) else {}
    rule = LinkingPolicy(max_distance=0.5, centre=centre, camera_scales=scales, min_travel_s=travel)
    return replace(rule, possible_motion=draw(st.booleans())), bias


@settings(max_examples=60)
@given(st.integers(0, 1 << 30), rules(), st.integers(0, 3))
def test_distances_are_weighted_means_over_all_pairs(
    seed: int, given_rule: tuple[LinkingPolicy, dict[str, Array]], count: int
) -> None:
    rule, bias = given_rule
    *others, asked = world(seed)
    people = [known(p, towards(p, spread=0.3, seed=seed + p, count=1 + 2 * p)) for p in range(1, count + 1)]
    made, recent = gallery(rule, people), dict[int, list[Tracklet]]()
    for place, one in enumerate(others):
        made.remember(one, place % 5 or None, growing=False)
        if place % 5:
            recent.setdefault(place % 5, []).append(one)
    made.remember(asked, 4, growing=True)
    made.use_normalisations(normalisations(bias))
    answer = made.answer(asked)
    possible = learned(others) if rule.possible_motion else {}
    by_hand = distances_by_hand(asked, recent, people, rule, bias, possible)
    expected = [*by_hand, (None, None), (None, None)][:2]
    (distance, nearest), (runner_up_distance, runner_up) = expected
    assert answer.distance == (None if distance is None else pytest.approx(distance, abs=1e-5))
    assert answer.runner_up_distance == (
        None if runner_up_distance is None else pytest.approx(runner_up_distance, abs=1e-5)
    )
    if distance is not None and (runner_up_distance is None or runner_up_distance - distance > 1e-4):
        assert (answer.nearest_id, answer.runner_up_id) == (nearest, runner_up)


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), rules(), st.booleans())
def test_distances_are_those_that_linking_decides_by(
    seed: int, given_rule: tuple[LinkingPolicy, dict[str, Array]], with_people: bool
) -> None:
    rule, bias = given_rule
    tracklets = world(seed)
    people = [known(p, towards(p, spread=0.2, seed=p, count=3)) for p in (1, 2)] if with_people else []
    made = gallery(rule, people)
    made.use_normalisations(normalisations(bias))
    moved = [
        tracklet(
            t.camera_id,
            t.track_id,
            frames=t.frames.tolist(),
            box=t.boxes[0],
            vectors=made.normalised(t).vectors,
        )
        for t in tracklets
    ]
    linking = link(
        moved,
        replace(rule, fragment_s=0.0),
        cameras=CAMERAS,
        people=people,
        next_person_id=3,
    )
    for one, match in zip(tracklets, linking.matches, strict=True):
        made.remember(one, match.person_id, growing=False)
    for one, match in zip(tracklets, linking.matches, strict=True):
        answer = made.answer(one)
        told = sorted(d for d in (match.distance, match.runner_up_distance) if d is not None)
        found = [d for d in (answer.distance, answer.runner_up_distance) if d is not None]
        # the third nearest may be the person that it was joined to, by others of them
        assert found[:1] == pytest.approx(told[:1], abs=1e-5) or not told
        if match.person_id in (answer.nearest_id, answer.runner_up_id):
            assert found == pytest.approx(told, abs=1e-5)


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.sampled_from([{}, TRAVEL, {"a-c": 20.0}]))
def test_apart_from_is_apart(seed: int, travel: Mapping[str, float]) -> None:
    asked, *others = world(seed)
    expected = apart([asked, *others], travel, CAMERAS)[0, 1:]
    np.testing.assert_array_equal(apart_from(asked, others, travel, CAMERAS), expected)
    gone = {**travel, "a-roof": 50.0, "roof-cellar": 50.0}
    np.testing.assert_array_equal(apart_from(asked, others, gone, CAMERAS), expected)
    assert apart_from(asked, [], travel, CAMERAS).shape == (0,)


def test_who_is_seen_elsewhere_at_the_time_is_never_the_answer() -> None:
    made = gallery(people=[known(1, towards(0)), known(2, at_distance(0.4))])
    made.remember(tracklet("a", 1, frames=range(50), box=LEFT), 1, growing=True)
    made.remember(tracklet("a", 2, frames=range(200, 250), box=LEFT), 1, growing=False)
    twin = made.answer(tracklet("a", 3, frames=range(10, 60), box=RIGHT))
    assert (twin.verdict, twin.person_id, twin.runner_up_id) == ("known", 2, None)
    made.remember(tracklet("a", 4, frames=range(50), box=RIGHT), 2, growing=True)
    third = made.answer(tracklet("a", 5, frames=range(10, 60), box=(600, 0, 640, 100)))
    assert (third.verdict, third.person_id, third.nearest_id, third.distance) == ("new", 100, None, None)


def test_settings_on_cameras_that_are_gone_do_no_harm() -> None:
    rule = LinkingPolicy(max_distance=0.5, min_travel_s={"a-b": 9.0, "a-c": 9.0})
    made = gallery(rule)
    made.cameras = ("a",)
    made.remember(tracklet("b", 1, frames=range(20)), 1, growing=False)
    assert made.answer(tracklet("a", 1, frames=range(30, 60))).verdict == "new", "too fast"
    assert made.answer(tracklet("a", 1, frames=range(200, 230))).person_id == 1


@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.booleans())
def test_answers_name_somebody_unless_uncertain(seed: int, final: bool) -> None:
    made = gallery(people=[known(1, towards(0))], next_id=2)
    for one in world(seed):
        before = made.next_person_id
        answer = made.answer(one, final=final)
        assert not (final and answer.verdict == "uncertain")
        expected = {"known": answer.nearest_id, "new": before, "uncertain": None}[answer.verdict]
        assert answer.person_id == expected
        assert (answer.person_id is None) == (answer.verdict == "uncertain")
        assert made.next_person_id == before + (answer.verdict == "new"), "all else is as it was"
        assert one.key not in made.recent
        made.remember(one, answer.person_id, growing=False)


def test_the_first_of_all_and_probability() -> None:
    probability = ProbabilityMap(
        distances=np.array([0.0, 1.0]), probabilities=np.array([1.0, 0.0]), people=24
    )
    made = gallery(LinkingPolicy(max_distance=0.5, probability=probability), next_id=1)
    first = made.answer(tracklet(frames=range(50)))
    assert (first.verdict, first.person_id, first.probability) == ("new", 1, None)
    made.remember(tracklet(frames=range(50)), 1, growing=False)
    again = made.answer(tracklet("b", frames=range(90, 140), vectors=at_distance(0.25)))
    assert (again.person_id, again.probability) == (1, pytest.approx(0.75, abs=1e-5))


def test_forgotten_people_are_strangers() -> None:
    made = gallery(people=[known(1, towards(0)), known(2, towards(1))])
    made.remember(tracklet("a", 1, frames=range(50)), 1, growing=True)
    made.remember(tracklet("a", 2, frames=range(100, 150)), 1, growing=False)
    made.remember(tracklet("b", 3, frames=range(50), vectors=towards(1)), 2, growing=False)
    assert [key.track_id for key in made.forget(1)] == [1, 2]
    assert [r.person_id for r in made.recent.values()] == [2]
    again = made.answer(tracklet("a", 4, frames=range(300, 350)))
    assert (again.verdict, again.person_id, again.nearest_id) == ("new", 100, 2)
    assert made.forget(1) == []


@pytest.mark.parametrize("remembered", [(), (1,), (2,), (1, 2)])
def test_merged_people_are_one(remembered: tuple[int, ...]) -> None:
    people = [known(p, towards(p)) for p in remembered]
    made = gallery(people=people)
    made.remember(tracklet("a", 1, frames=range(50), vectors=towards(1)), 1, growing=True)
    made.remember(tracklet("a", 2, frames=range(100, 150), vectors=towards(2)), 2, growing=False)
    made.merge(2, into=1, decision=1)
    assert {r.person_id for r in made.recent.values()} == {1}
    assert made.memory.people == ([1] if remembered else [])
    if len(remembered) == 2:
        np.testing.assert_allclose(made.memory.means, unit(towards(1) + towards(2)), atol=1e-6)
    later = made.answer(tracklet("b", 3, frames=range(400, 450), vectors=unit(towards(1) + towards(2))))
    assert (later.person_id, later.runner_up_id) == (1, None)


def test_people_without_vectors_are_not_compared() -> None:
    nobody = known(1, np.zeros((0, 0), dtype=np.float32))
    made = gallery(LinkingPolicy(max_distance=0.5, centre=0.3 * towards(7)[0]), [nobody])
    assert made.answer(tracklet(frames=range(50))).nearest_id is None
