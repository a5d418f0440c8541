"""Tracklets of all cameras to identities."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.calibration_record import ProbabilityMap
from reid.distance import unit
from reid.linking import offline as tested
from reid.linking.offline import Linking
from reid.linking.policy import LinkingPolicy
from reid.types import Embeddings, Identity, Match, Tracklet, TrackletKey
from tests.tracklets import ENCODER, towards, tracklet

CAMERAS = ("lobby", "street", "yard")
RULE = {field.name for field in fields(LinkingPolicy)}


def link(tracklets: Sequence[Tracklet], **settings: Any) -> Linking:
    """With the settings of the rule among the others."""
    rule = LinkingPolicy(**{name: value for name, value in settings.items() if name in RULE})
    return tested.link(tracklets, rule, **{n: value for n, value in settings.items() if n not in RULE})


def site(seed: int, people: int = 5, spread: float = 0.12) -> tuple[list[Tracklet], dict[TrackletKey, int]]:
    """Each person passes every camera, in a stretch of time of their own; and who is who."""
    rng = np.random.default_rng(seed)
    tracklets, truth = [], {}
    for who in range(people):
        for number, camera in enumerate(CAMERAS):
            start = 100 * who + 30 * number + int(rng.integers(20))
            vectors = towards(
                who, spread=spread, seed=int(rng.integers(1 << 30)), count=int(rng.integers(1, 5))
            )
            tracklets.append(tracklet(camera, who + 1, frames=range(start, start + 20), vectors=vectors))
            truth[tracklets[-1].key] = who
    return tracklets, truth


def who(linking: Linking) -> dict[TrackletKey, int | None]:
    return {match.tracklet: match.person_id for match in linking.matches}


def of(linking: Linking, made: Tracklet) -> Match:
    return next(match for match in linking.matches if match.tracklet == made.key)


def known(person_id: int, direction: int) -> Identity:
    prototypes = Embeddings(vectors=towards(direction, count=2), encoder_id=ENCODER)
    return Identity(person_id=person_id, tracklets=(), prototypes=prototypes, known=True)


def check(linking: Linking, tracklets: Sequence[Tracklet]) -> None:
    """What holds of every result."""
    assert [match.tracklet for match in linking.matches] == [t.key for t in tracklets], "in the order given"
    ids = [identity.person_id for identity in linking.identities]
    assert ids == sorted(set(ids))
    assert {key: i.person_id for i in linking.identities for key in i.tracklets} == who(linking)
    for match in linking.matches:
        assert match.person_id != match.runner_up_id
        assert match.distance is None or 0 <= match.distance <= 2
        assert (match.runner_up_id is None) == (match.runner_up_distance is None)
    for identity in linking.identities:
        own = [t for t in tracklets if t.key in identity.tracklets]
        assert len(identity.prototypes) == sum(len(t.embeddings) for t in own)


def test_everybody_is_found_in_all_cameras() -> None:
    tracklets, truth = site(0)
    linking = link(tracklets, max_distance=0.5)
    check(linking, tracklets)
    assert len(linking.identities) == 5
    assert [identity.person_id for identity in linking.identities] == [1, 2, 3, 4, 5]
    assert {truth[key] + 1: i.person_id for i in linking.identities for key in i.tracklets} == {
        i: i for i in range(1, 6)
    }, "numbered in order of first appearance"


@settings(max_examples=30)
@given(st.integers(0, 1000), st.randoms(use_true_random=False), st.sampled_from([0.12, 0.4]), st.floats(0, 3))
def test_order_of_tracklets_does_not_matter(seed: int, random: Any, spread: float, fragment_s: float) -> None:
    tracklets, _ = site(seed, spread=spread)
    shuffled = random.sample(tracklets, len(tracklets))
    options: dict[str, Any] = {"max_distance": 0.5, "fragment_s": fragment_s, "fragment_slack": 1.3}
    first, second = link(tracklets, **options), link(shuffled, **options)
    check(first, tracklets)
    check(second, shuffled)
    by_key = {match.tracklet: match for match in second.matches}
    assert [by_key[match.tracklet] for match in first.matches] == list(first.matches)
    assert [i.tracklets for i in first.identities] == [i.tracklets for i in second.identities]


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([0.12, 0.4]))
def test_names_of_cameras_do_not_matter(seed: int, spread: float) -> None:
    """Their alphabetical order is the only order that cameras have."""
    tracklets, _ = site(seed, spread=spread)
    new = dict(zip(CAMERAS, ("3", "1", "2"), strict=True))
    renamed = [
        tracklet(new[t.camera_id], t.track_id, frames=t.frames.tolist(), vectors=t.embeddings.vectors)
        for t in tracklets
    ]
    before = [match.person_id for match in link(tracklets, max_distance=0.5).matches]
    assert [match.person_id for match in link(renamed, max_distance=0.5).matches] == before


def test_nothing_one_and_strangers() -> None:
    assert link([], max_distance=0.5) == Linking(identities=(), matches=())
    assert link([], max_distance=0.5, people=[known(3, 0)]).identities == ()
    alone = link([tracklet()], max_distance=0.5)
    check(alone, [tracklet()])
    assert alone.matches[0].distance is None
    assert alone.matches[0].runner_up_id is None
    assert alone.matches[0].margin is None
    strangers = [tracklet("a", i, frames=range(20 * i, 20 * i + 10), vectors=towards(i)) for i in range(4)]
    apart = link(strangers, max_distance=0.5)
    check(apart, strangers)
    assert len(apart.identities) == 4
    assert all(match.runner_up_distance == pytest.approx(1) for match in apart.matches)


def test_everything_is_explained() -> None:
    """Distance to the rest of one's person, and to the nearest other one: recomputed pair by pair."""
    tracklets, _ = site(4, spread=0.3)
    linking = link(tracklets, max_distance=0.6)
    means = {t.key: unit(t.embeddings.vectors.mean(axis=0, keepdims=True))[0] for t in tracklets}

    def mean(key: TrackletKey, others: Sequence[TrackletKey]) -> float:
        return float(np.mean([1 - means[key] @ means[other] for other in others]))

    for match in linking.matches:
        gaps = {}
        for identity in linking.identities:
            rest = [key for key in identity.tracklets if key != match.tracklet]
            if identity.person_id == match.person_id:
                expected = mean(match.tracklet, rest) if rest else None
                assert match.distance == (pytest.approx(expected, abs=1e-5) if rest else None)
            else:
                gaps[identity.person_id] = mean(match.tracklet, rest)
        assert match.runner_up_distance == pytest.approx(min(gaps.values()), abs=1e-5)
        assert match.runner_up_id == min(gaps, key=lambda person: gaps[person])


def test_look_alikes_in_one_image_stay_apart() -> None:
    a = tracklet("a", 1, frames=range(20), box=(0, 0, 40, 100))
    b = tracklet("a", 2, frames=range(20), box=(300, 0, 340, 100))
    c = tracklet("b", 1, frames=range(40, 60))
    linking = link([a, b, c], max_distance=2.0, fragment_s=100)
    check(linking, [a, b, c])
    assert of(linking, a).person_id != of(linking, b).person_id
    assert of(linking, a).runner_up_id != of(linking, b).person_id, "impossible is no runner-up"


def test_nobody_is_faster_than_walking() -> None:
    a, b = tracklet("a", frames=range(10)), tracklet("b", frames=range(30, 40))
    assert len(link([a, b], max_distance=0.5).identities) == 1
    assert len(link([a, b], max_distance=0.5, min_travel_s={"a-b": 2.0}).identities) == 1
    assert len(link([a, b], max_distance=0.5, min_travel_s={"a-b": 3.0}).identities) == 2


def test_a_centre_spreads_what_is_alike() -> None:
    common = 4 * towards(7)[0]
    tracklets = [
        tracklet(
            "a",
            i,
            frames=range(20 * i, 20 * i + 10),
            vectors=unit(towards(i // 2, spread=0.05, seed=i) + common),
        )
        for i in range(6)
    ]
    assert len(link(tracklets, max_distance=0.5).identities) == 1
    centre = np.mean([t.embeddings.vectors[0] for t in tracklets], axis=0, dtype=np.float32)
    linking = link(tracklets, max_distance=0.5, centre=centre)
    assert [m.person_id for m in linking.matches] == [1, 1, 2, 2, 3, 3]


def test_known_people_keep_their_numbers() -> None:
    tracklets, truth = site(1, people=4)
    people = [known(70, 2), known(12, 0), known(33, 6)]
    linking = link(tracklets, max_distance=0.5, people=people, next_person_id=71)
    check(linking, tracklets)
    expected = {0: 12, 1: 71, 2: 70, 3: 72}
    assert who(linking) == {key: expected[person] for key, person in truth.items()}
    assert {i.person_id: i.known for i in linking.identities} == {12: True, 70: True, 71: False, 72: False}
    assert 33 not in who(linking).values(), "was not seen"
    assert all(match.distance is not None for match in linking.matches)


def test_known_people_stay_apart_however_alike() -> None:
    made = tracklet(vectors=towards(0))
    linking = link([made], max_distance=2.0, people=[known(1, 0), known(2, 0)], next_person_id=3)
    match = linking.matches[0]
    assert {match.person_id, match.runner_up_id} == {1, 2}
    assert match.margin == pytest.approx(0, abs=1e-6)


def test_former_numbers_are_kept() -> None:
    tracklets, truth = site(2)
    names = {0: 14, 1: 11, 2: 15, 3: 12, 4: 13}
    former = {key: names[person] for key, person in truth.items()}
    again = link(tracklets, max_distance=0.5, former_ids=former, next_person_id=16)
    check(again, tracklets)
    assert who(again) == former


def test_former_numbers_follow_the_majority_and_are_given_once() -> None:
    tracklets, truth = site(3, people=2)
    first, second = ([t for t in tracklets if truth[t.key] == person] for person in (0, 1))
    former = {first[0].key: 8, first[1].key: 5, first[2].key: 8, second[0].key: 8, second[1].key: 8}
    linking = link(tracklets, max_distance=0.5, former_ids=former, next_person_id=9)
    check(linking, tracklets)
    assert {of(linking, t).person_id for t in first} | {of(linking, t).person_id for t in second} <= {5, 8, 9}
    assert of(linking, first[0]).person_id != of(linking, second[0]).person_id
    known_too = link(tracklets, max_distance=0.5, former_ids=former, people=[known(8, 0)], next_person_id=9)
    assert of(known_too, first[0]).person_id == 8, "the gallery goes before what was said last time"
    assert of(known_too, second[0]).person_id == 9


@pytest.mark.parametrize("people", [(), (known(9, 5),)])
def test_a_fragment_joins_whom_it_resembles_most(people: tuple[Identity, ...]) -> None:
    """Half a second of somebody lies farther away than the limit, yet nearest to the right one."""
    tracklets, truth = site(0, people=3, spread=0.02)
    vector = unit(towards(1) + 1.2 * towards(6))
    scrap = tracklet("yard", 50, frames=range(900, 905), vectors=vector)
    long = tracklet("yard", 51, frames=range(900, 960), vectors=vector)
    options: dict[str, Any] = {"max_distance": 0.3, "people": people, "next_person_id": 10, "fragment_s": 1.0}
    for extra, slack, joins in ((scrap, 1.3, True), (scrap, 1.0, False), (long, 1.3, False)):
        linking = link([*tracklets, extra], fragment_slack=slack, **options)
        check(linking, [*tracklets, extra])
        target = next(match.person_id for match in linking.matches if truth.get(match.tracklet) == 1)
        assert (of(linking, extra).person_id == target) == joins
        assert len(linking.identities) == (3 if joins else 4)
        assert [m.tracklet for m in linking.matches if m.fragment] == ([extra.key] if joins else [])


def test_encoders_do_not_mix() -> None:
    other = Embeddings(vectors=towards(0), encoder_id="other")
    first, second = tracklet("a"), tracklet("b", frames=range(20, 30))
    object.__setattr__(second, "embeddings", other)
    with pytest.raises(ValueError, match="different encoders"):
        link([first, second], max_distance=0.5)


def test_a_links_distance_is_the_mean_that_was_decided_by() -> None:
    rng = np.random.default_rng(8)
    lengths = [10, 20, 60, 30]  # frames: a glimpse counts less than a walk
    given = [
        tracklet("a", i, frames=range(100 * i, 100 * i + n), vectors=towards(0, spread=0.1, seed=i))
        for i, n in enumerate(lengths)
    ]
    order = rng.permutation(len(given))
    found = {m.tracklet.track_id: m for m in link([given[i] for i in order], max_distance=1.0).matches}
    for one in given:
        total = weight = 0.0
        for other in given:
            if other is not one:
                seconds = min(max(other.end_s - other.start_s, 0.3), 5.0)
                total += seconds * float(1 - one.embeddings.vectors[0] @ other.embeddings.vectors[0])
                weight += seconds
        assert found[one.track_id].distance == pytest.approx(total / weight, abs=1e-5)


def test_a_camera_pair_has_a_distance_of_its_own() -> None:
    """Between lobby and street people look farther apart; the same vectors elsewhere stay as they were."""
    a, b, c = (unit(towards(0) + offset * towards(i)) for i, offset in ((1, 0.0), (2, 1.1), (3, 1.1)))
    given = [
        tracklet("lobby", 1, frames=range(10), vectors=a),
        tracklet("street", 1, frames=range(20, 30), vectors=b),
        tracklet("yard", 1, frames=range(40, 50), vectors=c),
    ]
    apart = 1 - float(a[0] @ b[0])
    assert len(link(given, max_distance=0.3).identities) == 3
    assert link(given, max_distance=0.3, camera_scales={}).matches == link(given, max_distance=0.3).matches
    linking = link(given, max_distance=0.3, camera_scales={("lobby", "street"): 0.3 / 0.36})
    check(linking, given)
    assert of(linking, given[0]).person_id == of(linking, given[1]).person_id
    assert of(linking, given[0]).distance == pytest.approx(apart * 0.3 / 0.36, abs=1e-5)
    assert of(linking, given[0]).runner_up_distance == pytest.approx(apart, abs=1e-5), (
        "yard has no own distance"
    )
    stricter = link(given, max_distance=0.4, camera_scales={("lobby", "street"): 1.5, ("a", "nowhere"): 9.0})
    assert of(stricter, given[0]).person_id != of(stricter, given[1]).person_id
    assert of(stricter, given[0]).person_id == of(stricter, given[2]).person_id


def test_known_people_belong_to_no_camera() -> None:
    made = tracklet("lobby", vectors=unit(towards(0) + towards(3)))
    plain = link([made], max_distance=0.5, people=[known(4, 0)], next_person_id=5)
    scaled = link(
        [made],
        max_distance=0.5,
        people=[known(4, 0)],
        next_person_id=5,
        camera_scales={("lobby", "street"): 5.0},
    )
    assert plain.matches == scaled.matches


def test_a_link_has_the_probability_of_its_distance() -> None:
    tracklets, _ = site(2)
    probability = ProbabilityMap(
        distances=np.array([0.0, 1.0]), probabilities=np.array([1.0, 0.0]), people=24
    )
    for match in link(tracklets, max_distance=0.5, probability=probability).matches:
        assert match.distance is not None
        assert match.probability == pytest.approx(1 - match.distance, abs=1e-6)
    assert all(match.probability is None for match in link(tracklets, max_distance=0.5).matches)
    alone = link([tracklet()], max_distance=0.5, probability=probability).matches[0]
    assert alone.probability is None, "nothing to compare with"
