"""The programs of camera normalisation: statistics are gathered as they are applied; tables tell the gains."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from reid.calibration_record import Calibration
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET, prepare
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.embedding.weights import open_weights
from reid.linking.calibration import beside, dumps
from reid.linking.normalisation_gate import LEAST_PEOPLE
from reid.types import Image
from tests.benchmarks import normalisation_gate
from tests.benchmarks.batch_statistics import LAYERS, Halves, gathering, restored
from tests.benchmarks.camera_normalisation import main

SMALL = IMAGENET.resized(64, 32)


def network() -> ReidNetwork:
    torch.manual_seed(0)
    made = ReidNetwork(NetworkConfig(backbone="efficientnet_lite0", dimension=16, neck="bnneck"))
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.running_mean, 0, 0.1)  # type: ignore[arg-type]
    return made.eval()


def images(count: int, seed: int = 0) -> list[Image]:
    pixels = np.random.default_rng(seed).integers(0, 255, (count, 64, 32, 3))
    return list(pixels.astype(np.uint8))


def test_both_halves_are_the_network() -> None:
    made = network()
    halves, given = Halves(made, SMALL), images(5)
    whole = halves.whole(given)
    with torch.inference_mode():
        expected = made(torch.cat([_batch(halves, [one]) for one in given]))
    np.testing.assert_allclose(whole, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(halves.vectors(halves.maps(given)), whole, atol=0.02)  # maps are float16


def _batch(halves: Halves, given: list[Image]) -> torch.Tensor:
    return torch.from_numpy(prepare(given, halves.preprocessing))


@pytest.mark.parametrize("layers", LAYERS)
def test_a_mix_of_none_changes_nothing_and_statistics_are_put_back(layers: str) -> None:
    halves, given = Halves(network(), SMALL), images(6)
    norms, before = halves.norms(layers), halves.whole(given)  # type: ignore[arg-type]
    with restored(norms), gathering(norms, 0.0):
        np.testing.assert_allclose(halves.at_once(given), before, atol=1e-4)
    with restored(norms), gathering(norms, 0.6):
        assert np.abs(halves.at_once(given) - before).max() > 1e-3
    np.testing.assert_allclose(halves.whole(given), before, atol=1e-6)


def test_own_statistics_of_all_layers_are_those_of_training() -> None:
    """With a mix of 1 each layer normalises by its batch, as PyTorch does while training; then they stay."""
    made = network()
    halves, given = Halves(made, SMALL), images(8)
    norms = halves.norms("all")
    for norm in norms:
        norm.train()
    with restored(norms), torch.no_grad():
        expected = made(_batch(halves, given)).numpy()
    for norm in norms:
        norm.eval()
    with restored(norms):
        with gathering(norms, 1.0):
            found = halves.at_once(given)
        np.testing.assert_allclose(found, expected, atol=1e-3)
        np.testing.assert_allclose(halves.whole(given), found, atol=1e-3)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with a calibration beside it."""
    weights = tmp_path_factory.mktemp("encoder") / "small.pth"
    save_network(weights, network(), preprocessing=SMALL)
    calibration = Calibration(
        encoder_id=open_weights(weights).encoder_id,
        max_distance=0.01,
        centre=np.full(16, 0.01, np.float32),
        data_set="made up",
        operating_point="max-f1",
        genuine_rate=0.9,
        impostor_rate=0.1,
    )
    beside(weights).write_text(dumps(calibration), encoding="utf-8")
    return weights


def write_crops(*folders: Path) -> None:
    """Twelve people in two cameras, the second of which is brighter."""
    rng = np.random.default_rng(1)
    for folder in folders:
        folder.mkdir(parents=True)
    for person in range(1, 13):
        colour = rng.uniform(40, 215, 3)
        for camera in (1, 2):
            for shot in range(2):
                pixels = np.clip(colour + 20 * camera + rng.normal(0, 8, (64, 32, 3)), 0, 255)
                for folder in folders:
                    name = f"{person:04d}_c{camera}s1_00000{shot}_00.jpg"
                    cv2.imwrite(str(folder / name), pixels.astype(np.uint8))


@pytest.mark.slow
def test_the_program_writes_a_row_for_each_way(
    encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, output = tmp_path / "sites", tmp_path / "out.json"
    write_crops(root)
    words = ["--encoder", str(encoder), "--sites", f"made={root}", "--output", str(output)]
    assert main([*words, "--layers", "neck", "all", "--mixes", ".3"]) == 0
    found = json.loads(output.read_text())["rows"]
    assert len(found) == 3 * 6
    assert found[0]["gain"] == [0.0, 0.0, 0.0]
    assert {(row["layers"], row["mix"]) for row in found} == {(None, None), ("neck", 0.3), ("all", 0.3)}
    for row in found:
        assert row["people"] == 12
        assert 0 < row["mAP"][1] <= row["mAP"][0] <= row["mAP"][2]
    assert "the same with the gate" in capsys.readouterr().out


@pytest.mark.slow
def test_the_gate_decides_each_trial(encoder: Path, tmp_path: Path) -> None:
    root, output = tmp_path / "set", tmp_path / "out.json"
    write_crops(root / "query", root / "bounding_box_test")
    words = ["--encoder", str(encoder), "--set", f"made={root}", "--output", str(output)]
    assert normalisation_gate.main([*words, "--draws", "2"]) == 0
    found = json.loads(output.read_text())["rows"]
    assert {row["people"] for row in found} == {1, 2, 3, 4, 6, 8, 12}
    for row in found:
        assert row["trials"] == 4
        if row["people"] < LEAST_PEOPLE:
            assert (row["accepted"], row["with_gate"]) == (0, 0)
        if row["accepted"] == 1:
            assert row["with_gate"] == row["without_gate"]
