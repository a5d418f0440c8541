import sys

import pytest
import torch
from torch import nn

from reid.embedding.backbone import Backbone
from reid.embedding.backbones import build_backbone
from reid.embedding.ibn import IbnNorm
from reid.embedding.network_config import NetworkConfig
from reid.embedding.osnet import WIDTHS, OSNet
from reid.errors import InputError
from tests.embedding.conftest import scramble
from tests.embedding.peers import torchreid_module

SIZE = (64, 32)
SLOW = pytest.mark.slow  # a second or more each, to make weights that are thrown away
SHAPES = [
    ("osnet_x0_25", (128, 4, 2)),
    ("osnet_x0_5", (256, 4, 2)),
    ("osnet_x0_75", (384, 4, 2)),
    ("osnet_x1_0", (512, 4, 2)),
    ("osnet_ain_x0_25", (128, 4, 2)),
    ("osnet_ain_x0_5", (256, 4, 2)),
    ("osnet_ain_x0_75", (384, 4, 2)),
    ("osnet_ain_x1_0", (512, 4, 2)),
    ("resnet50", (2048, 4, 2)),
    ("resnet50_ibn", (2048, 4, 2)),
    ("resnet18", (512, 4, 2)),
    ("mobilenet_v2", (1280, 2, 1)),
    ("mobilenet_v3_small", (576, 2, 1)),
    ("shufflenet_v2_x0_5", (1024, 2, 1)),
    ("regnet_y_400mf", (440, 2, 1)),
    ("squeezenet1_1", (512, 3, 1)),
    pytest.param("mobilenet_v3_large", (960, 2, 1), marks=SLOW),
    pytest.param("efficientnet_b0", (1280, 2, 1), marks=SLOW),
    pytest.param("convnext_tiny", (768, 2, 1), marks=SLOW),
    pytest.param("densenet121", (1024, 2, 1), marks=SLOW),
    pytest.param("swin_t", (768, 2, 1), marks=SLOW),
    pytest.param("vgg11", (512, 2, 1), marks=SLOW),
    pytest.param("googlenet", (1024, 2, 1), marks=SLOW),
    pytest.param("resnext50_32x4d", (2048, 4, 2), marks=SLOW),
    ("timm/test_resnet", (96, 2, 1)),
    ("timm/test_vit", (64, 4, 2)),
    pytest.param("timm/swin_tiny_patch4_window7_224", (768, 2, 1), marks=SLOW),
]


def backbone(name: str, size: tuple[int, int] | None = SIZE, **options: object) -> Backbone:
    if name.startswith("timm/"):
        pytest.importorskip("timm")
    torch.manual_seed(0)
    return build_backbone(NetworkConfig.model_validate({"backbone": name, **options}), size)


def noise(count: int = 2, size: tuple[int, int] = SIZE) -> torch.Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(7))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_maps_of_every_family(name: str, shape: tuple[int, int, int]) -> None:
    """What is left of 64 x 32 pixels; the last module gives it, and every weight has a part in it."""
    network = backbone(name)
    assert network.training
    seen: list[torch.Tensor] = []
    network.last.register_forward_hook(lambda *args: seen.append(args[2]))
    out = network(noise())
    assert out.shape == (2, *shape)
    assert network.channels == shape[0]
    torch.testing.assert_close(seen[0], out, rtol=0, atol=0)
    out.square().sum().backward()
    assert [key for key, value in network.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_body_and_head_of_osnet_are_osnet(width: float) -> None:
    torch.manual_seed(1)
    whole = OSNet(width, dimension=32)
    scramble(whole)
    whole.eval()
    body = backbone(f"osnet_x{width}".replace(".", "_")).eval()
    state = {key: value for key, value in whole.state_dict().items() if not key.startswith("fc.")}
    body.load_state_dict(state)
    with torch.inference_mode():
        torch.testing.assert_close(
            whole.fc(body(noise()).mean(dim=(2, 3))), whole(noise()), rtol=1e-6, atol=1e-6
        )


@pytest.mark.parity
@pytest.mark.parametrize("width", ["x0_25", "x0_5", "x0_75", "x1_0"])
def test_parity_of_osnet_ain_with_torchreid(width: str) -> None:
    theirs = getattr(torchreid_module("osnet_ain"), f"osnet_ain_{width}")(num_classes=5, pretrained=False)
    scramble(theirs)
    for module in theirs.modules():
        if isinstance(module, nn.InstanceNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    theirs.eval()
    ours = backbone(f"osnet_ain_{width}").eval()
    state = theirs.state_dict()
    ours.load_state_dict(
        {key: value for key, value in state.items() if not key.startswith(("fc.", "classifier."))}
    )
    with torch.inference_mode():
        got = theirs.fc(ours(noise(size=(128, 64))).mean(dim=(2, 3)))
        torch.testing.assert_close(got, theirs(noise(size=(128, 64))), atol=1e-5, rtol=0)


@pytest.mark.parametrize("training", [True, False])
def test_ibn_normalises_half_by_image_and_half_by_batch(training: bool) -> None:
    torch.manual_seed(0)
    norm = IbnNorm(6).double()
    scramble(norm)
    nn.init.uniform_(norm.IN.weight, 0.5, 1.5)
    nn.init.normal_(norm.IN.bias)
    mean, variance = norm.BN.running_mean.clone(), norm.BN.running_var.clone()
    x = torch.randn(3, 6, 4, 2, dtype=torch.float64)
    got = norm.train(training)(x)
    for channel in range(3):
        for image in range(3):
            values = x[image, channel]
            unit = (values - values.mean()) / torch.sqrt(values.var(correction=0) + 1e-5)
            want = unit * norm.IN.weight[channel] + norm.IN.bias[channel]
            torch.testing.assert_close(got[image, channel], want)
        values = x[:, 3 + channel]
        if training:
            unit = (values - values.mean()) / torch.sqrt(values.var(correction=0) + 1e-5)
        else:
            unit = (values - mean[channel]) / torch.sqrt(variance[channel] + 1e-5)
        torch.testing.assert_close(
            got[:, 3 + channel], unit * norm.BN.weight[channel] + norm.BN.bias[channel]
        )


def test_ibn_keys_are_the_published_ones_and_the_last_stage_is_plain() -> None:
    keys = set(backbone("resnet50_ibn").state_dict())
    plain = set(backbone("resnet50").state_dict())
    kinds = ("IN.weight", "IN.bias", "BN.weight", "BN.bias", "BN.running_mean", "BN.running_var")
    blocks = [(1, 3), (2, 4), (3, 6)]
    mixed = {
        f"layer{stage}.{block}.bn1.{kind}"
        for stage, count in blocks
        for block in range(count)
        for kind in kinds
    }
    assert {key for key in keys - plain if not key.endswith("num_batches_tracked")} == mixed
    assert {key for key in keys if key.startswith("layer4.")} == {
        key for key in plain if key.startswith("layer4.")
    }


@pytest.mark.parametrize("name", ["resnet50", "resnet50_ibn", "resnet18", "resnet34"])
def test_last_stride_of_resnets(name: str) -> None:
    with torch.inference_mode():
        shapes = [tuple(backbone(name, last_stride=stride).eval()(noise(1)).shape[2:]) for stride in (1, 2)]
    assert shapes == [(4, 2), (2, 1)]


@pytest.mark.parametrize("name", ["osnet_x0_25", "osnet_ain_x0_25", "resnet18", "resnet50"])
def test_stages_have_the_channels_they_state(name: str) -> None:
    network = backbone(name).eval()
    seen: dict[str, int] = {}
    for stage in network.stages:
        network.get_submodule(stage).register_forward_hook(
            lambda _m, _i, out, stage=stage: seen.__setitem__(stage, out.shape[1])
        )
    with torch.inference_mode():
        network(noise(1))
    assert seen == network.stages
    assert len(seen) >= 3


def test_attention_is_run_behind_its_part_and_may_be_last() -> None:
    network = backbone("osnet_x0_25").eval()
    doubled = nn.Conv2d(128, 128, 1, bias=False)
    nn.init.dirac_(doubled.weight)
    with torch.no_grad():
        before = network(noise())
        doubled.weight.mul_(2)
        network.attend("conv5", doubled)
        torch.testing.assert_close(network(noise()), 2 * before)
    assert network.last is doubled
    assert network.last_name == "conv5"


def test_tokens_keep_their_places_without_prefix() -> None:
    network = backbone("timm/test_vit").eval()
    body = network.get_submodule("body.body")
    with torch.inference_mode():
        tokens, got = body.forward_features(noise()), network(noise())
    extra = body.num_prefix_tokens
    assert extra == 1
    assert tokens.shape[1] == 4 * 2 + extra
    for place in range(8):
        torch.testing.assert_close(got[:, :, place // 2, place % 2], tokens[:, extra + place])


def test_the_same_seed_gives_the_same_weights() -> None:
    one, other = (backbone("osnet_ain_x0_25").state_dict() for _ in range(2))
    torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet5O", r"'resnet5O', which is no network known here; did you mean resnet50"),
        ("osnet_x0_3", "did you mean osnet_x0_5 or"),
        ("osnet_x025", "did you mean osnet_x0_25"),
        ("zzz", r"no network known here; choose .*osnet_x0_25, .*resnet50_ibn"),
        (
            "vit_b_16",
            r"'vit_b_16', which cannot be cut behind its last feature map.*timm/vit_small_patch16_224",
        ),
        ("timm/test_vitt", r"timm/test_vitt is no network of timm; some are timm/test_"),
        ("timm/", "is no network of timm"),
        ("fcn_resnet50", "no network known here"),
    ],
)
def test_names_that_cannot_be_used(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        backbone(name)
    assert "\n" not in str(caught.value)


def test_timm_is_only_needed_by_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)  # as where it is not installed
    with pytest.raises(
        InputError, match=r"timm is not installed; install it with: pip install 'reidentify\[timm\]'"
    ):
        build_backbone(NetworkConfig(backbone="timm/test_vit"), SIZE)
    assert build_backbone(NetworkConfig(backbone="osnet_x0_25"), SIZE).channels == 128


@pytest.mark.parametrize("name", ["osnet_ain_x0_25", "resnet50_ibn", "squeezenet1_1"])
def test_images_that_are_too_small(name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}, which makes no feature map of images of 16 x 16 pixels"):
        backbone(name, (16, 16))
