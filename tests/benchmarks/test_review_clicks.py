"""The reviewer that drives the page finishes a small site."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import review_clicks


@pytest.mark.slow
def test_a_small_site_is_finished(tmp_path: Path) -> None:
    output = tmp_path / "clicks.json"
    asked = ["--tracklets", "40", "--people", "10", "--output", str(output)]
    assert review_clicks.main(asked) == 0
    found = json.loads(output.read_text())
    assert found["wrong_pairs_before"] > 0 == found["wrong_pairs_after"]
    assert found["reviewed"] == 40
    assert 0 < found["keys"] < 40
