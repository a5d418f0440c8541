import math

import pytest
import torch
from torch import nn

from reid.embedding.attention import Cbam, NonLocal, SqueezeExcitation, build_attention
from tests.embedding.conftest import scramble

SHAPES = [(2, 20, 4, 2), (1, 3, 1, 1), (1, 70, 2, 3)]


def seeded(block: type[nn.Module], channels: int) -> nn.Module:
    torch.manual_seed(0)
    return block(channels).double().eval()


def maps(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def bottleneck(block: nn.Module, vector: torch.Tensor) -> torch.Tensor:
    """Linear, ReLU, linear, from the block's numbers."""
    first, _, second = block.weigh
    hidden = (first.weight[:, :, 0, 0] @ vector + first.bias).clamp(min=0)
    return second.weight[:, :, 0, 0] @ hidden + second.bias


@pytest.mark.parametrize("shape", SHAPES)
def test_se_weighs_channels_by_their_means(shape: tuple[int, ...]) -> None:
    block, x = seeded(SqueezeExcitation, shape[1]), maps(shape)
    for image, got in zip(x, block(x), strict=True):
        means = torch.stack([channel.sum() / channel.numel() for channel in image])
        for channel, weight in enumerate(1 / (1 + torch.exp(-bottleneck(block, means)))):
            torch.testing.assert_close(got[channel], image[channel] * weight)


def test_se_has_a_bottleneck_of_a_sixteenth_but_not_of_nothing() -> None:
    assert SqueezeExcitation(128).weigh[0].out_channels == 8
    assert SqueezeExcitation(16).weigh[0].out_channels == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_cbam_weighs_channels_then_places(shape: tuple[int, ...]) -> None:
    block, x = seeded(Cbam, shape[1]), maps(shape)
    _, channels, rows, columns = shape
    for image, got in zip(x, block(x), strict=True):
        means = torch.stack([channel.mean() for channel in image])
        largest = torch.stack([channel.max() for channel in image])
        weights = torch.sigmoid(bottleneck(block, means) + bottleneck(block, largest))
        weighed = torch.stack([image[channel] * weights[channel] for channel in range(channels)])
        seen = torch.stack([weighed.sum(dim=0) / channels, weighed.max(dim=0).values])
        for row in range(rows):
            for column in range(columns):
                total = 0.0
                for i in range(7):
                    for j in range(7):
                        r, c = row + i - 3, column + j - 3
                        if 0 <= r < rows and 0 <= c < columns:
                            total += (block.place.weight[0, :, i, j] @ seen[:, r, c]).item()
                want = weighed[:, row, column] / (1 + math.exp(-total))
                torch.testing.assert_close(got[:, row, column], want)


@pytest.mark.parametrize("shape", SHAPES)
def test_non_local_adds_what_every_place_sees(shape: tuple[int, ...]) -> None:
    block, x = seeded(NonLocal, shape[1]), maps(shape)
    scramble(block)
    for image, got in zip(x, block(x), strict=True):
        places = list(image.flatten(1).T)
        query, key, value = (
            [part.weight[:, :, 0, 0] @ place + part.bias for place in places]
            for part in (block.query, block.key, block.value)
        )
        for i, place in enumerate(places):
            likeness = [math.exp((query[i] @ key[j]).item()) for j in range(len(places))]
            seen = sum(likeness[j] * value[j] for j in range(len(places))) / sum(likeness)
            out = block.out.weight[:, :, 0, 0] @ seen + block.out.bias
            scale = block.bn.weight / torch.sqrt(block.bn.running_var + block.bn.eps)
            want = place + (out - block.bn.running_mean) * scale + block.bn.bias
            torch.testing.assert_close(got.flatten(1)[:, i], want)


@pytest.mark.parametrize("training", [True, False])
def test_non_local_begins_as_the_identity(training: bool) -> None:
    x = maps((2, 6, 4, 2))
    torch.testing.assert_close(seeded(NonLocal, 6).train(training)(x), x, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["se", "cbam", "non-local"])
def test_shape_stays_and_gradients_are_right(kind: str) -> None:
    torch.manual_seed(0)
    block = build_attention(kind, 5).double().eval()
    scramble(block)
    x = maps((2, 5, 3, 2)).requires_grad_()
    assert block(x).shape == x.shape
    assert torch.autograd.gradcheck(block, (x,))


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="attention must be se, cbam or non-local, got 'none'"):
        build_attention("none", 8)
