"""EfficientNet-Lite0 against timm's, with the same weights."""

import pytest
import torch
from torch import nn

from reid.detection.network import EfficientNetLite0, fill_backbone, person_network
from reid.efficientnet_lite import HEAD, efficientnet_lite0_parts
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig

timm = pytest.importorskip("timm")
STAGES = (1, 2, 3)  # of timm's feature maps: strides 8, 16, 32


def scrambled(network: nn.Module) -> nn.Module:
    """With statistics of batch normalisation that are not the identity."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    return network.eval()


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Convolutions and normalisations of both come in one order, under other names."""
    kinds = (nn.Conv2d, nn.BatchNorm2d)
    ours, theirs = ([m for m in net.modules() if isinstance(m, kinds)] for net in (source, target))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        other.load_state_dict(one.state_dict())


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_the_last_map_is_timms(size: tuple[int, int]) -> None:
    """timm's `efficientnet_lite0` pads as ours does; the variant with tf_ in its name as TensorFlow does."""
    reference = scrambled(timm.create_model("efficientnet_lite0", pretrained=False))
    for module in reference.modules():  # timm's default is PyTorch's own
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3
    body = nn.Sequential(*efficientnet_lite0_parts(2).values()).eval()
    without_classifier = nn.ModuleList(
        [reference.conv_stem, reference.bn1, reference.blocks, reference.conv_head, reference.bn2]
    )
    copy_in_order(without_classifier, body)
    images = torch.rand(2, 3, *size)
    with torch.inference_mode():
        expected, got = reference.forward_features(images), body(images)
    assert got.shape == (2, HEAD, size[0] // 32, size[1] // 32)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)
    assert expected.std() > 0.01, "something is compared"


def test_the_detectors_maps_are_timms() -> None:
    reference = scrambled(timm.create_model("efficientnet_lite0", pretrained=False))
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3
    ours = EfficientNetLite0().eval()
    copy_in_order(nn.ModuleList([reference.conv_stem, reference.bn1, reference.blocks]), ours)
    images = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        x, expected = reference.bn1(reference.conv_stem(images)), []
        for number, stage in enumerate(reference.blocks):
            x = stage(x)
            if number in (2, 4, 6):
                expected.append(x)
        got = ours(images)
    assert [tuple(one.shape) for one in got] == [(1, 40, 8, 12), (1, 112, 4, 6), (1, 320, 2, 3)]
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_published_state_dict_fits_the_detector() -> None:
    """Its classification layers are left out, and everything else is where it belongs."""
    from reid.detection.training import PersonModel

    published = nn.ModuleDict(efficientnet_lite0_parts(2))
    published["_fc"] = nn.Linear(HEAD, 1000)
    state = scrambled(published).state_dict()
    model = PersonModel()
    fill_backbone(model, state)
    filled = model.get_submodule("model.0").state_dict()
    assert filled.keys() == {key for key in state if not key.startswith(("_conv_head", "_bn1.", "_fc"))}
    assert all(torch.equal(value, state[key]) for key, value in filled.items())
    with pytest.raises(RuntimeError, match="Missing key"):
        fill_backbone(model, {})
    assert person_network()["nc"] == 1


@pytest.mark.parametrize(("last_stride", "places"), [(1, (8, 4)), (2, (4, 2))])
def test_as_a_backbone_of_reid(last_stride: int, places: tuple[int, int]) -> None:
    config = NetworkConfig(backbone="efficientnet_lite0", last_stride=last_stride, dimension=64)
    network = ReidNetwork(config, (128, 64)).eval()
    images = torch.rand(2, 3, 128, 64)
    with torch.inference_mode():
        maps, vectors = network.backbone(images), network(images)
    assert maps.shape == (2, HEAD, *places)
    assert vectors.shape == (2, 64)
    # 4,652,008 of the published network, less the classifier of 1000 classes
    assert sum(one.numel() for one in network.backbone.parameters()) == 4_652_008 - (HEAD + 1) * 1000
