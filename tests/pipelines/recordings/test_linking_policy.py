"""What a calibration file does to linking and to what the report says of it."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.recordings.linking_policy import choose_policy
from pipelines.runtime.progress import reporter
from reid.calibration_record import Calibration, ProbabilityMap
from reid.config import LinkingConfig, VideoConfig
from reid.distance import unit
from reid.linking.calibration import dumps
from reid.linking.policy import LinkingPolicy
from reid.site import link_site
from tests.tracklets import ENCODER, towards, tracklet

CURVES = {
    "distance": np.arange(0, 2.01, 0.01).round(2).tolist(),
    "genuine_rate": np.clip(np.arange(0, 2.01, 0.01) / 0.8, 0, 1).round(4).tolist(),
    "impostor_rate": np.clip(np.arange(0, 2.01, 0.01) - 0.5, 0, 1).round(4).tolist(),
}


def policy(folder: Path, evidence: dict[str, Any] | None = None, **linking: Any) -> LinkingPolicy:
    calibration = Calibration(
        encoder_id=ENCODER,
        max_distance=0.4,
        centre=np.zeros(8, dtype=np.float32),
        data_set="crops",
        operating_point="max-f1",
        genuine_rate=0.9,
        impostor_rate=0.01,
        probability=ProbabilityMap(
            distances=np.array([0.0, 1.0]), probabilities=np.array([1.0, 0.0]), people=24
        ),
        camera_pairs={("lobby", "street"): 0.5, ("street", "yard"): 0.2, ("lobby", "yard"): 0.0},
    )
    path = folder / "c.json"
    path.write_text(dumps(calibration, evidence))
    config = VideoConfig(linking=LinkingConfig(calibration=path, **linking))
    return choose_policy(config, folder / "e.onnx", ENCODER, reporter(out=io.StringIO(), err=io.StringIO()))


@pytest.mark.parametrize("by_hand", [None, 0.3])
def test_pairs_of_cameras_keep_their_proportion(tmp_path: Path, by_hand: float | None) -> None:
    found = policy(tmp_path, max_distance=by_hand)
    assert found.max_distance == (by_hand or 0.4)
    assert found.camera_scales == {
        ("lobby", "street"): pytest.approx(0.8),
        ("street", "yard"): pytest.approx(2.0),
    }, "a distance of 0 cannot be moved to another"


def test_run_json_tells_the_calibration(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(policy(tmp_path, {"tracklets": {"curves": CURVES}}).facts()))
    known = facts["calibration"]
    assert (facts["max_distance"], known["max_distance"], known["people"]) == (0.4, 0.4, 24)
    origin = "calibration on crops: max-f1"
    assert facts["numbers"]["max_distance"] == {"value": 0.4, "from": origin}
    assert facts["numbers"]["split_distance"] == {"value": 0.4, "from": origin}
    assert facts["numbers"]["fragment_s"]["from"] == "linking.fragment_s"
    by_hand = policy(tmp_path, max_distance=0.3).facts()["numbers"]
    assert by_hand["max_distance"] == {"value": 0.3, "from": "linking.max_distance"}
    assert known["camera_pairs"] == {"lobby-street": 0.5, "lobby-yard": 0.0, "street-yard": 0.2}
    curves = known["curves"]
    assert len(curves["distance"]) == 41, "few lines in run.json"
    for at, genuine, impostor in zip(*curves.values(), strict=True):
        assert genuine == pytest.approx(min(at / 0.8, 1), abs=1e-3)
        assert impostor == pytest.approx(min(max(at - 0.5, 0), 1), abs=1e-3)
    assert policy(tmp_path).facts()["calibration"]["curves"] is None


def test_links_honour_the_file(tmp_path: Path) -> None:
    """At 0.45, farther than the common distance and nearer than that of lobby and street."""
    angle = np.arccos(0.55)
    other = unit(np.cos(angle) * towards(0) + np.sin(angle) * towards(1))
    for camera, together in (("street", True), ("yard", False)):
        given = [tracklet("lobby", 1), tracklet(camera, 1, frames=range(20, 30), vectors=other)]
        found = policy(tmp_path)
        linking = link_site(
            given,
            LinkingPolicy(
                max_distance=found.max_distance,
                probability=found.probability,
                camera_scales=found.camera_scales,
            ),
            None,
            run_id="r",
            started=datetime.now(UTC),
            cameras=["lobby", camera],
        )
        assert (len(linking.identities) == 1) == together
        if together:
            assert linking.matches[0].distance == pytest.approx(0.45 * 0.8, abs=1e-5)
            assert linking.matches[0].probability == pytest.approx(1 - 0.36, abs=1e-5)
