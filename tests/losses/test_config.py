"""What a config of the objectives refuses, and what it says then."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from reid.losses.config import OBJECTIVES, LossConfig

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": (
        {"objectives": {"tripled": 1}},
        f"'tripled' is no objective; choose from {', '.join(OBJECTIVES)}",
    ),
    "unknown-with-weight-0": ({"objectives": {"triplet": 1, "ohem": 0}}, "'ohem' is no objective"),
    "all-zero": (
        {"objectives": {"triplet": 0, "softmax": 0}},
        "must hold an objective with a weight above 0, such as {triplet: 1}",
    ),
    "none": ({"objectives": {}}, "must hold an objective with a weight above 0, such as {triplet: 1}"),
    "negative": ({"objectives": {"triplet": -1}}, "greater than or equal to 0"),
    "infinite": ({"objectives": {"triplet": float("inf")}}, "finite number"),
    "center-alone": (
        {"objectives": {"center": 1, "softmax": 0}},
        "center alone lets all vectors fall together; add softmax, as in its paper",
    ),
    "memory-with-quadruplet": (
        {"objectives": {"triplet": 1, "quadruplet": 1}, "memory": 64},
        "memory (64) does not go with quadruplet, which compares within a batch; set it to 0",
    ),
    "memory-with-n-pair": (
        {"objectives": {"n-pair": 1}, "memory": 64},
        "memory (64) does not go with n-pair, which compares within a batch; set it to 0",
    ),
    "memory-without-pairs": (
        {"objectives": {"softmax": 1, "proxy-nca": 1}, "memory": 64},
        "memory (64) needs an objective that uses it: triplet, contrastive, multi-similarity, circle; set it to 0",
    ),
    "semi-hard-without-margin": (
        {"triplet": {"mining": "semi-hard", "margin": 0}},
        "mining semi-hard finds nothing with a margin of 0; give margin 0.3",
    ),
    "all-smoothing": ({"softmax": {"smoothing": 1}}, "less than 1"),
    "unknown-key": ({"objectives": {"triplet": 1}, "tripled": {}}, "Extra inputs are not permitted"),
    "unknown-mining": ({"triplet": {"mining": "hardest"}}, "'batch-hard', 'semi-hard', 'all'"),
}


@pytest.mark.parametrize(("settings", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refuses(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        LossConfig.model_validate(settings)


ACCEPTED: dict[str, dict[str, Any]] = {
    "defaults": {},
    "center-beside-softmax": {"objectives": {"center": 0.005, "softmax": 1}},
    "memory-with-an-unused-quadruplet": {"objectives": {"triplet": 1, "quadruplet": 0}, "memory": 64},
    "semi-hard-with-a-soft-margin": {"triplet": {"mining": "semi-hard", "margin": None}},
}


@pytest.mark.parametrize("settings", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(settings: dict[str, Any]) -> None:
    assert LossConfig.model_validate(settings)


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if name != "center"])
def test_accepts_every_objective_alone(objective: str) -> None:
    assert LossConfig.model_validate({"objectives": {objective: 1}}).objectives == {objective: 1}
