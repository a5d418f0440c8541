import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.distance import unit
from reid.embedding.activation import feature_maps
from reid.embedding.checkpoint import load_checkpoint, load_network, save_network
from reid.embedding.crops import prepare
from reid.embedding.export import export_onnx, export_openvino
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.embedding.onnx_backend import OnnxRunner
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.resnet import ResNet50
from reid.embedding.torch_backend import TorchRunner
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.types import Image
from tests.embedding.conftest import SMALL, scramble

CBAM = {"attention": "cbam", "attention_at": "stages", "pooling": "gem"}
VARIANTS = [
    {"pooling": "gem"},
    {"pooling": "max", "neck": "none", "dimension": None},
    {"attention": "se", "attention_at": "stages"},
    CBAM,
    {"attention": "non-local", "dropout": 0.5},
    {"backbone": "osnet_ain_x0_25", "attention": "non-local", "attention_at": "stages"},
    {"backbone": "mobilenet_v3_small", "attention": "cbam"},
    pytest.param({"backbone": "resnet50_ibn", "dimension": None}, marks=pytest.mark.slow),
]


def made(seed: int = 0, *, size: tuple[int, int] = SMALL.size, **options: Any) -> ReidNetwork:
    """A network with statistics as trained ones have them, and attention that is not the identity."""
    torch.manual_seed(seed)
    network = ReidNetwork(NetworkConfig.model_validate({"dimension": 32, **options}), size)
    scramble(network)
    return network


def noise(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 3, *SMALL.size, generator=torch.Generator().manual_seed(7))


def saved(path: Path, network: ReidNetwork) -> Path:
    save_network(path, network, preprocessing=SMALL)
    return path


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_gradients_reach_every_weight(options: dict[str, Any]) -> None:
    network = made(**options).train()
    network(noise()).square().sum().backward()
    learned = {key: value.grad for key, value in network.named_parameters() if value.requires_grad}
    assert [key for key, grad in learned.items() if grad is None or not grad.isfinite().all()] == []
    without = [key for key, grad in learned.items() if not grad.any()]
    # softmax takes away again what all keys have in common; the only hidden unit of a small gate may be dead at first
    assert [key for key in without if not key.endswith(".key.bias") and ".gate." not in key] == []


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_saving_and_loading_is_the_identity(options: dict[str, Any], tmp_path: Path) -> None:
    network = made(**options)
    state = torch.random.get_rng_state()
    loaded = load_checkpoint(saved(tmp_path / "net.pth", network))
    assert isinstance(loaded.network, ReidNetwork)
    assert loaded.network.config == network.config
    assert not loaded.network.training
    assert loaded.ignored == ()
    assert loaded.preprocessing == SMALL
    torch.testing.assert_close(torch.random.get_rng_state(), state)  # loading takes no random numbers
    with torch.inference_mode():
        torch.testing.assert_close(loaded.network(noise()), network.eval()(noise()), rtol=0, atol=0)


# one that goes with every test run, for the exports take seconds
EXPORTED = [
    CBAM,
    *(pytest.param(one, marks=pytest.mark.slow) for one in VARIANTS[:-1] if one is not CBAM),
    VARIANTS[-1],
]


@pytest.mark.slow
@pytest.mark.parametrize("options", EXPORTED, ids=str)
def test_exports_give_the_same_vectors(options: dict[str, Any], tmp_path: Path) -> None:
    network = made(**options).eval()
    export_onnx(tmp_path / "net.onnx", network, SMALL)
    export_openvino(tmp_path / "net.xml", network, SMALL)
    batch = noise(3).numpy()
    want = unit(TorchRunner(network)(batch))
    for runner in (
        OnnxRunner(tmp_path / "net.onnx", SMALL.size),
        OpenVinoRunner(tmp_path / "net.xml", SMALL.size),
    ):
        assert runner.dimension == network.dimension
        np.testing.assert_allclose(unit(runner(batch)), want, atol=1e-4)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_channels_last_is_only_a_layout(options: dict[str, Any]) -> None:
    network = made(**options).eval()
    with torch.no_grad():
        want = network(noise())
        network.to(memory_format=torch.channels_last)
        got = network(noise().to(memory_format=torch.channels_last))
    torch.testing.assert_close(unit(got.numpy()), unit(want.numpy()), atol=1e-4, rtol=0)


def test_pooled_is_before_the_neck_and_final_behind_it() -> None:
    network = made().eval()
    features, neck = network.features(noise()), network.neck
    with torch.no_grad():
        by_hand = network.embedding(network.backbone(noise()).mean(dim=(2, 3)))
    torch.testing.assert_close(features.pooled, by_hand)
    scale = neck.weight / torch.sqrt(neck.running_var + neck.eps)
    torch.testing.assert_close(
        features.final, (by_hand - neck.running_mean) * scale + neck.bias, atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(network(noise()), features.final, rtol=0, atol=0)
    assert features.pooled.shape == (4, network.dimension)


def test_the_neck_never_learns_a_shift() -> None:
    torch.manual_seed(0)
    network = ReidNetwork(NetworkConfig(dimension=8), SMALL.size).train()
    optimiser = torch.optim.SGD([value for value in network.parameters() if value.requires_grad], lr=1.0)
    network(noise()).mul(torch.arange(8)).sum().backward()
    optimiser.step()
    assert not network.neck.bias.any()
    assert (network.neck.weight != 1).any()


def test_without_a_neck_both_are_the_same() -> None:
    features = made(neck="none").eval().features(noise())
    assert features.final is features.pooled


def test_dimension_null_means_the_channels() -> None:
    network = made(dimension=None).eval()
    assert network.dimension == 128
    assert isinstance(network.embedding, torch.nn.Identity)
    assert network(noise(1)).shape == (1, 128)


def test_dropout_takes_a_share_of_the_final_vector_in_training_only() -> None:
    network = made(dropout=0.5, dimension=512).train()
    features = network.features(noise(16))
    assert (features.final == 0).float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert not (features.pooled == 0).any()
    network.eval()
    torch.testing.assert_close(network(noise()), network(noise()), rtol=0, atol=0)
    assert not (network(noise()) == 0).any()


def test_backbone_parameters_are_the_backbone_s() -> None:
    network = made(attention="se", pooling="gem")
    ids = {id(value) for value in network.backbone_parameters()}
    named = {key.split(".")[0] for key, value in network.named_parameters() if id(value) not in ids}
    assert named == {"pooling", "embedding", "neck"}


@pytest.mark.slow
def test_a_resnet_without_layer_is_the_strong_baseline() -> None:
    old, new = ResNet50(), made(backbone="resnet50", dimension=None).eval()
    scramble(old)
    new.load_state_dict({key.replace("bnneck.", "neck."): value for key, value in old.state_dict().items()})
    with torch.inference_mode():
        torch.testing.assert_close(new(noise()), old.eval()(noise()))
        torch.testing.assert_close(new.features(noise()).pooled, old.pooled(noise()))


def test_encoder_id_depends_on_what_has_no_weights(tmp_path: Path) -> None:
    network = made(pooling="average")
    other = made(pooling="max")
    other.load_state_dict(network.state_dict())
    ids = [
        open_weights(saved(tmp_path / f"{i}.pth", one)).encoder_id
        for i, one in enumerate((network, network, other))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_maps_are_those_behind_the_attention(crops: list[Image]) -> None:
    network = made(attention="cbam").eval()
    (heat,) = feature_maps(crops[:1], network, SMALL)
    with torch.inference_mode():
        energy = network.backbone(torch.from_numpy(prepare(crops[:1], SMALL)))[0].square().sum(dim=0).numpy()
    np.testing.assert_allclose(heat, (energy - energy.min()) / (energy.max() - energy.min()), atol=1e-5)


def test_a_transformer_is_loaded_for_the_size_it_was_trained_on(tmp_path: Path) -> None:
    pytest.importorskip("timm")
    network = made(backbone="timm/test_vit").eval()
    loaded = load_network(saved(tmp_path / "net.pth", network))
    with torch.inference_mode():
        torch.testing.assert_close(loaded(noise()), network(noise()), rtol=0, atol=0)


def test_only_backbones_of_timm_need_timm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("timm")
    theirs = saved(tmp_path / "theirs.pth", made(backbone="timm/test_vit"))
    ours = saved(tmp_path / "ours.pth", made())
    monkeypatch.setitem(sys.modules, "timm", None)  # as where it is not installed
    assert isinstance(load_network(ours), ReidNetwork)
    with pytest.raises(InputError, match=r"theirs\.pth: .*pip install 'reidentify\[timm\]'"):
        load_network(theirs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pooling": "sum"}, r"its architecture states pooling 'sum', which this version"),
        ({"heads": 3}, r"its architecture states heads 3, which this version of reid does not know; use"),
        ({3: 3}, "its architecture states"),
        ({"backbone": "osnet_x9"}, r"network\.backbone is 'osnet_x9', which is no network known here"),
        ({"dimension": 16}, r"embedding\.weight is \(32, 128\) instead of \(16, 128\)"),
        ({"attention": "se"}, r"missing backbone\.attention\.conv5"),
        ({"neck": "none"}, r"unexpected neck\.weight"),
        ({"neck": None}, "its architecture states neck None"),
    ],
)
def test_files_that_contradict_themselves(tmp_path: Path, change: dict[Any, Any], message: str) -> None:
    path = saved(tmp_path / "net.pth", made())
    content = torch.load(path, weights_only=True)
    content["architecture"] |= change
    torch.save(content, path)
    with pytest.raises(InputError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_attention_behind_stages_wants_stages() -> None:
    with pytest.raises(InputError, match=r"attention_at is stages, but mobilenet_v2 has no stages.*use last"):
        made(backbone="mobilenet_v2", attention="se", attention_at="stages")
