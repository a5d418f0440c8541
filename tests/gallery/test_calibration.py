"""Calibration files: saved, found, and refused for another encoder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.errors import InputError
from reid.gallery import calibration as calibrations
from reid.shipped import shipped
from reid.types import Calibration

ENCODER = "osnet-test@0123456789ab"


def made(max_distance: float = 0.5, seed: int = 0, **rates: float) -> Calibration:
    return Calibration(
        encoder_id=ENCODER,
        max_distance=max_distance,
        centre=np.random.default_rng(seed).normal(size=16).astype(np.float32),
        data_set="Krähenhof, 24 people",
        operating_point="best F1",
        genuine_rate=rates.get("genuine", 0.9),
        impostor_rate=rates.get("impostor", 0.001),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.pth.calibration.json"
    path.write_text(calibrations.dumps(made()), encoding="utf-8")
    return path


share = st.floats(0, 1)


@given(st.floats(0, 2), st.integers(0, 100), share, share)
def test_saving_and_loading_is_the_identity(
    tmp_path_factory: pytest.TempPathFactory, distance: float, seed: int, genuine: float, impostor: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.json"
    before = made(distance, seed, genuine=genuine, impostor=impostor)
    text = calibrations.dumps(before)
    path.write_text(text, encoding="utf-8")
    after = calibrations.load(path, ENCODER)
    assert calibrations.dumps(after) == text
    assert (after.encoder_id, after.data_set, after.operating_point) == (
        before.encoder_id,
        before.data_set,
        before.operating_point,
    )
    assert after.max_distance == pytest.approx(before.max_distance, abs=1e-4)
    assert after.genuine_rate == pytest.approx(before.genuine_rate, abs=1e-6)
    assert after.impostor_rate == pytest.approx(before.impostor_rate, abs=1e-6)
    assert after.centre.dtype == np.float32
    np.testing.assert_allclose(after.centre, before.centre, atol=1e-6)


def test_another_encoder(path: Path) -> None:
    with pytest.raises(InputError, match=rf"{path.name}: made for encoder {ENCODER}, but other@1 is in use"):
        calibrations.load(path, "other@1")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json: no such calibration file"):
        calibrations.load(tmp_path / "absent.json", ENCODER)
    with pytest.raises(InputError, match="not a calibration file"):
        calibrations.load(tmp_path, ENCODER)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"null", b"{}", b"\xff\xfe\x00", b'{"centre": 1}'])
def test_damaged(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(InputError, match=rf"{path.name}: not a calibration file \("):
        calibrations.load(path, ENCODER)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_distance", "far"),
        ("max_distance", None),
        ("max_distance", float("nan")),
        ("max_distance", float("inf")),
        ("max_distance", -0.1),
        ("max_distance", 2.1),
        ("centre", []),
        ("centre", [[0.1, 0.2]]),
        ("centre", [0.1, [0.2]]),
        ("centre", [0.1, float("nan")]),
        ("centre", "a"),
        ("genuine_rate", None),
    ],
)
def test_bad_values(path: Path, key: str, value: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {key: value}))
    with pytest.raises(InputError, match="not a calibration file"):
        calibrations.load(path, ENCODER)


def test_where_it_is_looked_for(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "net.pth"
    assert calibrations.beside(weights) == path
    assert calibrations.find(weights, ENCODER) == path
    assert calibrations.find(tmp_path / "other.pth", ENCODER) is None
    monkeypatch.setattr(calibrations, "shipped", lambda folder: tmp_path / folder)
    ours = tmp_path / "weights" / "calibrations" / f"{ENCODER}.json"
    ours.parent.mkdir(parents=True)
    ours.write_text("{}")
    assert calibrations.find(tmp_path / "other.pth", ENCODER) == ours
    assert calibrations.find(weights, ENCODER) == path, "the one beside the weights goes first"


def test_shipped_files_load() -> None:
    for file in (shipped("weights") / "calibrations").glob("*.json"):
        loaded = calibrations.load(file, file.stem)
        assert 0 < loaded.impostor_rate < loaded.genuine_rate <= 1
        assert 0 < loaded.max_distance < 1.5
