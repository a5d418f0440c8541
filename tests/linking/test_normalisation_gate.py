"""A camera's normalisation is accepted where it shows the camera, refused where it shows the people."""

from collections.abc import Sequence

import numpy as np
import pytest

from reid.comparable import Comparable, comparable
from reid.distance import pairwise, unit
from reid.errors import InputError
from reid.linking.normalisation_gate import LEAST_PEOPLE, judge
from reid.linking.offline import link
from reid.linking.policy import LinkingPolicy
from reid.types import Array, Embeddings, Tracklet
from tests.tracklets import ENCODER, tracklet

SIZE = 32
CENTRE = np.zeros(SIZE, dtype=np.float32)
MOST = 0.5


def people(rng: np.random.Generator, count: int) -> Array:
    return unit(rng.normal(size=(count, SIZE)).astype(np.float32))


def seen(who: Array, rng: np.random.Generator, moved: Array | float = 0.0) -> list[Array]:
    """Two vectors of each person, each a little off."""
    noise = 0.15 * unit(rng.normal(size=(len(who), 2, SIZE)).astype(np.float32))
    return [unit(row + own + moved) for row, own in zip(who[:, None], noise, strict=True)]


def site(**cameras: Sequence[Array]) -> list[Tracklet]:
    return [
        tracklet(name, number, frames=range(20 * number, 20 * number + 10), vectors=own)
        for name, rows in cameras.items()
        for number, own in enumerate(rows)
    ]


def moved_vectors(found: Comparable) -> list[tuple[str, Embeddings]]:
    return [(one.camera_id, one.embeddings) for one in found.tracklets]


def test_a_dark_camera_is_normalised() -> None:
    rng = np.random.default_rng(0)
    who, dark = people(rng, 12), 1.5 * people(rng, 1)[0]
    found = comparable(site(day=seen(who, rng), dark=seen(who, rng, dark)), CENTRE, MOST)
    assert found.decisions["dark"].accepted
    without, with_it = found.decisions["dark"].nearest or (0, 9)
    assert with_it < 0.8 * without
    moved = {one.key: one.embeddings for one in found.tracklets}
    assert {own.normalisation for key, own in moved.items() if key.camera_id == "dark"} == {
        found.decisions["dark"].version
    }


def test_a_camera_of_people_in_uniform_is_refused_and_says_why() -> None:
    rng = np.random.default_rng(1)
    guests, uniform = people(rng, 20), people(rng, 1)[0]
    staff = unit(people(rng, 8) + 1.2 * uniform)
    everybody = np.concatenate([guests, staff])
    given = site(hall=seen(everybody, rng), yard=seen(everybody, rng), office=seen(staff, rng))
    found = comparable(given, CENTRE, MOST)
    assert {name: one.accepted for name, one in found.decisions.items()} == {
        "hall": True,
        "yard": True,
        "office": False,
    }
    told = found.decisions["office"]
    assert told.nearest is not None
    assert told.nearest[1] > told.nearest[0]
    assert told.why.endswith("with it: its people look unlike the others'")
    before = {one.key: one.embeddings.vectors for one in given}
    for one in found.tracklets:
        assert one.embeddings.normalisation == found.decisions[one.camera_id].version
        if one.camera_id == "office":
            np.testing.assert_allclose(one.embeddings.vectors, before[one.key], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_one_camera_refused_does_not_take_others_with_it(seed: int) -> None:
    """The worst goes first, and the others are judged again without it."""
    rng = np.random.default_rng(seed)
    guests, uniform = people(rng, 20), people(rng, 1)[0]
    staff = unit(people(rng, 8) + 1.2 * uniform)
    dark = 0.5 * people(rng, 1)[0]
    everybody = np.concatenate([guests, staff])
    given = site(hall=seen(everybody, rng, dark), yard=seen(everybody, rng), office=seen(staff, rng))
    decided = comparable(given, CENTRE, MOST).decisions
    assert [name for name, one in decided.items() if not one.accepted] == ["office"]


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6])
def test_few_people_are_refused(count: int) -> None:
    rng = np.random.default_rng(2)
    who, dark = people(rng, 12), 1.5 * people(rng, 1)[0]
    found = comparable(site(day=seen(who, rng), dark=seen(who[:count], rng, dark)), CENTRE, None)
    told = found.decisions["dark"]
    assert told.people == count
    assert told.accepted == (count >= LEAST_PEOPLE)
    if count == 1:
        assert told.why.startswith("about 1 person, fewer than 5, ")


def test_a_resident_is_one_person_however_often_seen() -> None:
    rng = np.random.default_rng(3)
    who = people(rng, 12)
    given = site(street=seen(who, rng), home=seen(np.repeat(who[:1], 40, axis=0), rng))
    told = comparable(given, CENTRE, MOST).decisions["home"]
    assert (told.accepted, told.tracklets, round(told.people)) == (False, 40, 1)


def test_a_camera_alone_needs_people_only() -> None:
    rng = np.random.default_rng(4)
    told = comparable(site(only=seen(people(rng, 6), rng)), CENTRE, None).decisions["only"]
    assert (told.accepted, told.nearest) == (True, None)
    assert told.why == "about 6 people, and no other camera to compare with"


def test_order_of_tracklets_and_of_cameras_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    who, staff = people(rng, 9), unit(people(rng, 5) + 2 * people(rng, 1)[0])
    given = site(b=seen(who, rng), a=seen(np.concatenate([who, staff]), rng), c=seen(staff, rng))
    forth, back = comparable(given, CENTRE, MOST), comparable(given[::-1], CENTRE, MOST)
    for name, one in forth.decisions.items():
        assert one.accepted == back.decisions[name].accepted
    a, b = (
        np.concatenate([one.embeddings.vectors for one in sorted(found.tracklets, key=lambda one: one.key)])
        for found in (forth, back)
    )
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_nothing_to_judge() -> None:
    assert judge([], [], {}, CENTRE) == {}
    given = site(a=seen(people(np.random.default_rng(6), 3), np.random.default_rng(6)))
    assert comparable(given, None).tracklets == given
    assert comparable([], CENTRE).tracklets == []


def test_normalised_tracklets_are_taken_as_they_are() -> None:
    rng = np.random.default_rng(7)
    once = comparable(site(a=seen(people(rng, 6), rng)), CENTRE, MOST).tracklets
    assert comparable(once, CENTRE, MOST).tracklets == once


def test_linking_refuses_mixed_versions() -> None:
    rng = np.random.default_rng(8)
    who, policy = people(rng, 6), LinkingPolicy(max_distance=MOST, centre=CENTRE)
    raw = site(a=seen(who, rng), b=seen(who, rng))
    moved = comparable(raw, CENTRE, MOST).tracklets
    other = comparable(site(a=seen(who[:5], rng), b=seen(who, rng)), CENTRE, MOST).tracklets
    assert {one.embeddings.encoder_id for one in moved} == {ENCODER}
    assert len(link(moved, policy)) == len(link(raw, policy)) == 6
    a, b = moved[0].embeddings.normalisation, other[0].embeddings.normalisation
    with pytest.raises(
        InputError, match=rf"^camera a: its tracklets carry several .* version {min(a, b)} and"
    ):
        link([*moved[:3], *other[3:]], policy)
    with pytest.raises(InputError, match=r"camera a: .* none and version"):
        link([*raw[:3], *moved[3:]], policy)
    with pytest.raises(
        InputError, match="of camera a are normalised, those of camera b are as the network gave them"
    ):
        link([*moved[:6], *raw[6:]], policy)


def test_what_the_gate_measures_is_what_linking_compares() -> None:
    rng = np.random.default_rng(9)
    who, dark = people(rng, 10), 0.8 * people(rng, 1)[0]
    given = site(day=seen(who, rng), dark=seen(who, rng, dark))
    found = comparable(given, CENTRE, MOST)
    rows = {
        name: unit(
            np.stack([own.vectors.mean(axis=0) for camera, own in moved_vectors(found) if camera == name])
        )
        for name in ("day", "dark")
    }
    before = unit(np.stack([one.embeddings.vectors.mean(axis=0) for one in given if one.camera_id == "dark"]))
    without, with_it = pairwise(before, rows["day"]), pairwise(rows["dark"], rows["day"])
    pairs = {
        (row, column)
        for distances in (without, with_it)
        for row in range(10)
        for column in range(10)
        if distances[row, column] == distances[row].min() == distances[:, column].min()
    }
    by_hand = [float(np.mean([distances[pair] for pair in pairs])) for distances in (without, with_it)]
    assert found.decisions["dark"].nearest == pytest.approx(by_hand, abs=1e-5)


def test_cameras_with_few_people_in_common_are_normalised_too() -> None:
    """Most people of each have no other tracklet, and the nearest one is a stranger's."""
    rng = np.random.default_rng(10)
    who, dark = people(rng, 60), 1.0 * people(rng, 1)[0]
    found = comparable(site(day=seen(who[:34], rng), dark=seen(who[26:], rng, dark)), CENTRE, MOST)
    assert [one.accepted for one in found.decisions.values()] == [True, True]
