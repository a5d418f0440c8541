from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.outputs import charts
from reid.outputs.benchmark_charts import histogram_charts, ranking_charts, rates, verification_charts
from reid.outputs.benchmark_result import EncoderResult, Histogram, Roc
from tests.outputs.test_benchmark_page import distances, result, roc_of


def test_rates_against_a_slow_search() -> None:
    for seed in range(3):
        genuine, impostor = distances(seed)
        found = rates([EncoderResult(name="a", encoder_id="0", scores={}, roc=roc_of(genuine, impostor))])[0]
        fine = np.unique(np.concatenate([genuine, impostor]))[::40]
        misses = np.array([(genuine > t).mean() for t in fine])
        matches = np.array([(impostor <= t).mean() for t in fine])
        nearest = int(np.argmin(np.abs(misses - matches)))
        assert found.equal_error == pytest.approx((misses[nearest] + matches[nearest]) / 2, abs=1e-3)
        for target, rate in zip(found.targets, found.true_match, strict=True):
            if target * len(impostor) < 10:
                assert rate is None
                continue
            allowed = [t for t in np.linspace(0, 2, 2001) if (impostor <= t).mean() <= target]
            assert rate == pytest.approx((genuine <= max(allowed)).mean())
        assert [rate is None for rate in found.true_match] == [False, False, True]
        assert len(found.reasons) == 1
        assert (
            "30,000 pairs of different people are too few for a false match rate of 0.01 %"
            in found.reasons[0]
        )


def some(roc: Roc) -> list[EncoderResult]:
    return [EncoderResult(name="a", encoder_id="0", scores={}, roc=roc)]


def curve(fmr: Any, tmr: Any, *, impostors: int = 100_000, genuine: int = 100) -> Roc:
    return Roc(fmr=np.array(fmr), tmr=np.array(tmr), impostors=impostors, genuine=genuine)


PERFECT = ([0.0, 0.0, 1.0], [0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("impostors", "told"),
    [
        (100_000, [1, 1, 1]),
        (99_999, [1, 1, None]),
        (10_000, [1, 1, None]),
        (9_999, [1, None, None]),
        (1_000, [1, None, None]),
        (999, [None, None, None]),
        (1, [None, None, None]),
    ],
)
def test_a_rate_needs_ten_expected_events(impostors: int, told: list[int | None]) -> None:
    (found,) = rates(some(curve(*PERFECT, impostors=impostors)))
    assert found.true_match == told
    assert found.equal_error == 0
    few = [f"{100 * target:g} %" for target, rate in zip(found.targets, told, strict=True) if rate is None]
    assert len(found.reasons) == bool(few)
    assert all(text in found.reasons[0] for text in few)


@pytest.mark.parametrize(("impostors", "genuine"), [(0, 5), (100_000, 0), (0, 0)])
def test_no_pairs_have_neither_curve_nor_rate(impostors: int, genuine: int) -> None:
    """Counts over at least 1 make rates of 0 where there is no pair: they were not measured."""
    empty = some(curve(np.zeros(3), np.linspace(0, 1, 3), impostors=impostors, genuine=genuine))
    assert verification_charts(empty) == []
    (found,) = rates(empty)
    assert (found.equal_error, found.true_match) == (None, [None, None, None])
    assert f"{genuine:,} pairs of one person and {impostors:,} of different people" in found.reasons[0]
    both = [*empty, *some(curve(*PERFECT))]
    assert [len(chart.curves) for chart in verification_charts(both)] == [1, 2]  # DET has its diagonal
    assert [line.equal_error for line in rates(both)] == [None, 0]


def test_rates_of_degenerate_curves() -> None:
    perfect = curve(*PERFECT)
    assert rates(some(perfect))[0].equal_error == 0
    assert rates(some(perfect))[0].true_match == [1, 1, 1]
    assert rates(some(perfect))[0].reasons == []
    hopeless = curve([0.5, 1.0], [0.9, 1.0])
    assert rates(some(hopeless))[0].equal_error is None  # lies before the first threshold
    assert rates(some(hopeless))[0].true_match == [None, None, None]
    assert rates(some(hopeless))[0].reasons == [
        "a rate lies beyond the distances at which pairs were counted"
    ]
    for roc in (perfect, hopeless, curve(np.zeros(2), np.zeros(2)), curve(np.ones(1), np.ones(1))):
        for chart in verification_charts(some(roc)):
            assert "nan" not in "".join(curve.points for curve in chart.curves)
            assert len(chart.x_ticks) >= 2
    nothing = curve(np.empty(0), np.empty(0))
    assert verification_charts(some(nothing)) == []
    assert rates(some(nothing)) == []


def test_curves_lie_where_their_values_are() -> None:
    cmc = [0.6, 0.7, 0.8, 0.9, 1.0]
    (chart,) = ranking_charts([EncoderResult(name="a", encoder_id="0", scores={"cmc": cmc})])
    places = np.array([[float(v) for v in pair.split(",")] for pair in chart.curves[0].points.split()])
    np.testing.assert_allclose(places[:, 0] / charts.WIDTH, (np.arange(1, 6) - 1) / 4, atol=1e-3)
    np.testing.assert_allclose(places[:, 1] / charts.HEIGHT, (1 - np.array(cmc)) / 0.4, atol=1e-3)
    assert [dot.title for dot in chart.dots] == ["a: rank-1 60.0 %", "a: rank-5 100.0 %"]
    constant = [EncoderResult(name="a", encoder_id="0", scores={"cmc": [1.0]})]
    assert [text for _, text in ranking_charts(constant)[0].y_ticks][-1] == "100"


def test_axes() -> None:
    decades = charts.logarithmic("x", 1e-4)
    assert [text for _, text in decades.ticks] == ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"]
    np.testing.assert_allclose(decades(np.array([1e-4, 1e-2, 1])), [0, 0.5, 1])
    assert -0.1 < decades(np.array([0.0]))[0] < 0  # minus infinity, just outside
    deviate = charts.normal_deviate("x", 0.02, 0.98)
    np.testing.assert_allclose(deviate(np.array([0.02, 0.5, 0.98])), [0, 0.5, 1], atol=1e-9)
    assert deviate(np.array([0.1]))[0] == pytest.approx((2.05375 - 1.28155) / (2 * 2.05375), abs=1e-5)
    for low, high in ((0, 1), (0.3, 1.1), (0, 7.3), (0.9, 1), (0, 1e-3), (-0.2, 1.4)):
        ticks = [value for value, _ in charts.linear("x", low, high).ticks]
        assert 3 <= len(ticks) <= 7
        assert low - 1e-9 <= min(ticks) <= max(ticks) <= high + 1e-9
        np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_each_surface_of_a_histogram_is_one(tmp_path: Path) -> None:
    made = result("a", tmp_path).histogram
    assert made is not None
    (chart,) = histogram_charts([EncoderResult(name="a", encoder_id="0", scores={}, histogram=made)])
    (high,) = [float(text) for at, text in chart.y_ticks if text == "3"]
    unit_y = charts.HEIGHT - next(at for at, text in chart.y_ticks if float(text) == high)
    (x0, v0), (x1, v1) = [(at, float(text)) for at, text in chart.x_ticks][:2]
    for curve in chart.curves[:2]:
        places = np.array([[float(v) for v in pair.split(",")] for pair in curve.points.split()])
        x, y = places[:, 0] * (v1 - v0) / (x1 - x0), (charts.HEIGHT - places[:, 1]) / unit_y * high
        assert abs(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2)) == pytest.approx(1, abs=0.02)
    assert {label.text for label in chart.labels} == {"one person", "different people"}


def test_empty_histograms_are_drawn() -> None:
    edges, none = np.linspace(0, 1, 11), np.zeros(10, dtype=np.int64)
    for genuine, impostor in ((none, none), (none + 1, none), (none, np.eye(1, 10, 3, dtype=np.int64)[0])):
        empty = Histogram(edges=edges, genuine=genuine, impostor=impostor)
        (chart,) = histogram_charts([EncoderResult(name="a", encoder_id="0", scores={}, histogram=empty)])
        assert "nan" not in "".join(curve.points for curve in chart.curves)
