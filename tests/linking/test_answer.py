"""Known, new or uncertain: at and around every limit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.linking.answer import Patience, Verdict, decide, two_nearest
from reid.linking.policy import LinkingPolicy
from tests.linking.test_online import at_distance, gallery, known
from tests.tracklets import towards, tracklet

PATIENT = Patience(new_after_s=1.5, margin=0.125)
RULE = LinkingPolicy(max_distance=0.5, fragment_s=4.0, fragment_slack=1.5)
NOBODY = float("inf")


@pytest.mark.parametrize(
    ("nearest", "runner_up", "seconds", "verdict"),
    [
        # somebody known
        (0.5, NOBODY, 0.0, "known"),
        (0.5, 0.75, 4.0, "known"),
        # two of them: the margin is 0.125
        (0.25, 0.375, 0.5, "known"),
        (0.25, 0.374, 0.5, "uncertain"),
        (0.25, 0.374, 3.9, "uncertain"),
        (0.25, 0.374, 4.0, "known"),
        (0.0, 0.0, 3.9, "uncertain"),
        (0.4375, 0.5, 1.0, "uncertain"),
        (0.4375, 0.501, 1.0, "known"),  # the other is too far to be it
        # perhaps somebody known: fragments reach to 0.75
        (0.501, NOBODY, 0.5, "uncertain"),
        (0.501, NOBODY, 1.5, "uncertain"),
        (0.75, NOBODY, 3.9, "uncertain"),
        (0.501, NOBODY, 4.0, "new"),
        # nobody known
        (0.751, NOBODY, 1.4, "uncertain"),
        (0.751, NOBODY, 1.5, "new"),
        (NOBODY, NOBODY, 1.4, "uncertain"),
        (NOBODY, NOBODY, 1.5, "new"),
    ],
)
def test_verdicts(nearest: float, runner_up: float, seconds: float, verdict: Verdict) -> None:
    assert decide(nearest, runner_up, seconds, RULE, PATIENT) == verdict


@pytest.mark.parametrize(
    ("distance", "seconds", "fragment_s", "verdict"),
    [
        (0.49, 0.2, 4.0, "known"),
        (0.51, 0.2, 4.0, "known"),
        (0.74, 3.8, 4.0, "known"),
        (0.76, 0.2, 4.0, "new"),
        (0.74, 4.1, 4.0, "new"),
        (0.74, 0.5, 0.0, "new"),  # linking would give no slack either
    ],
)
def test_in_the_end_nobody_is_uncertain(
    distance: float, seconds: float, fragment_s: float, verdict: str
) -> None:
    rule = LinkingPolicy(max_distance=0.5, fragment_s=fragment_s, fragment_slack=1.5)
    made = gallery(rule, [known(1, towards(0))])
    frames = range(round(seconds * 10) + 1)
    answer = made.answer(tracklet(frames=frames, vectors=at_distance(distance)), final=True)
    assert (answer.verdict, answer.person_id) == (verdict, 1 if verdict == "known" else 100)
    assert (answer.nearest_id, answer.distance) == (1, pytest.approx(distance, abs=1e-5))


@given(st.data())
def test_two_nearest_are_the_smallest_weighted_means(data: Any) -> None:
    items = data.draw(
        st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.integers(1, 5)), max_size=12)
    )
    expected = sorted(
        (sum(w * d for d, w, p in items if p == who) / sum(w for _, w, p in items if p == who), who)
        for who in {person for _, _, person in items}
    )
    found = two_nearest(
        np.array([distance for distance, _, _ in items], dtype=np.float64),
        np.array([weight for _, weight, _ in items], dtype=np.float64),
        np.array([person for _, _, person in items], dtype=np.int64),
    )
    assert [distance for _, distance in found] == pytest.approx([mean for mean, _ in expected[:2]])
    assert len({person for person, _ in found}) == len(found)
    assert all((pytest.approx(distance), person) in expected for person, distance in found)
