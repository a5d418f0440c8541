"""`reid benchmark --camera-normalisation`: the same images compared as linking does, beside the plain row."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.retrieval.camera_normalised import camera_normalised
from reid.calibration_record import Calibration
from reid.camera_config import EncoderConfig
from reid.datasets.records import Split
from reid.distance import unit
from reid.embedding.build import build_encoder
from reid.linking.calibration import beside, dumps
from reid.linking.policy import LinkingPolicy
from tests.pipelines.test_benchmark import CAMERAS, Truth, benchmark, scored, site

__all__ = ["site"]  # the fixture


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REID_ENCODER", raising=False)


def test_camera_normalisation_is_a_second_row(site: Path, tmp_path: Path) -> None:
    """As by hand: the shrunk mean of each camera's images is subtracted, then the centre."""
    truth = Truth(site)
    both = np.concatenate([truth.query_vectors, truth.gallery_vectors])
    names = np.array([*truth.cameras, *truth.gallery.cameras])
    centre = np.asarray(0.9 * both.mean(axis=0), dtype=np.float32)
    encoder = build_encoder(EncoderConfig(weights=site / "tiny.onnx", backend="onnxruntime"))
    calibration = Calibration(
        encoder_id=encoder.encoder_id,
        data_set="made up",
        operating_point="max-f1",
        max_distance=1e-4,  # no two images count as one person
        centre=centre,
        genuine_rate=0.9,
        impostor_rate=0.1,
    )
    path = beside(site / "tiny.onnx")
    path.write_text(dumps(calibration), encoding="utf-8")
    try:
        document = benchmark(site, tmp_path / "out", "--no-page", "--camera-normalisation")
    finally:
        path.unlink()
    decided = document["encoders"][0]["camera_normalisation"]
    assert len(decided) == CAMERAS
    truth.same(scored(document), truth.distances)
    for (name, told), camera in zip(sorted(decided.items()), range(1, CAMERAS + 1), strict=True):
        own = names == camera
        assert name.endswith(str(camera))
        assert told["people"] == pytest.approx(own.sum(), rel=0.2)
        if told["accepted"]:
            shift = (both[own] - centre).mean(axis=0) * told["people"] / (told["people"] + 5)
            both[own] = unit(both[own] - shift)
    moved = unit(both - centre)
    count = len(truth.query_vectors)
    truth.same(scored(document, "camera-normalised"), 1 - moved[:count] @ moved[count:].T)


def test_tinted_cameras_are_normalised_by_the_images_of_both_splits() -> None:
    rng = np.random.default_rng(0)
    who = rng.normal(size=(30, 16))
    tints = 1.5 * rng.normal(size=(2, 16))
    cameras = np.repeat([0, 1], 30)

    def seen() -> np.ndarray[Any, Any]:
        noise = 0.1 * rng.normal(size=(60, 16))
        return unit(np.float32(np.concatenate([who, who]) + tints[cameras] + noise))

    split = Split(
        name="made up",
        paths=tuple(Path(f"{row}.jpg") for row in range(60)),
        persons=np.tile(np.arange(30), 2),
        cameras=cameras,
        tracklets=np.arange(60),
        camera_names=("day", "night"),
    )
    query, gallery = seen(), seen()
    centre = np.zeros(16, np.float32)
    policy = LinkingPolicy(max_distance=1e-4, centre=centre)
    found = camera_normalised(split, split, (query.astype(np.float16), gallery), policy, "e")
    assert {name: one.accepted for name, one in found.decisions.items()} == {"day": True, "night": True}
    for camera in (0, 1):
        own = cameras == camera
        shift = np.concatenate([query[own], gallery[own]]).sum(axis=0) / (60 + 5)
        np.testing.assert_allclose(found.query[own], unit(query[own] - shift), atol=2e-3)
        np.testing.assert_allclose(found.gallery[own], unit(gallery[own] - shift), atol=2e-3)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "has no calibration, which --camera-normalisation needs"),
        (["--distractors", "nobody"], "of --distractors are of no camera"),
    ],
)
def test_camera_normalisation_that_cannot_be(
    site: Path, tmp_path: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(site / word) if word == "nobody" else word for word in words]
    command = ["benchmark", "market1501", "--root", str(site / "data"), "--encoder", str(site / "tiny.onnx")]
    assert main([*command, "--output", str(tmp_path / "out"), "--camera-normalisation", *words]) == 2
    assert sentence in capsys.readouterr().err.replace("\n", " ")
