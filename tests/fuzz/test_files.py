"""Files that are damaged in any way are read, or refused in one line that names them; nothing else happens.

Every test calls what its command calls first, so that thousands of files take seconds.
"""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.recordings.linking_policy import choose_policy
from pipelines.runtime.progress import reporter
from pipelines.settings.loading import load
from reid.config import LinkingConfig, VideoConfig
from reid.embedding.crops import IMAGENET
from reid.embedding.weights import open_weights, side_car
from reid.evaluation.identity import score
from reid.evaluation.mot import read_mot, table
from reid.shipped import shipped
from tests.fuzz.damage import bytes_changed, damaged, dumped, refused
from tests.pipelines.test_bad_input import tiny_encoder

fuzz = settings.get_profile("fuzz")
CONFIG = {
    "sources": ["a.mp4", "b=c.mp4"],
    "output": "out",
    "source": {"fps": 5, "offset_s": {"a": 1.5}},
    "tracker": {"kind": "ocsort", "lost_s": 2},
    "linking": {"max_distance": 0.5, "min_travel_s": {"a-b": 3}},
    "outputs": {"video": False},
}
MOT = "1,1,10,10,20,40,1,1,1\n2,1,12,10,20,40,0.9,1,0.5\n2,2,100,10,20,40,1,-1,-1\n"


@fuzz
@given(content=damaged(CONFIG, dumped) | bytes_changed(yaml.safe_dump(CONFIG).encode()))
def test_config(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "config.yaml"
    file.write_bytes(content)
    refused(lambda: load(VideoConfig, file), file)


SHIPPED = min((shipped("weights") / "calibrations").glob("*.json"), key=lambda path: path.stat().st_size)
CALIBRATION = json.loads(SHIPPED.read_text(encoding="utf-8"))
CALIBRATION["evidence"]["tracklets"].update(items=1, points={"max-f1": {"distance": [0.5, 0.4, 0.6]}})
CALIBRATION["evidence"] = {"tracklets": CALIBRATION["evidence"]["tracklets"]}
for curve in CALIBRATION["evidence"]["tracklets"]["curves"].values():
    del curve[3:]
CALIBRATION["centre"] = CALIBRATION["centre"][:4]
CALIBRATION["camera_pairs"] = [["a", "b", 0.4]]


@fuzz
@given(content=damaged(CALIBRATION, dumped))
def test_calibration(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "calibration.json"
    file.write_bytes(content)
    config = VideoConfig(linking=LinkingConfig(calibration=file))
    progress = reporter(out=io.StringIO(), err=io.StringIO())

    def threshold() -> None:
        chosen = choose_policy(config, Path("e.onnx"), CALIBRATION["encoder_id"], progress, dimension=4)
        assert 0 <= chosen.max_distance <= 2
        assert chosen.centre is not None
        assert np.linalg.norm(chosen.centre) < 1.01
        json.dumps(chosen.facts(), allow_nan=False)

    refused(threshold, file)


@fuzz
@given(
    content=bytes_changed(MOT.encode())
    | st.lists(st.lists(st.floats() | st.integers(), min_size=5, max_size=10), max_size=3).map(
        lambda rows: "\n".join(",".join(map(str, row)) for row in rows).encode()
    )
)
def test_mot(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "a.txt"
    file.write_bytes(content)

    def scored() -> None:
        given, good = read_mot(file), table([1, 2], [1, 1], [[10, 10, 30, 50]] * 2)
        for truth, result in ((given, good), (good, given)):
            # a result with boxes of other classes is refused by its camera's name
            json.dumps(score({str(file): truth}, {str(file): result}).as_dict())

    refused(scored, file)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "encoder.onnx"
    tiny_encoder(path)
    return path


@pytest.mark.slow
@fuzz
@given(
    content=damaged(IMAGENET.to_dict(), dumped) | bytes_changed(yaml.safe_dump(IMAGENET.to_dict()).encode())
)
def test_side_car(encoder: Path, content: bytes) -> None:
    side_car(encoder).write_bytes(content)

    def used() -> None:
        preprocessing = open_weights(encoder).preprocessing
        assert np.isfinite(np.float32([*preprocessing.mean, *preprocessing.std])).all()
        assert min(np.float32(preprocessing.std)) > 0

    refused(used, encoder)
