import numpy as np
import pytest

from reid.outputs import charts


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (4, 4, [4]),
        (1, 2, [1, 2]),
        (1, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (1, 10, [1, 2, 4, 6, 8, 10]),
        (5, 60, [5, 10, 20, 30, 40, 50, 60]),
    ],
)
def test_whole_axes_have_whole_ticks(low: int, high: int, ticks: list[int]) -> None:
    axis = charts.whole("epoch", low, high)
    assert [value for value, _ in axis.ticks] == ticks
    assert [text for _, text in axis.ticks] == [str(tick) for tick in ticks]
    at = axis(np.array(ticks, dtype=np.float64))
    assert np.all((at >= 0) & (at <= 1))
    assert at[-1] == (0.5 if low == high else 1)


@pytest.mark.parametrize("peaks", [(0.0, 0.02), (0.02, 0.0), (0.1, 0.15), (0.5, 0.6), (0.1, 0.9)])
def test_names_of_near_peaks_lie_side_by_side_and_not_over_the_axis(peaks: tuple[float, float]) -> None:
    x, y = charts.linear("x", 0, 1), charts.linear("y", 0, 1)
    at = np.linspace(0, 1, 101)
    shapes = [
        (name, name, at, np.exp(-((at - peak) ** 2) * 1e4)) for name, peak in zip("ab", peaks, strict=True)
    ]
    first, second = charts.peak_labels(x, y, shapes)
    assert {first.text, second.text} == {"a", "b"}
    if abs(peaks[0] - peaks[1]) > 0.5:
        assert (first.anchor, second.anchor) == ("middle", "middle")
        return
    assert (first.anchor, second.anchor) == ("end", "start")
    assert first.x >= 110  # as wide as a name
    assert second.x >= first.x
