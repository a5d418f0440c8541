"""From distance to probability: never rising, and true."""

import numpy as np
import pytest
from scipy.stats import norm

from reid.evaluation.calibration import probability
from reid.evaluation.calibration.counts import EDGES, QueryCounts, Sample, measure
from reid.evaluation.calibration.labelled import Items
from reid.evaluation.calibration.probability import Reliability, fit
from tests.evaluation.calibration.worlds import items


def fitted(own: list[Items], people: int = 10) -> probability.ProbabilityFit | None:
    return fit(own, measure(own, people), people, np.random.default_rng(0))


def test_never_rising_between_0_and_1() -> None:
    found = fitted([items(0, 60, 240, spread=0.6)])
    assert found is not None
    values = found.map(np.linspace(0, 2, 500))
    assert np.all(np.diff(values) <= 0)
    assert 0 < values[-1] < 0.1 < 0.9 < values[0] < 1
    assert found.map.people == 10
    assert found.log_loss[found.method] == min(found.log_loss.values())


def test_it_holds_on_people_not_seen() -> None:
    """In each bin of what was said to pairs of fresh people, that share of them is genuine."""
    found = fitted([items(1, 150, 600, spread=0.6)])
    assert found is not None
    fresh = measure([items(2, 300, 1200, spread=0.6)], 10)  # not the same world: other people, same spread
    genuine, impostor = (
        np.diff(own.sum(axis=0), prepend=0) for own in (fresh.counts.genuine, fresh.counts.impostor)
    )
    said = found.map(EDGES.astype(np.float64))
    for low in np.arange(0, 1, 0.2):
        inside = (said >= low) & (said < low + 0.2)
        weight = (genuine + impostor)[inside].sum()
        if weight > 200:
            expected = (said * (genuine + impostor))[inside].sum() / weight
            assert genuine[inside].sum() / weight == pytest.approx(expected, abs=0.1)
    assert found.reliability.error < 0.03
    assert found.reliability.share.sum() == pytest.approx(1)
    assert found.reliability.error < found.reliability.doubtful_error < 0.15


def test_the_doubtful_are_not_drowned_by_the_plain() -> None:
    bins = {"said": [0.01, 0.3, 0.6, 0.99], "seen": [0.01, 0.5, 0.6, 0.99], "share": [0.9, 0.02, 0.06, 0.02]}
    found = Reliability(**{name: np.array(values) for name, values in bins.items()}, error=0.004)
    assert found.doubtful_error == pytest.approx(0.2 * 0.02 / 0.08)
    none = {name: np.array([values[0]]) for name, values in bins.items()}
    assert Reliability(**none, error=0.0).doubtful_error == 0.0


def test_a_known_truth_is_found_by_both_ways() -> None:
    """Distances drawn from two normal distributions: the probability is known in closed form."""
    mean, spread, weight = (0.4, 0.9), 0.15, 20.0
    genuine, impostor = (norm.cdf(EDGES, centre, spread) for centre in mean)
    zero = np.zeros((1, len(EDGES)))
    total = np.ones(1)
    counts = QueryCounts(
        genuine=1e4 * genuine[None],
        genuine_total=1e4 * total,
        impostor=1e4 * weight * impostor[None],
        impostor_total=1e4 * weight * total,
        precisions=zero,
        searches=total,
        found=zero,
        strangers=total,
        alarms=zero,
    )
    sample = Sample(
        counts=counts,
        strata=np.zeros(1, dtype=np.int64),
        genuine_pairs=5000,
        impostor_pairs=10**5,
        effective_impostors=1e5,
    )
    distances = np.linspace(0.2, 1.0, 30)
    ratio = weight * norm.pdf(distances, mean[1], spread) / norm.pdf(distances, mean[0], spread)
    for method in ("isotonic", "logistic"):
        found = probability._map(sample, 10, method)(distances)
        np.testing.assert_allclose(found, 1 / (1 + ratio), atol=0.02)


def test_more_people_at_a_site_make_a_distance_less_convincing() -> None:
    own = [items(3, 60, 240, spread=0.6)]
    few, many = fitted(own, 5), fitted(own, 50)
    assert few is not None
    assert many is not None
    assert few.map(0.3) > many.map(0.3)


def test_too_few_people_have_no_map() -> None:
    assert fitted([items(4, 16, 80)]) is None
    assert fitted([items(5, 60, 240, cameras=1)]) is None
    assert fitted([items(6, 3, 9)]) is None


def test_people_of_one_half_only_are_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Items] = []

    def spy(sets: list[Items], people: int) -> Sample:
        seen.extend(sets)
        return measure(sets, people)

    own = items(7, 60, 240)
    sample = measure([own], 10)
    monkeypatch.setattr(probability, "measure", spy)
    fit([own], sample, 10, np.random.default_rng(0))
    first, second = (set(part.people.tolist()) for part in seen)
    assert not first & second
    assert first | second == set(own.people.tolist())
