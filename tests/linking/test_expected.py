"""Rates of wrong and of missed links to expect at a site."""

import numpy as np
import pytest

from reid.calibration_record import UnseenSite
from reid.linking.expected import expected_rates, sentence
from reid.linking.policy import LinkingPolicy

SITES = UnseenSite(
    sites={"campus": 1, "worlds": 64},
    distances=np.array([0.4, 0.6]),
    false_non_match=np.array([[0.2, 0.1], [0.1, 0.05]]),
    false_match=np.array([[0.001, 0.002], [0.004, 0.001]]),
)


@pytest.mark.parametrize("people", [6, 24, 200])
def test_the_interval_is_that_of_many_sites(people: int) -> None:
    """Against sites that are drawn: a rate from the beta distribution, then the errors of its people."""
    rng = np.random.default_rng(0)
    said = expected_rates(SITES, 0.6, people)
    for (mean, low, high), (expected, spread), trials in (
        (said.false_non_match, SITES.false_non_match[1], people),
        (said.false_match, SITES.false_match[1], people * (people - 1) // 2),
    ):
        strength = 1 / spread - 1
        drawn = (
            rng.binomial(trials, rng.beta(expected * strength, (1 - expected) * strength, 100_000)) / trials
        )
        assert mean == expected
        assert low == pytest.approx(np.quantile(drawn, 0.025), abs=1 / trials, rel=0.03)
        assert high == pytest.approx(np.quantile(drawn, 0.975), abs=1 / trials, rel=0.03)


def test_more_people_say_more() -> None:
    wide, narrow = (expected_rates(SITES, 0.5, people) for people in (8, 80))
    assert wide.false_match[0] == narrow.false_match[0] == pytest.approx(0.0025)
    assert narrow.false_match[2] < wide.false_match[2]
    assert narrow.false_non_match[2] <= wide.false_non_match[2]


def test_a_site_that_looks_farther_apart_is_moved() -> None:
    moved = SITES.moved(0.1)
    assert expected_rates(moved, 0.6, 24).false_match == expected_rates(SITES, 0.5, 24).false_match
    assert moved.sites == SITES.sites


def test_a_policy_says_what_to_expect() -> None:
    policy = LinkingPolicy(max_distance=0.6, unseen_site=SITES)
    facts = policy.facts(24)["expected"]
    assert facts["people"] == 24
    assert facts["distance"] == 0.6
    assert facts["sites"] == {"campus": 1, "worlds": 64}
    assert facts["false_match"] == expected_rates(SITES, 0.6, 24).false_match
    assert policy.facts(1)["expected"] is None, "one person has nobody to be mistaken for"
    assert LinkingPolicy(max_distance=0.6).facts(24)["expected"] is None
    said = policy.expected(24)
    assert said is not None
    assert "0.40 % (0.00 to 1.45)" in sentence(said)
    assert "10.0 % (0.0 to 33.3)" in sentence(said)
    assert sentence(said).endswith("at a site of 24 people; from 65 labelled sites of 2 data sets")
