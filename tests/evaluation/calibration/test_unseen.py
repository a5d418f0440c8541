"""Rates at a site that no calibration has seen."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from reid.distance import pairwise
from reid.evaluation.calibration import unseen
from reid.evaluation.calibration.labelled import LabelledCrops, centre_of, joined, tracklets
from reid.evaluation.calibration.unseen import DISTANCES, SiteRates, site_rates, unseen_site
from reid.linking.expected import expected_rates
from tests.evaluation.calibration.worlds import crops


def slow_rates(items, cameras: set[int], distance: float) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """False non-match rate and false match rate, pair by pair."""
    genuine, impostor = [], []
    between = pairwise(items.vectors, items.vectors)
    for i, j in combinations(range(len(items.persons)), 2):
        places = {int(items.cameras[i]), int(items.cameras[j])}
        if len(places) == 2 and places <= cameras:
            own = genuine if items.persons[i] == items.persons[j] else impostor
            own.append(between[i, j] <= distance)
    return 1 - float(np.mean(genuine)), float(np.mean(impostor))


def made(world: LabelledCrops) -> list[SiteRates]:
    return site_rates(world, joined(tracklets(world, centre_of([world]), 24)))


def test_one_site_is_told_apart_by_its_pairs_of_cameras() -> None:
    world = crops(1, 30, 1.2)
    found = made(world)
    assert [one.name for one in found] == ["c1 and c2", "c1 and c3", "c2 and c3"]
    items = joined(tracklets(world, centre_of([world]), 24))
    for one, cameras in zip(found, ({0, 1}, {0, 2}, {1, 2}), strict=True):
        for distance in (0.4, 0.62, 0.9):
            assert one.at(distance) == pytest.approx(slow_rates(items, cameras, distance), abs=1e-6)
        assert (one.people, one.pairs_of_people) == (30, 30 * 29 // 2)
        assert (one.genuine_pairs, one.impostor_pairs) == (30, 30 * 29)


def test_sites_that_are_named_are_the_sites() -> None:
    world = crops(1, 30, 1.2, cameras=4)
    # people 0 to 14 pass the first two cameras only, the others the last two
    here = np.where(world.persons < 15, world.cameras < 2, world.cameras >= 2)
    two = replace(
        world,
        vectors=world.vectors[here],
        persons=world.persons[here],
        cameras=world.cameras[here],
        tracklets=world.tracklets[here],
        camera_sites=("north", "north", "south", "south"),
    )
    found = made(two)
    assert [(one.name, one.people, one.pairs_of_people) for one in found] == [
        ("north", 15, 105),
        ("south", 15, 105),
    ]
    items = joined(tracklets(two, centre_of([two]), 24))
    assert found[1].at(0.6) == pytest.approx(slow_rates(items, {2, 3}, 0.6), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_people_are_those_that_two_cameras_saw(seed: int) -> None:
    """Where some people passed one camera only, against a slow count; more tracklets than a block has."""
    rng = np.random.default_rng(seed)
    world = crops(seed, 40, 1.2, cameras=2, each=1)
    kept = rng.random(len(world.persons)) < 0.7
    part = replace(
        world,
        vectors=world.vectors[kept],
        persons=world.persons[kept],
        cameras=world.cameras[kept],
        tracklets=world.tracklets[kept],
    )
    (found,) = made(part)
    rows = list(zip(part.persons.tolist(), part.cameras.tolist(), strict=True))
    met = {frozenset((p, q)) for p, a in rows for q, b in rows if a != b and p != q}
    assert found.pairs_of_people == len(met)
    assert found.people == sum(
        rows.count((p, 0)) + rows.count((p, 1)) == 2 for p in set(part.persons.tolist())
    )


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(crops(1, 30, 1.2))
    monkeypatch.setattr(unseen, "BLOCK", 7)
    for one, other in zip(before, made(crops(1, 30, 1.2)), strict=True):
        assert (one.genuine_pairs, one.impostor_pairs) == (other.genuine_pairs, other.impostor_pairs)
        np.testing.assert_allclose(one.impostor, other.impostor, atol=1e-12)


def test_few_people_are_no_site() -> None:
    assert made(crops(1, 7, 1.2)) == []
    assert unseen_site(made(crops(1, 7, 1.2)), np.random.default_rng(0)) is None


def sites(
    rng: np.random.Generator, number: int, people: int, data_set: str, a: float, b: float
) -> list[SiteRates]:
    """Sites whose true rates are drawn from a beta distribution, and measured on so many people."""
    pairs = people * (people - 1) // 2
    found = []
    for index in range(number):
        missed = rng.binomial(people, rng.beta(a, b)) / people
        taken = rng.binomial(pairs, rng.beta(a, 10 * b)) / pairs
        found.append(
            SiteRates(
                name=f"{data_set} {index}",
                data_set=data_set,
                genuine_pairs=people,
                impostor_pairs=pairs,
                genuine=np.full(len(DISTANCES), 1 - missed),
                impostor=np.full(len(DISTANCES), taken),
                people=people,
                pairs_of_people=pairs,
            )
        )
    return found


def test_the_distribution_of_sites_is_found_again() -> None:
    a, b = 2.0, 18.0
    rng = np.random.default_rng(3)
    found = unseen_site([*sites(rng, 300, 40, "one", a, b), *sites(rng, 30, 40, "two", a, b)], rng)
    assert found is not None
    assert dict(found.sites) == {"one": 300, "two": 30}
    mean, spread = found.false_non_match[20]
    assert mean == pytest.approx(a / (a + b), rel=0.2)
    assert spread == pytest.approx(1 / (a + b + 1), rel=0.5)
    mean, spread = found.false_match[20]
    assert mean == pytest.approx(a / (a + 10 * b), rel=0.2)
    assert spread == pytest.approx(1 / (a + 10 * b + 1), rel=0.6)


def test_the_interval_holds_the_next_site() -> None:
    """Of twenty sites each time; one more is drawn, and lies inside as often as is said, or a little more often."""
    rng = np.random.default_rng(0)
    inside = np.zeros(2)
    times = 300
    for _ in range(times):
        *known, one = sites(rng, 21, 24, "one", 1.0, 9.0)
        found = unseen_site(known, rng)
        assert found is not None
        said = expected_rates(found, 0.5, 24)
        measured = one.at(0.5)
        for which, (_, low, high) in enumerate((said.false_non_match, said.false_match)):
            inside[which] += low <= measured[which] <= high
    assert np.all(inside / times >= 0.92), inside / times


def test_data_sets_count_alike_whatever_their_sizes() -> None:
    rng = np.random.default_rng(0)
    many, few = sites(rng, 60, 40, "many", 1, 99), sites(rng, 3, 40, "few", 30, 70)
    found = unseen_site([*many, *few], rng)
    assert found is not None
    means = [np.mean([1 - one.genuine[0] for one in own]) for own in (many, few)]
    assert found.false_non_match[0, 0] == pytest.approx(np.mean(means), abs=1e-6)


def test_without_an_error_anywhere_some_are_to_be_expected() -> None:
    perfect = [
        replace(one, genuine=np.ones(len(DISTANCES)), impostor=np.zeros(len(DISTANCES)))
        for one in sites(np.random.default_rng(0), 5, 20, "one", 1, 9)
    ]
    found = unseen_site(perfect, np.random.default_rng(0))
    assert found is not None
    said = expected_rates(found, 0.5, 20)
    assert 0 < said.false_non_match[0] < 0.01
    assert 0 < said.false_match[0] < 0.001
    assert said.false_non_match[2] <= 0.05
