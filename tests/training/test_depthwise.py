"""Gradients of depthwise convolutions against PyTorch's own in float32."""

import pytest
import torch
from torch import nn

from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.training.depthwise import DepthwiseConv2d, fits, quicken


@pytest.mark.parametrize("size", [(12, 6), (13, 7), (1, 1)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5])
def test_gradients_are_those_of_float32(kernel: int, stride: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(16, 16, kernel, stride, kernel // 2, groups=16, bias=False)
    plain.weight.data = plain.weight.data.bfloat16().float()
    images = torch.randn(4, 16, *size).bfloat16().float().contiguous(memory_format=torch.channels_last)
    expected = _gradients(plain, images, torch.float32)
    found = _gradients(DepthwiseConv2d(plain), images, torch.bfloat16)
    for one, other in zip(found, expected, strict=True):
        assert (one - other).norm() <= 0.01 * other.norm()


def _gradients(conv: nn.Conv2d, images: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    images = images.clone().requires_grad_()
    conv.weight.grad = None
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        made = conv(images)
    assert made.dtype == dtype
    made.backward(torch.linspace(-1, 1, made.numel()).reshape(made.shape).bfloat16().to(dtype))
    assert images.grad is not None
    assert conv.weight.grad is not None
    return made.detach().float(), images.grad, conv.weight.grad.clone()


def test_a_network_keeps_its_weights_and_keys() -> None:
    network = ReidNetwork(NetworkConfig(backbone="efficientnet_lite0", last_stride=2), (64, 32)).eval()
    before, images = (
        {key: value.clone() for key, value in network.state_dict().items()},
        torch.randn(2, 3, 64, 32),
    )
    expected = network(images)
    quicken(network)
    assert sum(isinstance(module, DepthwiseConv2d) for module in network.modules()) == 16
    assert not any(fits(module) for module in network.modules())
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert torch.equal(network(images), expected)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.Conv2d(8, 8, 3, padding=1, bias=False),
        nn.Conv2d(8, 16, 3, padding=1, groups=8, bias=False),
        nn.Conv2d(8, 8, 3, groups=8, bias=False),
        nn.Conv2d(8, 8, 7, padding=3, groups=8, bias=False),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8, bias=False),
    ],
)
def test_other_convolutions_stay(conv: nn.Conv2d) -> None:
    assert not fits(conv)
