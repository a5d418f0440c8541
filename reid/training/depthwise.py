"""Depthwise convolutions with gradients that are fast in bfloat16 on CPUs.

PyTorch 2.14's are slow there: two thirds of a step of EfficientNet-Lite0 at 256 x 128. Here they are put together
from what is fast: the same sums, in another order.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

_gradients = torch.ops.aten.convolution_backward
_SMALL = 3  # size of kernels with a fast gradient by the weights


def quicken(network: nn.Module) -> None:
    """Put `DepthwiseConv2d` in the place of each convolution of a network that it fits, with the same weights."""
    for module in list(network.modules()):
        for name, part in list(module.named_children()):
            if fits(part):
                assert isinstance(part, nn.Conv2d)
                setattr(module, name, DepthwiseConv2d(part))


def fits(module: nn.Module) -> bool:
    """Whether a module is a depthwise convolution of 3 x 3 or 5 x 5, padded by half of that."""
    if type(module) is not nn.Conv2d or module.bias is not None or module.padding_mode != "zeros":
        return False
    kernel, stride = module.kernel_size[0], module.stride[0]
    return (
        module.groups == module.in_channels == module.out_channels > 1
        and module.kernel_size in ((3, 3), (5, 5))
        and module.stride == (stride, stride)
        and module.padding == (kernel // 2, kernel // 2)
        and module.dilation == (1, 1)
    )


class DepthwiseConv2d(nn.Conv2d):
    """Depthwise convolution of images (B, C, H, W) to (B, C, h, w) without bias; shares the weights of `conv`."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            _pair(conv.kernel_size),
            stride=_pair(conv.stride),
            padding=_pair(conv.padding),
            groups=conv.groups,
            bias=False,
            device="meta",
        )
        self.weight = conv.weight

    def forward(self, images: Tensor) -> Tensor:
        if torch.is_autocast_enabled("cpu") and images.device.type == "cpu" and torch.is_grad_enabled():
            dtype = torch.get_autocast_dtype("cpu")
            with torch.autocast("cpu", enabled=False):
                made: Tensor = _Depthwise.apply(images.to(dtype), self.weight.to(dtype), self.stride[0])
            return made
        return super().forward(images)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.stride = stride
        return functional.conv2d(images, weight, None, stride, weight.shape[-1] // 2, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (gradient,) = gradients
        images, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_images = of_weight = None
        if ctx.needs_input_grad[0]:
            of_images = _of_images(gradient, images, weight, ctx.stride)
        if ctx.needs_input_grad[1]:
            of_weight = _of_weight(gradient, images, weight, ctx.stride)
        return of_images, of_weight, None


def _of_images(gradient: Tensor, images: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Convolve with the mirrored kernel; where the stride is more than 1, float32 is fast."""
    padding = weight.shape[-1] // 2
    if stride == 1:
        return functional.conv2d(gradient, weight.flip(2, 3), None, 1, padding, 1, len(weight))
    found = _native(gradient.float(), images.float(), weight.float(), stride, padding, of="images")
    return found.to(images.dtype)


def _of_weight(gradient: Tensor, images: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Sum by kernels of 3 x 3, of which four that overlap make one of 5 x 5."""
    kernel = weight.shape[-1]
    if kernel == _SMALL:
        return _native(gradient, images, weight, stride, kernel // 2, of="weight")
    height, width = (stride * (size - 1) + _SMALL for size in gradient.shape[2:])
    padded = functional.pad(images, (kernel // 2,) * 4)
    found = torch.empty_like(weight)
    small = weight[:, :, :_SMALL, :_SMALL].contiguous()  # its values are not used
    for top in (0, kernel - _SMALL):
        for left in (0, kernel - _SMALL):
            part = padded[:, :, top : top + height, left : left + width]
            part = part.contiguous(memory_format=torch.channels_last)
            found[:, :, top : top + _SMALL, left : left + _SMALL] = _native(
                gradient, part, small, stride, 0, of="weight"
            )
    return found


def _native(
    gradient: Tensor,
    images: Tensor,
    weight: Tensor,
    stride: int,
    padding: int,
    *,
    of: Literal["images", "weight"],
) -> Tensor:
    """PyTorch's own gradient of a depthwise convolution."""
    wanted = [of == "images", of == "weight", False]
    sizes = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], len(weight))
    found = _gradients(gradient, images, weight, None, *sizes, wanted)
    made: Tensor = found[wanted.index(True)]
    return made


def _pair(sizes: Any) -> tuple[int, int]:
    return (int(sizes[0]), int(sizes[1]))
