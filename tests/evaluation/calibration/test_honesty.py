"""The program that checks the promise of a threshold counts what it says."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.retrieval.distances import CosineRows
from tests.benchmarks.honesty import UNITS, halves, impostors, main, measured
from tests.evaluation.calibration.worlds import crops, items
from tests.pipelines.test_bad_input import tiny_encoder


def test_rates_of_some_groups_are_those_of_a_double_loop() -> None:
    own = items(0, 24, 300)
    group_of = np.arange(24) // 4
    found = impostors(own, group_of, 6)
    distances = CosineRows(own.vectors, own.vectors).rows(0, 300)
    half = np.array([1.0, 0, 1, 1, 0, 0])
    there = np.flatnonzero(half[group_of[own.persons]])
    edge = found.within.shape[-1] // 2
    within = total = 0
    for i in there:
        for j in there:
            if own.persons[i] != own.persons[j]:
                total += 1
                within += int(distances[i, j] <= EDGES[edge])
    assert found.rate(half, edge) == pytest.approx(within / total)
    assert found.rate(half)[edge] == pytest.approx(within / total)


def test_halves_share_nobody() -> None:
    for first, second in halves(9, 5, np.random.default_rng(0)):
        np.testing.assert_array_equal(first + second, np.ones(9))
        assert first.sum() == 4


def test_the_chosen_rate_keeps_the_promise_and_the_other_is_near() -> None:
    found = measured(crops(1, 96, 1.0, each=3), splits=3, seed=0)
    for unit in ("images", "tracklets"):
        for split in found[unit]["splits"]:  # type: ignore[attr-defined]
            assert split["chosen"] <= 1e-3
            assert split["measured"] < 5e-3


def test_the_program_writes_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Crops of 48 people who are told apart by colour alone."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    (tmp_path / "crops").mkdir()
    for person in range(1, 49):
        colour = rng.uniform(40, 215, 3)
        for camera in (1, 2):
            for shot in (1, 2):
                pixels = np.clip(colour + rng.normal(0, 8, (32, 16, 3)), 0, 255).astype(np.uint8)
                name = f"{person:04d}_c{camera}s1_00000{shot}_00.png"
                cv2.imwrite(str(tmp_path / "crops" / name), pixels)
    encoder_id = tiny_encoder(tmp_path / "tiny.onnx")
    words = ["--root", "crops", "--encoder", "tiny.onnx", "--output", "honesty.json", "--splits", "2"]
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    report = json.loads((tmp_path / "honesty.json").read_text(encoding="utf-8"))
    assert (report["crops"], report["people"], report["encoder_id"]) == (192, 48, encoder_id)
    assert report["machine"]["cores"] > 0
    assert report["machine"]["threads_of_each"] is None
    assert report["versions"]["numpy"] == np.__version__
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2 * len(UNITS)
    for unit, line in zip(UNITS, told[::2], strict=True):
        found = report[unit]
        assert len(found["splits"]) == report["splits"] == 2
        assert found["chosen"][0] == pytest.approx(np.mean([split["chosen"] for split in found["splits"]]))
        assert 0 <= found["chosen"][0] <= found["promised"] == 1e-3
        assert f"crops, tiny.onnx, {unit}: promised 0.001" in line
