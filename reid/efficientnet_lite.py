"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation and with ReLU6, made for small processors (Tan and
Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"; the Lite variants: TensorFlow,
2020).

Attribute names follow the public PyTorch checkpoints of it, so that their state dicts fit as they are. Those were
made with TensorFlow's padding, one pixel more on the right and bottom where the stride is 2. Ours is the same on both
sides, which shifts every map by a pixel and changes nothing else but the borders.
"""

from torch import Tensor, nn

# kernel, stride, expansion, channels, blocks: table 1 of the paper; the first and the last stage never grow
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_LAST_TO_SHRINK = 5  # its number in the table
_STEM, HEAD = 32, 1280  # channels before and behind the stages
_EPSILON = 1e-3  # TensorFlow's, of batch normalisation


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, narrow; added to its input where both have one shape."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self._expand_conv: nn.Module = nn.Identity()
        self._bn0: nn.Module = nn.Identity()
        self._expands = expansion > 1
        if self._expands:
            self._expand_conv = nn.Conv2d(inputs, middle, 1, bias=False)
            self._bn0 = _norm(middle)
        self._depthwise_conv = nn.Conv2d(
            middle, middle, kernel, stride=stride, padding=kernel // 2, groups=middle, bias=False
        )
        self._bn1 = _norm(middle)
        self._project_conv = nn.Conv2d(middle, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, images: Tensor) -> Tensor:
        x: Tensor = images
        if self._expands:
            x = nn.functional.relu6(self._bn0(self._expand_conv(x)))
        x = nn.functional.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))  # no ReLU: in few channels it would destroy too much
        return x + images if self._adds else x


def efficientnet_lite0_parts(last_stride: int) -> dict[str, nn.Module]:
    """What makes the last feature map (B, 1280, h, w) of images, in order.

    Args:
        last_stride: of the last stage that shrinks; 2 as in the paper, 1 keeps four times the places.
    """
    blocks = [block for stage in efficientnet_lite0_stages(last_stride) for block in stage]
    return efficientnet_lite0_stem() | {
        "_blocks": nn.Sequential(*blocks),
        "_conv_head": nn.Conv2d(_STAGES[-1][3], HEAD, 1, bias=False),
        "_bn1": _norm(HEAD),
        "_relu1": nn.ReLU6(),
    }


def efficientnet_lite0_stem() -> dict[str, nn.Module]:
    """What comes before the stages."""
    return {
        "_conv_stem": nn.Conv2d(3, _STEM, 3, stride=2, padding=1, bias=False),
        "_bn0": _norm(_STEM),
        "_relu0": nn.ReLU6(),
    }


def efficientnet_lite0_stages(last_stride: int = 2) -> list[list[nn.Module]]:
    """The blocks, stage by stage; the checkpoints number them through."""
    stages: list[list[nn.Module]] = []
    inputs = _STEM
    for number, (kernel, stride, expansion, outputs, count) in enumerate(_STAGES):
        first = last_stride if number == _LAST_TO_SHRINK else stride
        strides = [first] + [1] * (count - 1)
        stages.append(
            [
                InvertedResidual(inputs if at == 0 else outputs, outputs, kernel, strides[at], expansion)
                for at in range(count)
            ]
        )
        inputs = outputs
    return stages


def _norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=_EPSILON)
