"""Site calibration without labels, on made-up sites whose labels are known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from reid.calibration_record import SameCamera
from reid.distance import unit
from reid.embedding.normalisation import shifts
from reid.evaluation.calibration.labelled import LabelledCrops
from reid.evaluation.calibration.points import OperatingPoint
from reid.evaluation.calibration.relation import (
    LEVELS,
    USUAL,
    RelationDistances,
    halves,
    mean_of,
    measure,
    median_and_spread,
    same_camera,
)
from reid.evaluation.calibration.unlabelled import (
    GRID,
    Proven,
    best_distance,
    correct,
    moved,
    proven,
    rates,
)
from reid.types import Array
from tests.tracklets import towards, tracklet

MAX_F1 = OperatingPoint.parse("max-f1")
CENTRE = np.zeros(48, dtype=np.float32)


@dataclass(frozen=True)
class World:
    """How people look: `look` of their own, `clothes` that many share, and what a track, a camera, a crop adds.

    Crops of a track share its light and its view, so halves of it are closer than two tracks of its person.
    """

    share: float = 1.0  # of what all wear: the more, the closer strangers come
    view: float = 0.9  # what a passage adds
    noise: float = 0.35  # what a crop adds

    def site(
        self, rng: np.random.Generator, people: int, cameras: int = 4
    ) -> tuple[list[Array], list[int], list[str]]:
        """Crops of each passage, its person and its camera."""
        clothes = rng.normal(size=(4, 48)) * self.share
        passages, persons, names = [], [], []
        for who in range(people):
            look = rng.normal(size=48) + clothes[rng.integers(4)]
            for camera in range(cameras):
                there = look + self.view * rng.normal(size=48)
                crops = there + 6 * self.noise * rng.normal(size=(4, 48)) / 6**0.5
                passages.append(unit(crops.astype(np.float32)))
                persons.append(who)
                names.append(f"c{camera}")
        return passages, persons, names

    def crops(self, rng: np.random.Generator, sites: int, people: int = 12) -> LabelledCrops:
        vectors, persons, cameras, passages = [], [], [], []
        for number in range(sites):
            for own, who, name in zip(*self.site(rng, people), strict=True):
                vectors.append(own)
                persons += [100 * number + who] * len(own)
                cameras += [int(name[1:])] * len(own)
                passages += [len(vectors)] * len(own)
        return LabelledCrops(
            name="made up",
            vectors=np.concatenate(vectors),
            persons=np.array(persons),
            cameras=np.array(cameras),
            tracklets=np.array(passages),
            camera_names=("c0", "c1", "c2", "c3"),
        )


def unlabelled(
    passages: list[Array], names: list[str], persons: list[int], pairs: int | None = None
) -> Proven:
    """What a site proves if everybody in a camera is there at once; at most `pairs` of two people."""
    shift = shifts(passages, names, CENTRE)
    moved_ = [unit(own - shift[name]) for own, name in zip(passages, names, strict=True)]
    means = unit(np.stack([own.mean(axis=0) for own in moved_]))
    met = np.array(
        [
            (i, j)
            for i in range(len(names))
            for j in range(i + 1, len(names))
            if names[i] == names[j] and persons[i] != persons[j]
        ]
    )
    if pairs is not None:
        met = met[np.random.default_rng(3).permutation(len(met))[:pairs]]
    own = [halves(vectors) for vectors in moved_]
    return Proven(
        halves=np.array(own, dtype=np.float64),
        halves_of=np.arange(len(own)),
        meetings=np.array([1 - float(means[i] @ means[j]) for i, j in met]),
        meetings_of=met,
        tracklets=len(names),
        per_camera={},
    )


def truth(passages: list[Array], names: list[str], persons: list[int]) -> float:
    """The best distance across cameras, by labels, counted pair by pair."""
    known = measure(passages, np.array(persons), names, CENTRE)
    prior = 1 / len(set(persons))
    f1 = []
    for limit in GRID:
        right, wrong = prior * np.mean(known.genuine <= limit), (1 - prior) * np.mean(known.impostor <= limit)
        f1.append(2 * right / (right + wrong + prior))
    return float(GRID[int(np.argmax(f1))])


HERE = {
    "as labelled": World(),
    "dressed alike": World(share=1.3),
    "dressed apart": World(share=0.6),
    "changing views": World(view=1.1),
    "blurred": World(noise=0.5),
}


def mean_errors(here: World, pairs: int | None) -> tuple[float, float]:
    """Distance to the labelled threshold of the corrected and of the uncorrected one, mean over eight sites."""
    rng = np.random.default_rng(5)
    relation = same_camera([World().crops(rng, sites=12)], CENTRE, people_per_site=12)
    assert relation is not None
    start = best_distance(relation.genuine, relation.impostor, MAX_F1, 12)
    corrected, uncorrected = [], []
    for _ in range(8):
        people = int(rng.integers(12, 25))
        passages, persons, names = here.site(rng, people)
        site = unlabelled(passages, names, persons, pairs)
        found = correct(site, relation, MAX_F1, people=people, rng=rng, resamples=0)
        best = truth(passages, names, persons)
        assert found.uncorrected is not None
        corrected.append(abs(start + found.shift - best))
        uncorrected.append(abs(found.uncorrected - best))
    return float(np.mean(corrected)), float(np.mean(uncorrected))


@pytest.mark.parametrize("here", HERE)
def test_the_corrected_threshold_is_nearer_to_the_labelled_one(here: str) -> None:
    corrected, uncorrected = mean_errors(HERE[here], None)
    assert corrected < 0.75 * uncorrected


@pytest.mark.slow
def test_so_it_is_with_thirty_pairs_of_two_people() -> None:
    """On the whole: thirty pairs rarely hold the nearest strangers, which can make up for too easy halves."""
    corrected, uncorrected = np.mean([mean_errors(here, 30) for here in HERE.values()], axis=0)
    assert corrected < 0.9 * uncorrected


def lab_like(
    seed: int, shift: float = 0.0, spread: float = 1.0
) -> tuple[RelationDistances, RelationDistances]:
    """A labelled data set and a site with distributions as OSNet x0.25 has them on rendered people and on
    Market-1501: halves 0.33, genuine 0.31 to 0.40, impostors 1.05, all with long inner tails."""
    rng = np.random.default_rng(seed)

    def draw(size: int, own_shift: float, stretch: float) -> RelationDistances:
        return RelationDistances(
            halves=np.clip(rng.gamma(4.8, 0.070, size) + own_shift, 0, 2),
            meetings=np.clip(1.055 - stretch * (rng.gamma(6, 0.075, 8 * size) - 0.45), 0, 2),
            genuine=np.clip(rng.gamma(6.0, 0.062, 10 * size) + 0.5 * own_shift, 0, 2),
            impostor=np.clip(1.035 - stretch**0.7 * (rng.gamma(6, 0.068, 100 * size) - 0.41), 0, 2),
        )

    return draw(1000, 0.0, 1.0), draw(70, shift, spread)


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (0.05, 1.15), (-0.05, 1.15), (0.0, 0.85)])
def test_distributions_as_the_lab_has_them(shift: float, spread: float) -> None:
    errors = []
    for seed in range(6):
        known, site = lab_like(seed, shift, spread)
        median, below = median_and_spread(known.meetings)
        relation = SameCamera(
            people=18,
            halves=float(known.halves.mean()),
            meetings_median=median,
            meetings_spread=below,
            genuine=np.quantile(known.genuine, LEVELS),
            impostor=np.quantile(known.impostor, LEVELS),
        )
        met = np.stack([np.arange(len(site.meetings)) % 70, np.arange(len(site.meetings)) // 70 % 70], axis=1)
        given = Proven(
            halves=site.halves,
            halves_of=np.arange(70),
            meetings=site.meetings[:100],
            meetings_of=met[:100],
            tracklets=70,
            per_camera={},
        )
        found = correct(given, relation, MAX_F1, people=18, rng=np.random.default_rng(0), resamples=0)
        best = best_distance(
            np.quantile(site.genuine, LEVELS), np.quantile(site.impostor, LEVELS), MAX_F1, 18
        )
        start = best_distance(relation.genuine, relation.impostor, MAX_F1, 18)
        assert found.uncorrected is not None
        errors.append((abs(start + found.shift - best), abs(found.uncorrected - best)))
    corrected, uncorrected = np.mean(errors, axis=0)
    assert corrected < uncorrected
    assert corrected < 0.05


def test_a_site_like_the_labelled_crops_keeps_their_threshold() -> None:
    nothing = Proven(
        halves=np.empty(0),
        halves_of=np.empty(0, dtype=np.int64),
        meetings=np.empty(0),
        meetings_of=np.empty((0, 2), dtype=np.int64),
        tracklets=0,
        per_camera={},
    )
    found = correct(nothing, USUAL, MAX_F1, people=USUAL.people, rng=np.random.default_rng(0), resamples=0)
    assert (found.shift, found.interval, found.uncorrected) == (0.0, (0.0, 0.0), None)
    same = replace(nothing, halves=np.full(40, USUAL.halves), halves_of=np.arange(40), tracklets=40)
    genuine, impostor = moved(same, USUAL)
    np.testing.assert_allclose(genuine, USUAL.genuine)
    np.testing.assert_allclose(impostor, USUAL.impostor)


def test_more_pairs_are_trusted_more_and_more_people_want_less_distance() -> None:
    rng = np.random.default_rng(0)
    shifts, widths = [], []
    for count in (10, 60, 360):
        far = Proven(
            halves=USUAL.halves - 0.2 + 0.05 * rng.normal(size=count),
            halves_of=np.arange(count),
            meetings=np.empty(0),
            meetings_of=np.empty((0, 2), dtype=np.int64),
            tracklets=count,
            per_camera={},
        )
        found = correct(far, USUAL, MAX_F1, people=24, rng=rng, resamples=200)
        assert found.interval[0] <= found.shift <= found.interval[1]
        shifts.append(found.shift)
        widths.append(found.interval[1] - found.interval[0])
    assert 0 > shifts[0] > shifts[1] > shifts[2]
    assert widths[2] < widths[1]
    sites = [best_distance(USUAL.genuine, USUAL.impostor, MAX_F1, n) for n in (2, 12, 48, 200)]
    assert sites == sorted(sites, reverse=True)
    assert sites[0] > sites[-1]


def test_the_best_distance_is_that_of_a_slow_count() -> None:
    rng = np.random.default_rng(1)
    for people in (4, 30):
        genuine, impostor = np.sort(rng.normal(0.4, 0.15, 4000)), np.sort(rng.normal(1.0, 0.15, 4000))
        f1 = []
        for limit in GRID:
            right = np.count_nonzero(genuine <= limit) / 4000 / people
            wrong = np.count_nonzero(impostor <= limit) / 4000 * (people - 1) / people
            f1.append(2 * right / (right + wrong + 1 / people))
        found = best_distance(np.quantile(genuine, LEVELS), np.quantile(impostor, LEVELS), MAX_F1, people)
        assert f1[int(np.argmin(np.abs(GRID - found)))] > max(f1) - 0.01
    fmr = best_distance(
        np.quantile(genuine, LEVELS), np.quantile(impostor, LEVELS), OperatingPoint.parse("fmr=0.01"), 9
    )
    assert np.mean(impostor <= fmr) == pytest.approx(0.01, abs=0.002)
    np.testing.assert_allclose(
        rates(np.quantile(genuine, LEVELS), np.quantile(genuine, LEVELS)), LEVELS, atol=1e-3
    )


def test_halves_are_what_they_say() -> None:
    assert halves(towards(0)) is None
    assert halves(np.concatenate([towards(0), towards(1)])) == pytest.approx(1.0)
    six = np.concatenate([towards(0, count=3), towards(1, count=3)])
    assert halves(six) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    for count in range(2, 12):
        vectors = unit(rng.normal(size=(count, 8)).astype(np.float32))
        first, second = vectors[: count // 2], vectors[count // 2 :]
        a, b = (own[[0, -1]].mean(axis=0) for own in (first, second))
        expected = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert halves(vectors) == pytest.approx(expected, abs=1e-6)


def test_median_and_spread() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(1.0, 0.15, 5001)
    median, spread = median_and_spread(values)
    assert median == pytest.approx(np.median(values), abs=1e-9)
    assert spread == pytest.approx(0.15, abs=0.01)
    weights = rng.integers(0, 4, 40).astype(np.float64)
    repeated = np.repeat(values[:40], weights.astype(int))
    weighted = median_and_spread(values[:40], weights)
    assert weighted[0] == pytest.approx(np.median(repeated), abs=0.02)
    assert median_and_spread(np.array([0.5])) == (0.5, 0.0)


def test_what_a_recording_proves() -> None:
    """One walks alone, two meet, two overlap only as one box inside the other."""
    left, right = (0, 0, 40, 100), (300, 0, 340, 100)
    two = np.concatenate([towards(0, spread=0.1, seed=1), towards(0, spread=0.1, seed=2)])
    given = [
        tracklet("a", 1, frames=range(10), box=left, vectors=two),
        tracklet("a", 2, frames=range(5, 15), box=right, vectors=towards(1)),
        tracklet("a", 3, frames=range(50, 60), vectors=towards(2)),
        tracklet("b", 1, frames=range(10), box=left, vectors=towards(3)),
        tracklet("b", 2, frames=range(10), box=left, vectors=towards(4)),
    ]
    site = proven(given, np.zeros(8, dtype=np.float32))
    assert site.meetings_of.tolist() == [[0, 1]]
    assert site.halves_of.tolist() == [0]
    assert site.per_camera == {"a": (1, 1), "b": (0, 0)}
    assert site.halves[0] == pytest.approx(halves(two), abs=0.1), "but for the bias of the camera"
    empty = proven([], np.zeros(8, dtype=np.float32))
    assert (empty.tracklets, len(empty.halves), len(empty.meetings)) == (0, 0, 0)


def test_the_relation_counts_every_kind_at_every_site() -> None:
    rng = np.random.default_rng(4)
    crops = World().crops(rng, sites=3, people=5)
    relation = same_camera([crops], CENTRE, people_per_site=5)
    assert relation is not None
    assert relation.people == 5
    parts = []
    for number in range(3):
        rows = np.flatnonzero(crops.persons // 100 == number)
        keys = list(dict.fromkeys(crops.tracklets[rows].tolist()))
        own = [crops.vectors[rows[crops.tracklets[rows] == key]] for key in keys]
        first = [rows[crops.tracklets[rows] == key][0] for key in keys]
        parts.append(measure(own, crops.persons[first], [str(c) for c in crops.cameras[first]], CENTRE))
    assert relation.halves == pytest.approx(np.mean(np.concatenate([p.halves for p in parts])), abs=1e-6)
    np.testing.assert_allclose(
        relation.impostor, np.quantile(np.concatenate([p.impostor for p in parts]), LEVELS), atol=1e-6
    )
    twice = mean_of([relation, relation])
    np.testing.assert_allclose(twice.genuine, relation.genuine)
    assert twice.people == 5
    alone = replace(crops, cameras=np.zeros_like(crops.cameras))
    assert same_camera([alone], CENTRE, people_per_site=5) is None, "nobody is seen by two cameras"
