import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from reid.embedding.backbone import Backbone
from reid.embedding.backbones import build_backbone
from reid.embedding.network_config import NetworkConfig
from reid.errors import InputError
from tests.embedding.conftest import SMALL, scramble

SLOW = pytest.mark.slow


def backbone(name: str, size: tuple[int, int] | None = SMALL.size) -> Backbone:
    if name.startswith("timm/"):
        pytest.importorskip("timm")
    torch.manual_seed(0)
    return build_backbone(NetworkConfig(backbone=name), size)


def noise(height: int = 64, width: int = 32) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(7))


MAPS: list[object] = [
    ("mobilenet_v2", lambda net, x: net.features(x)),
    ("mobilenet_v3_small", lambda net, x: net.features(x)),
    ("squeezenet1_1", lambda net, x: net.features(x)),
    ("regnet_y_400mf", lambda net, x: net.trunk_output(net.stem(x))),
    pytest.param("efficientnet_b0", lambda net, x: net.features(x), marks=SLOW),
    pytest.param("convnext_tiny", lambda net, x: net.features(x), marks=SLOW),
    pytest.param("densenet121", lambda net, x: net.features(x).relu(), marks=SLOW),
    pytest.param("swin_t", lambda net, x: net.norm(net.features(x)).permute(0, 3, 1, 2), marks=SLOW),
    pytest.param("vgg11", lambda net, x: net.features(x), marks=SLOW),
]


@pytest.mark.parametrize(("name", "features"), MAPS)
def test_the_map_is_what_the_classifier_pools(name: str, features: Callable[..., Tensor]) -> None:
    theirs = get_model(name, weights=None)
    scramble(theirs)
    ours = backbone(name)
    missing, unexpected = ours.get_submodule("body.body").load_state_dict(theirs.state_dict(), strict=False)
    assert missing == []
    assert {key.split(".")[0] for key in unexpected} <= {"classifier", "head", "fc"}
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(noise()), features(theirs.eval(), noise()))


@pytest.mark.parametrize(
    "name", ["mobilenet_v3_small", "timm/test_efficientnet", "timm/test_vit", "resnet18"]
)
def test_copies_work_in_both_modes(name: str) -> None:
    """Averaged weights and encoders are copies."""
    network = backbone(name)
    scramble(network)
    other = copy.deepcopy(network)
    for training in (True, False):
        want, got = network.train(training)(noise()), other.train(training)(noise())
        torch.testing.assert_close(got, want, rtol=0, atol=0)
    with torch.no_grad():
        next(other.parameters()).add_(1)
    torch.testing.assert_close(network(noise()), want, rtol=0, atol=0)


def test_what_only_training_has_is_kept_for_training() -> None:
    """Stochastic depth drops blocks at random; batch normalisation is held still to see nothing else."""
    network = backbone("efficientnet_b0").train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        assert not torch.equal(network(noise()), network(noise()))
        network.eval()
        torch.testing.assert_close(network(noise()), network(noise()), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "without"),
    [("mobilenetv3_small_050", {"conv_head"}), ("test_convnext", {"head"}), ("test_efficientnet", set())],
)
def test_parts_for_timm_s_classifier_are_left_out(name: str, without: set[str]) -> None:
    timm = pytest.importorskip("timm")
    theirs = timm.create_model(name, num_classes=0)
    scramble(theirs)
    ours = backbone(f"timm/{name}")
    _, unexpected = ours.get_submodule("body.body").load_state_dict(theirs.state_dict(), strict=False)
    assert {key.split(".")[0] for key in unexpected} == without
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(noise()), theirs.eval().forward_features(noise()))
    ours.train()(noise()).square().sum().backward()
    assert [key for key, value in ours.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("timm/test_vit2", (64, 4, 2)),  # tokens behind a class token
        ("timm/mixer_s16_224", (512, 8, 1)),  # must know the size, but keeps its grid to itself
        ("timm/pvt_v2_b0", (256, 2, 1)),  # need not know the size, though it has patches
        ("timm/mobilenetv4_conv_small", (960, 2, 1)),
        pytest.param("timm/vit_tiny_patch16_224", (192, 4, 2), marks=SLOW),
        pytest.param("timm/swin_tiny_patch4_window7_224", (768, 2, 1), marks=SLOW),  # channels last
    ],
)
def test_timm_s_families(name: str, shape: tuple[int, int, int]) -> None:
    network = backbone(name)
    assert network.training
    assert network(noise()).shape == (2, *shape)
    assert network.channels == shape[0]


def test_timm_s_own_size_where_none_is_given() -> None:
    """timm's test networks are made for 160 x 160 pixels."""
    assert backbone("timm/test_vit", size=None)(noise(160, 160)).shape == (2, 64, 10, 10)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("efficientformer_l1", "RuntimeError: The size of tensor"),
        ("coat_tiny", "AssertionError: Only token or avg pooling"),
        ("inception_v3", "RuntimeError: "),
    ],
)
def test_networks_of_timm_that_make_no_map(name: str, why: str) -> None:
    with pytest.raises(
        InputError, match=rf"timm/{name}, which makes no .*64 x 32 pixels \({why}.*; choose"
    ) as caught:
        backbone(f"timm/{name}")
    assert "\n" not in str(caught.value)


def test_a_near_name_is_offered_once() -> None:
    with pytest.raises(InputError) as caught:
        backbone("resnet5O")
    offered = str(caught.value).removesuffix("?").partition("did you mean ")[2].split(" or ")
    assert "resnet50" in offered
    assert len(offered) == len(set(offered))


@pytest.mark.slow
def test_a_network_that_cannot_be_traced_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="'maxvit_t', which cannot be cut behind its last feature map"):
        backbone("maxvit_t")
    assert "Traceback" not in "".join(capfd.readouterr())
