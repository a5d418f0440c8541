"""True boxes through the program's own code: the counts are equal, and dwell is within one frame."""

import json
from pathlib import Path

from tests.benchmarks import zones


def test_true_boxes_are_counted_right(tmp_path: Path) -> None:
    assert zones.main(["--output", str(tmp_path / "zones.json")]) == 0
    report = json.loads((tmp_path / "zones.json").read_text())
    found = report["true_boxes"]
    assert found["entries"] == {"true": 52, "found": 52}
    assert found["crossings"] == {"true": 41, "found": 41}
    assert found["count_error"] == 0
    assert found["dwell_error_s"]["stays"] == 52
    assert found["dwell_error_s"]["largest"] <= 1 / 12 + 1e-3  # a frame
    along = report["line_along_a_way"]
    assert along["crossings_by_reid"] < along["crossings_frame_by_frame"]
