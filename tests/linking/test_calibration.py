"""Calibration files: saved, found, and refused for another encoder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.calibration_record import Calibration, ProbabilityMap, SameCamera, UnseenSite
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.shipped import shipped

ENCODER = "osnet-test@0123456789ab"


def made(max_distance: float = 0.5, seed: int = 0, **rates: float) -> Calibration:
    return Calibration(
        encoder_id=ENCODER,
        max_distance=max_distance,
        centre=np.random.default_rng(seed).uniform(-0.2, 0.2, 16).astype(np.float32),
        data_set="Krähenhof, 24 people",
        operating_point="best F1",
        genuine_rate=rates.get("genuine", 0.9),
        impostor_rate=rates.get("impostor", 0.001),
    )


def whole(seed: int = 0) -> Calibration:
    """With everything that a file can hold."""
    rng = np.random.default_rng(seed)
    return replace(
        made(seed=seed),
        probability=ProbabilityMap(
            distances=np.cumsum(rng.uniform(0.001, 0.1, 20)),
            probabilities=np.sort(rng.uniform(size=20))[::-1],
            people=24,
        ),
        camera_pairs={("hall", "yard"): 0.41, ("Tür", "hall"): 0.5},
        same_camera=SameCamera(
            people=24,
            halves=0.1,
            meetings_median=0.8,
            meetings_spread=0.1,
            genuine=np.sort(rng.uniform(size=5)),
            impostor=np.sort(rng.uniform(size=5)),
        ),
        unseen_site=UnseenSite(
            sites={"Krähenhof": 3, "campus": 1},
            distances=np.array([0.0, 0.5, 1.0]),
            false_non_match=rng.uniform(0.01, 0.99, size=(3, 2)),
            false_match=rng.uniform(0.01, 0.99, size=(3, 2)),
        ),
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


@given(st.integers(0, 50))
def test_nothing_of_a_whole_file_is_lost(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.getbasetemp() / "whole.json"
    before = whole(seed)
    text = calibrations.dumps(before, {"notes": {"distance": [0.0, 0.01]}, "note": "not read"})
    path.write_text(text, encoding="utf-8")
    after = calibrations.load(path, ENCODER)
    assert calibrations.dumps(after) == calibrations.dumps(before)
    assert after.probability is not None
    assert before.probability is not None
    grid = np.linspace(-1, 3, 50)
    np.testing.assert_allclose(after.probability(grid), before.probability(grid), atol=0.01)
    assert after.camera_pairs == before.camera_pairs
    assert after.same_camera is not None
    assert after.unseen_site is not None
    assert after.unseen_site.sites == {"Krähenhof": 3, "campus": 1}
    assert json.loads(text)["evidence"]["note"] == "not read"


def test_old_files_load(path: Path) -> None:
    """As they were before they held probabilities, cameras and evidence: an item of a list a line."""
    old = json.loads(path.read_text(encoding="utf-8"))
    for key in ("probability", "camera_pairs"):
        del old[key]
    path.write_text(json.dumps(old, indent=1))
    loaded = calibrations.load(path, ENCODER)
    assert (loaded.probability, loaded.same_camera, loaded.camera_pairs) == (None, None, {})
    assert loaded.max_distance == 0.5


def test_a_list_is_one_line(path: Path) -> None:
    text = calibrations.dumps(whole(), {"curves": {"distance": [0.0, 0.01]}})
    assert '\n  "curves": {\n   "distance": [0.0, 0.01]\n  }\n' in text
    assert '"centre": [' in text.splitlines()[-2]


def test_probabilities() -> None:
    given = ProbabilityMap(distances=np.array([0.2, 0.4]), probabilities=np.array([0.9, 0.1]), people=24)
    np.testing.assert_allclose(given(np.array([0.0, 0.2, 0.3, 2.0])), [0.9, 0.9, 0.5, 0.1])
    assert float(given(0.3)) == pytest.approx(0.5)
    for distances, probabilities in (
        ([], []),
        ([0.4, 0.2], [1, 0]),
        ([0.2, 0.4], [0.1, 0.9]),
        ([0.1], [1.1]),
    ):
        with pytest.raises(ValueError, match=r"ProbabilityMap\."):
            ProbabilityMap(
                distances=np.array(distances, dtype=float), probabilities=np.array(probabilities), people=2
            )


def test_another_encoder(path: Path) -> None:
    with pytest.raises(InputError, match=rf"{path.name}: made for encoder {ENCODER}, but other@1 is in use"):
        calibrations.load(path, "other@1")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"absent\.json: no such file; expected a calibration file; give another, or --max-distance",
    ):
        calibrations.load(tmp_path / "absent.json", ENCODER)
    with pytest.raises(InputError, match="is a folder; expected a calibration file"):
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
        ("probability", {"distances": [0.2, 0.1], "probabilities": [0.9, 0.1], "people": 24}),
        ("probability", {"distances": [0.1]}),
        ("probability", 0.5),
        ("camera_pairs", [["a", "b"]]),
        ("camera_pairs", [["a", "b", 3.0]]),
        ("camera_pairs", {"a": 1}),
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
        assert loaded.probability is not None
        assert loaded.probability(0.0) > 0.9 > 0.1 > loaded.probability(1.2)
        assert loaded.same_camera is not None
        assert loaded.camera_pairs == {}, "nobody's cameras are those of the data set"
        assert file.stat().st_size < 100_000
