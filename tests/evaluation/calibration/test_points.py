"""Operating points against exhaustive search, and the refusal to guess."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.evaluation.calibration.counts import EDGES, Sample, measure
from reid.evaluation.calibration.points import (
    STANDARD,
    NotEnoughData,
    OperatingPoint,
    choose,
    distance,
    edges_of,
    middle_of_best,
)
from reid.evaluation.calibration.rates import RateCurves, curves
from tests.evaluation.calibration.worlds import items


@pytest.fixture(scope="module")
def sample() -> Sample:
    return measure([items(0, 40, 240, spread=0.5)], 10)


@pytest.fixture(scope="module")
def curve(sample: Sample) -> RateCurves:
    return curves(sample.counts)


def test_max_f1_is_the_best_of_all(sample: Sample, curve: RateCurves) -> None:
    edge = choose(OperatingPoint.parse("max-f1"), curve, sample)
    assert curve.f1[edge] == max(curve.f1.tolist())


@pytest.mark.parametrize("rate", [0.005, 0.05, 0.3])
def test_fmr_is_the_largest_distance_that_keeps_it(rate: float, sample: Sample, curve: RateCurves) -> None:
    edge = choose(OperatingPoint("fmr", rate), curve, sample)
    fits = [i for i in range(len(EDGES)) if curve.impostor_rate[i] <= rate]
    assert edge == max(fits)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.999])
def test_keep_map_is_the_smallest_distance_that_keeps_it(
    share: float, sample: Sample, curve: RateCurves
) -> None:
    edge = choose(OperatingPoint("keep-map", share), curve, sample)
    fits = [i for i in range(len(EDGES)) if curve.kept_map[i] >= share * curve.kept_map[-1]]
    assert edge == min(fits)


def test_points_of_many_curves_at_once(curve: RateCurves) -> None:
    def stacked(part: slice) -> RateCurves:
        return RateCurves(
            **{name: np.stack([getattr(curve, name)[part]] * 2) for name in RateCurves.__slots__}
        )

    for text in ("max-f1", "fmr=0.05", "keep-map=0.9"):
        point = OperatingPoint.parse(text)
        alone = int(edges_of(point, curve))
        assert edges_of(point, stacked(slice(None))).tolist() == [alone, alone]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_the_middle_of_the_first_best_stretch(scores: list[int]) -> None:
    first = scores.index(max(scores))
    last = first
    while last + 1 < len(scores) and scores[last + 1] == max(scores):
        last += 1
    assert middle_of_best(np.array(scores, dtype=float)) == (first + last) // 2


def test_too_few_impostors_are_said(curve: RateCurves, sample: Sample) -> None:
    pairs = sample.effective_impostors
    assert 20_000 < pairs < 40_000
    with pytest.raises(NotEnoughData, match=r"fmr=1e-4: needs about 100,000 pairs of two people.*fmr=4e-04"):
        choose(OperatingPoint.parse("fmr=1e-4"), curve, sample)
    choose(OperatingPoint.parse("fmr=4e-4"), curve, sample)


def test_nobody_in_two_cameras_is_said() -> None:
    alone = measure([items(1, 20, 60, cameras=1)], 10)
    with pytest.raises(NotEnoughData, match="no person is seen by two cameras"):
        choose(OperatingPoint.parse("keep-map=0.9"), curves(alone.counts), alone)
    with pytest.raises(NotEnoughData, match="no person is seen by two cameras"):
        choose(OperatingPoint.parse("max-f1"), curves(alone.counts), alone)


def test_equal_vectors_of_two_people_are_said() -> None:
    own = items(2, 20, 120)
    own.vectors[:] = np.eye(8, dtype=np.float32)[0]
    equal = measure([own], 10)
    with pytest.raises(NotEnoughData, match="twice, under two people"):
        choose(OperatingPoint.parse("fmr=0.1"), curves(equal.counts), equal)


@pytest.mark.parametrize("text", ["max-f1", "max-b3", "fmr=1e-4", "fmr=0.05", "fmr=2.5e-3", "keep-map=0.95"])
def test_names_are_read_back(text: str) -> None:
    assert str(OperatingPoint.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "f1", "max-f1=2", "fmr", "fmr=", "fmr=0", "fmr=1", "fmr=nan", "fmr=x", "keep-map=95", "eer"]
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="choose max-f1, max-b3, fmr=X or keep-map=X"):
        OperatingPoint.parse(text)


def test_standard_points() -> None:
    assert [str(point) for point in STANDARD] == ["max-f1", "max-b3", "fmr=1e-3", "fmr=1e-4", "keep-map=0.95"]
    assert distance(301) == 0.602
