"""What is said of a search, compared with distributions whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.search.rates import PRESENT, UNSEEN, SearchRates, rates_of
from reid.shipped_weights import default_encoder
from tests.search.rates import calibration, rates


def test_false_finds_are_the_rate_of_two_people_times_the_sightings() -> None:
    assert rates().false_finds(0.7, 1000) == pytest.approx(1000 * norm.cdf(0.7, 1.0, 0.1))
    assert rates().false_finds(0.7, 10_000) == pytest.approx(10_000 * norm.cdf(0.7, 1.0, 0.1))


@pytest.mark.parametrize("sightings", [1, 30, 1000, 100_000])
def test_the_limit_keeps_the_false_finds_that_were_asked_for(sightings: int) -> None:
    found = rates()
    limit = found.limit(0.1, sightings)
    assert limit is not None
    assert found.false_finds(limit, sightings) == pytest.approx(0.1)
    assert found.detection(limit) == pytest.approx(norm.cdf(limit, 0.3, 0.1), abs=0.02)


def test_a_larger_gallery_has_a_shorter_limit_and_detects_less() -> None:
    found = rates(impostor=0.7)
    limits = [found.limit(0.1, sightings) for sightings in (10, 1000, 100_000)]
    assert limits == sorted(limits, key=lambda one: -(one or 0))
    detected = [found.detection(limit) for limit in limits]
    assert detected[0] > 0.9 > 0.5 > detected[2]


def test_rates_that_the_pairs_cannot_tell_are_not_promised() -> None:
    """No pair of 30,000 within a distance: its rate is under 1e-4, and nothing is known beyond that."""
    few = rates(pairs=30_000)
    assert few.least == UNSEEN / 30_000
    assert few.false_finds(0.1, 100) == pytest.approx(0.01)
    assert few.limit(0.1, 100) is not None
    assert few.limit(0.1, 100_000) is None
    assert few.detection(None) == 0


@pytest.mark.parametrize("people", [1, 20, 5000])
def test_the_probability_is_that_of_bayes(people: int) -> None:
    at = np.array([0.4, 0.6, 0.65, 0.7, 0.9])
    there = PRESENT / people
    near, others = there * norm.pdf(at, 0.3, 0.1), (1 - there) * norm.pdf(at, 1.0, 0.1)
    np.testing.assert_allclose(rates().probability(at, people), near / (near + others), atol=0.03)


def test_the_probability_never_rises_with_the_distance_and_never_is_certain() -> None:
    found = rates(pairs=10_000).probability(np.linspace(0, 2, 400), 50)
    assert (np.diff(found) <= 1e-12).all()
    assert found[0] < 1
    assert found[-1] >= 0


def test_rates_of_photos_against_sightings_go_before_those_of_images() -> None:
    assert rates().basis == "searches"
    of_images = SearchRates.of(calibration(basis="images"))
    assert of_images is not None
    assert of_images.basis == "images"
    assert SearchRates.of(calibration(basis="tracklets")) is None, (
        "tracklets are nearer to each other than a photo"
    )


def test_a_calibration_of_another_encoder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(calibration("e").model_dump_json())
    assert rates_of(file, "e") is not None
    with pytest.raises(InputError, match=r"a\.json: made for encoder e, but f is in use"):
        rates_of(file, "f")
    assert rates_of(None, "f") is None


def test_what_ships_has_rates() -> None:
    """Whatever the default encoder is: its calibration says what a search is worth."""
    weights = default_encoder()
    assert weights is not None
    from reid.embedding.weights import open_weights

    encoder_id = open_weights(weights).encoder_id
    found = rates_of(calibrations.find(weights, encoder_id), encoder_id)
    assert found is not None
    limit = found.limit(0.1, 100)
    assert limit is not None
    fewer = found.limit(0.1, 50)
    assert fewer is not None
    assert found.detection(fewer) > 0.5
    assert 0.4 < found.detection(limit) < found.detection(fewer), "a larger gallery wants a smaller distance"
