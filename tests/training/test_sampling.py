import time
from collections import Counter
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.errors import InputError
from reid.training.config import BatchConfig
from reid.training.sampling import Sampler, build_sampler

Kind = Literal["pxk", "balanced", "camera-aware", "random"]
BY_PERSON: list[Kind] = ["pxk", "balanced", "camera-aware"]
MARKET = 12936, 751  # images, people


def made(
    kind: Kind, persons: Labels, cameras: Labels, people: int = 2, images: int = 2, seed: int = 0
) -> Sampler:
    config = BatchConfig(sampler=kind, people=people, images=images)
    return build_sampler(config, persons=persons, cameras=cameras, seed=seed)


def people_of(counts: list[int]) -> Labels:
    """Labels of people with so many images each, in mixed order."""
    persons = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(0).permutation(persons)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Labels, Labels, int, int]:
    counts = draw(st.lists(st.integers(1, 12), min_size=2, max_size=12))
    persons = people_of(counts)
    cameras = draw(st.lists(st.integers(0, 4), min_size=len(persons), max_size=len(persons)))
    people = draw(st.integers(2, len(counts)))
    return persons, np.array(cameras, dtype=np.int64), people, draw(st.integers(2, 5))


@pytest.mark.parametrize("kind", BY_PERSON)
@given(world=worlds(), seed=st.integers(0, 2**31))
def test_batches_hold_p_people_and_k_images_of_each(
    kind: Kind, world: tuple[Labels, Labels, int, int], seed: int
) -> None:
    persons, cameras, people, images = world
    sampler = made(kind, persons, cameras, people, images, seed)
    plan = sampler.epoch(3)
    assert len(plan) == len(sampler) == max(1, round(len(persons) / (people * images)))
    for batch in plan:
        hands = batch.reshape(people, images)
        shown = persons[hands]
        assert (shown == shown[:, :1]).all()
        assert len(set(shown[:, 0].tolist())) == people
        for person, hand in zip(shown[:, 0].tolist(), hands.tolist(), strict=True):
            uses = Counter(dict.fromkeys(np.flatnonzero(persons == person).tolist(), 0))
            uses.update(hand)
            # Each once as far as there are K; otherwise all, equally often to within one.
            assert max(uses.values()) == -(-images // len(uses))
            if len(uses) < images:
                assert min(uses.values()) == images // len(uses)


@given(world=worlds())
def test_balanced_is_equal_to_within_one(world: tuple[Labels, Labels, int, int]) -> None:
    persons, cameras, people, images = world
    plan = made("balanced", persons, cameras, people, images).epoch(0)
    visits = Counter(dict.fromkeys(persons.tolist(), 0))
    visits.update(person for batch in plan for person in set(persons[batch].tolist()))
    assert max(visits.values()) - min(visits.values()) <= 1


@given(world=worlds())
def test_camera_aware_hands_show_as_many_cameras_as_possible(world: tuple[Labels, Labels, int, int]) -> None:
    persons, cameras, people, images = world
    for batch in made("camera-aware", persons, cameras, people, images).epoch(1):
        for hand in batch.reshape(people, images):
            of_person = set(cameras[persons == persons[hand[0]]].tolist())
            assert len(set(cameras[hand].tolist())) == min(images, len(of_person))


@pytest.mark.parametrize("kind", BY_PERSON)
def test_a_person_in_one_camera_is_no_exception(kind: Kind) -> None:
    persons = people_of([1, 1, 5])
    batch = made(kind, persons, np.zeros(7, dtype=np.int64), people=3, images=4).epoch(0)[0]
    assert Counter(persons[batch].tolist()) == {0: 4, 1: 4, 2: 4}
    assert len(set(batch.tolist())) == 6  # one, one, and four different ones


@given(world=worlds())
def test_random_shows_every_image_about_once(world: tuple[Labels, Labels, int, int]) -> None:
    persons, cameras, people, images = world
    plan = made("random", persons, cameras, people, images).epoch(0)
    assert {len(batch) for batch in plan} == {people * images}
    uses = np.bincount(np.concatenate(plan), minlength=len(persons))
    assert uses.max() - uses.min() <= 1


def test_random_needs_no_number_of_people() -> None:
    persons = np.zeros(5, dtype=np.int64)
    assert len(made("random", persons, persons, people=16).epoch(0)) == 1


def mean_uses(sampler: Sampler, images: int, epochs: int) -> NDArray[np.float64]:
    rows = np.concatenate([batch for number in range(epochs) for batch in sampler.epoch(number)])
    return np.bincount(rows, minlength=images) / epochs


def test_pxk_expects_every_image_once_an_epoch() -> None:
    persons = people_of([1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17, 21])  # 96 images in 8 batches of 3 x 4
    sampler = made("pxk", persons, np.zeros_like(persons), people=3, images=4)
    uses = mean_uses(sampler, len(persons), epochs=1500)
    # The most uncertain, a single image, comes 4 times or never: a standard error of .045.
    np.testing.assert_allclose(uses, 1, atol=0.2)


def test_people_with_most_of_the_images_fill_no_more_than_every_batch() -> None:
    persons = people_of([100, 4, 4, 4])  # 112 images in 14 batches of 2 x 4
    sampler = made("pxk", persons, np.zeros_like(persons), people=2, images=4)
    for number in range(20):
        visits = Counter(person for batch in sampler.epoch(number) for person in set(persons[batch].tolist()))
        assert visits[0] == 14
        assert min(visits[person] for person in (1, 2, 3)) >= 4


def test_pxk_uses_no_image_twice_before_all_others_of_the_person() -> None:
    persons = people_of([8] * 12)
    uses = np.bincount(np.concatenate(made("pxk", persons, persons, people=4, images=4).epoch(0)))
    np.testing.assert_array_equal(uses, 1)


def test_people_meet_others_within_an_epoch() -> None:
    persons = people_of([40] * 20)
    plan = made("pxk", persons, np.zeros_like(persons), people=4, images=4).epoch(0)
    met = {frozenset(pair) for batch in plan for pair in _pairs(set(persons[batch].tolist()))}
    assert len(met) > 120  # of 190 pairs; 50 batches of fixed company would give 30


def _pairs(people: set[int]) -> list[tuple[int, int]]:
    return [(a, b) for a in people for b in people if a < b]


@pytest.mark.parametrize("kind", get_args(Kind))
def test_an_epoch_is_a_function_of_seed_and_number(kind: Kind) -> None:
    persons, cameras = people_of([5, 6, 7, 8, 9]), np.arange(35) % 3
    plan = made(kind, persons, cameras, seed=1).epoch(4)
    later = made(kind, persons, cameras, seed=1)
    later.epoch(0)
    np.testing.assert_array_equal(plan, later.epoch(4))
    assert not np.array_equal(plan, later.epoch(5))
    assert not np.array_equal(plan, made(kind, persons, cameras, seed=2).epoch(4))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_an_epoch_of_market_size_is_planned_at_once(kind: Kind) -> None:
    images, people = MARKET
    rng = np.random.default_rng(0)
    persons = np.concatenate([np.arange(people), rng.integers(0, people, images - people)])
    sampler = made(kind, persons, rng.integers(0, 6, images), people=16, images=4)
    seconds = []
    for number in range(3):
        start = time.thread_time()  # other work on this machine does not count
        sampler.epoch(number)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.3


@pytest.mark.parametrize("kind", BY_PERSON)
def test_too_few_people_are_told_what_would_work(kind: Kind) -> None:
    persons = people_of([3, 3])
    with pytest.raises(InputError, match=r"batch\.people is 3, but .* show 2 people; set it to 2 or less"):
        made(kind, persons, persons, people=3)


@pytest.mark.parametrize(("kind", "people"), [("pxk", [4]), ("random", [])])
def test_nobody_to_compare_with(kind: Kind, people: list[int]) -> None:
    persons = people_of(people)
    with pytest.raises(InputError, match=f"show {len(people)} people; add images of more people"):
        made(kind, persons, persons)


def test_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="must be"):
        made("pxk", np.zeros(3, dtype=np.int64), np.zeros(2, dtype=np.int64))
    with pytest.raises(ValueError, match="distractors"):
        made("pxk", np.array([0, -1, 1]), np.zeros(3, dtype=np.int64))
