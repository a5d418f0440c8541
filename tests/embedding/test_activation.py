from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reid.camera_config import EncoderConfig
from reid.embedding.activation import FEATURE_MAP, OCCLUSION, activation_maps, feature_maps, occlusion_maps
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET, prepare
from reid.embedding.osnet import OSNet
from reid.embedding.resnet import ResNet50
from reid.types import Embeddings, Image
from tests.embedding.conftest import SMALL, random_osnet

QUARTERS = [(slice(0, 64), slice(0, 32)), (slice(0, 64), slice(32, 64)), (slice(64, 128), slice(0, 32)),
            (slice(64, 128), slice(32, 64))]  # fmt: skip


class Watcher:
    """An encoder that sees one part of a crop only: the mean colour there."""

    encoder_id = "watcher"
    dimension = 4
    model_s = 0.0

    def __init__(self, part: tuple[slice, slice]) -> None:
        self.part = part
        self.seen = 0

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        self.seen += len(crops)
        colours = np.stack([crop[self.part].reshape(-1, 3).mean(axis=0) for crop in crops])
        vectors = np.concatenate([colours, np.full((len(crops), 1), 100.0)], axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors=vectors.astype(np.float32), encoder_id=self.encoder_id)


def content_in(part: tuple[slice, slice]) -> Image:
    """A crop that is nothing to a network of ImageNet's preprocessing, but for one quarter."""
    crop = np.empty((128, 64, 3), dtype=np.uint8)
    crop[:] = np.round(np.array(IMAGENET.mean)[::-1])
    crop[part] = np.random.default_rng(0).integers(0, 256, crop[part].shape)
    return crop


def share_inside(heat: NDArray[Any], part: tuple[slice, slice]) -> float:
    scale = (heat.shape[0] / 128, heat.shape[1] / 64)
    rows, columns = (slice(round(s.start * k), round(s.stop * k)) for s, k in zip(part, scale, strict=True))
    return float(heat[rows, columns].sum() / heat.sum())


@pytest.mark.parametrize("part", QUARTERS)
def test_a_checkpoint_looks_where_there_is_something(tmp_path: Path, part: tuple[slice, slice]) -> None:
    torch.manual_seed(0)
    path = tmp_path / "net.pth"
    save_network(
        path, OSNet(0.25), preprocessing=IMAGENET
    )  # normalisations that do nothing: nothing stays nothing
    found = activation_maps([content_in(part)], path, Watcher(part))
    assert found.method == FEATURE_MAP
    (heat,) = found.maps
    assert heat.dtype == np.float32
    assert heat.shape == (16, 8)
    assert (heat.min(), heat.max()) == (0, 1)
    assert share_inside(heat, part) > 0.6


@pytest.mark.slow
def test_maps_are_the_squared_channels_of_the_last_layer(crops: list[Image]) -> None:
    network = random_osnet()
    maps = feature_maps(crops * 4, network, SMALL)  # more than a batch
    assert len(maps) == 20
    for crop, heat in zip(crops * 4, maps, strict=True):
        with torch.inference_mode():
            x = network.maxpool(network.conv1(torch.from_numpy(prepare([crop], SMALL))))
            last = network.conv5(network.conv4(network.conv3(network.conv2(x))))[0].numpy()
        energy = sum(channel**2 for channel in last)
        np.testing.assert_allclose(heat, (energy - energy.min()) / (energy.max() - energy.min()), atol=1e-4)
    assert not network.conv5._forward_hooks


def test_resnet_has_maps_and_others_are_refused(crops: list[Image]) -> None:
    (heat,) = feature_maps(crops[:1], ResNet50().eval(), SMALL)
    assert heat.shape == (4, 2)
    with pytest.raises(ValueError, match="Linear"):
        feature_maps(crops[:1], torch.nn.Linear(1, 1), SMALL)


@pytest.mark.parametrize("part", QUARTERS)
def test_occlusion_finds_the_quarter_that_counts(part: tuple[slice, slice]) -> None:
    crop = np.random.default_rng(0).integers(120, 256, (128, 64, 3), dtype=np.uint8)
    crop[..., 0] //= 4  # covered in grey it changes its colour
    (heat,) = occlusion_maps([crop], Watcher(part))
    assert heat.shape == (16, 8)
    assert (heat.min(), heat.max()) == (0, 1)
    assert share_inside(heat, part) > 0.7


def test_a_place_is_worth_what_covering_it_does() -> None:
    """The slow way: every square that covers the place, one crop at a time."""
    rng = np.random.default_rng(1)
    crop = rng.integers(0, 256, (64, 32, 3), dtype=np.uint8)
    watcher = Watcher((slice(10, 50), slice(3, 20)))
    want = np.zeros((16, 8))
    whole = watcher.encode([crop]).vectors[0].astype(np.float64)
    for row in range(16):
        for column in range(8):
            moves = []
            for top in range(max(0, row - 2), min(row, 13) + 1):
                for left in range(max(0, column - 2), min(column, 5) + 1):
                    covered = crop.copy()
                    covered[4 * top : 4 * top + 12, 4 * left : 4 * left + 12] = 118
                    moves.append(1 - float(watcher.encode([covered]).vectors[0] @ whole))
            want[row, column] = np.mean(moves)
    (heat,) = occlusion_maps([crop], watcher)
    np.testing.assert_allclose(heat, (want - want.min()) / (want.max() - want.min()), atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (17, 9), (300, 20)])
def test_crops_of_any_size(size: tuple[int, int]) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    before = crop.copy()
    (heat,) = occlusion_maps([crop], Watcher((slice(None), slice(None))))
    assert heat.shape == (min(16, size[0]), min(8, size[1]))
    assert np.all((heat >= 0) & (heat <= 1))
    np.testing.assert_array_equal(crop, before)


def test_an_encoder_that_nothing_moves_has_an_empty_map() -> None:
    crop = np.full((128, 64, 3), 118, dtype=np.uint8)
    (heat,) = occlusion_maps([crop], Watcher(QUARTERS[0]))
    np.testing.assert_array_equal(heat, np.zeros((16, 8)))


@pytest.mark.parametrize("name", ["net.onnx", "net.xml"])
def test_files_that_only_run_are_covered_up(exports: Path, name: str) -> None:
    encoder = build_encoder(EncoderConfig(weights=exports / name, device="cpu"), threads=1)
    crop = np.random.default_rng(0).integers(0, 256, (64, 32, 3), dtype=np.uint8)
    found = activation_maps([crop], exports / name, encoder)
    assert found.method == OCCLUSION
    assert found.maps[0].shape == (16, 8)
    assert found.maps[0].max() == 1


def test_no_crops(checkpoint: Path) -> None:
    assert activation_maps([], checkpoint, Watcher(QUARTERS[0])).maps == []
