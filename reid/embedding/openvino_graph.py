"""An OpenVINO IR of floating-point operations as a PyTorch module, for devices that OpenVINO does not run on.

A teacher that looks at augmented images runs beside the network that learns, on the same GPU. Operations are those
of OpenVINO's specification, version 2023, under the same names; 8-bit networks (FakeQuantize) are refused.
"""

import operator
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.errors import InputError

_TYPES = {"f32": "<f4", "f16": "<f2", "i64": "<i8", "i32": "<i4"}
_Value = Tensor | tuple[int, ...]  # whole numbers are shapes and axes, which stay on the processor
_Step = tuple[
    Callable[..., Any], tuple[str, ...], str
]  # operation, where its inputs are, where its output goes


class OpenVinoGraph(nn.Module):
    """Images (N, 3, H, W) in the IR's own channel order and range to its vectors (N, T).

    Args:
        path: the IR's .xml, its .bin beside it.

    Raises:
        InputError: the files cannot be read, or hold an operation that is not known here.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            root = ElementTree.parse(path).getroot()
            weights = path.with_suffix(".bin").read_bytes()
        except (OSError, ElementTree.ParseError) as error:
            raise InputError(f"{path}: not a readable OpenVINO network ({error})") from error
        self._whole: dict[str, tuple[int, ...]] = {}
        self._input = self._output = ""
        self._steps: list[_Step] = []
        edges = {
            (edge.get("to-layer"), edge.get("to-port")): edge.get("from-layer", "")
            for edge in root.iterfind("edges/edge")
        }
        layers = {layer.get("id", ""): layer for layer in root.iterfind("layers/layer")}
        for name in _ordered(layers, edges):
            self._add(path, name, layers[name], _inputs(name, layers[name], edges), weights)

    def forward(self, images: Tensor) -> Tensor:
        values: dict[str, Any] = {**self._whole, **dict(self.named_buffers()), self._input: images}
        for operation, given, name in self._steps:
            values[name] = operation(*(values[one] for one in given))
        vectors: Tensor = values[self._output]
        return vectors.flatten(1)

    def _add(
        self, path: Path, name: str, layer: ElementTree.Element, given: tuple[str, ...], weights: bytes
    ) -> None:
        kind = layer.get("type", "")
        data = layer.find("data")
        settings: Mapping[str, str] = {} if data is None else data.attrib
        match kind:
            case "Parameter":
                self._input = name
            case "Result":
                (self._output,) = given
            case "Const":
                constant = _constant(path, settings, weights)
                if constant.dtype.kind == "i":
                    self._whole[name] = tuple(constant.ravel().tolist())
                else:
                    self.register_buffer(name, torch.from_numpy(constant.astype(np.float32)))
            case _ if kind in OPERATIONS:
                self._steps.append((partial(OPERATIONS[kind], settings), given, name))
            case _:
                raise InputError(
                    f"{path}: PyTorch does not run its operation {kind} (layer {layer.get('name')}); use a network "
                    "of floating-point numbers, or a checkpoint"
                )


def _inputs(
    name: str, layer: ElementTree.Element, edges: Mapping[tuple[str | None, str | None], str]
) -> tuple[str, ...]:
    return tuple(edges[name, port.get("id")] for port in layer.iterfind("input/port"))


def _ordered(
    layers: Mapping[str, ElementTree.Element], edges: Mapping[tuple[str | None, str | None], str]
) -> list[str]:
    """Names of layers, each behind those that it reads."""
    waiting = {name: set(_inputs(name, layer, edges)) for name, layer in layers.items()}
    order: list[str] = []
    done: set[str] = set()
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= done]
        if not ready:
            raise InputError("the OpenVINO network reads its own output, or a layer that is not there")
        order += ready
        done.update(ready)
        for name in ready:
            del waiting[name]
    return order


def _constant(path: Path, settings: Mapping[str, str], weights: bytes) -> np.ndarray[Any, Any]:
    kind = settings["element_type"]
    if kind not in _TYPES:
        raise InputError(f"{path}: numbers of kind {kind} in it; use a network of floating-point numbers")
    begin, size = int(settings["offset"]), int(settings["size"])
    if begin + size > len(weights):
        raise InputError(f"{path.with_suffix('.bin')}: {len(weights):,} bytes, cut off; copy it again")
    shape = _numbers(settings.get("shape", ""))
    return np.frombuffer(weights[begin : begin + size], _TYPES[kind]).reshape(shape)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(",") if one.strip())


def _pads(settings: Mapping[str, str]) -> tuple[int, ...]:
    begin, end = _numbers(settings["pads_begin"]), _numbers(settings["pads_end"])
    if settings.get("auto_pad", "explicit") not in ("explicit", "valid") or begin != end:
        raise InputError(
            f"an OpenVINO network pads by {dict(settings)}; only explicit, even margins are known"
        )
    return begin


def _convolution(settings: Mapping[str, str], images: Tensor, kernel: Tensor) -> Tensor:
    return functional.conv2d(
        images,
        kernel,
        stride=_numbers(settings["strides"]),
        padding=_pads(settings),
        dilation=_numbers(settings["dilations"]),
    )


def _group_convolution(settings: Mapping[str, str], images: Tensor, kernel: Tensor) -> Tensor:
    groups = kernel.shape[0]  # (groups, out by group, in by group, height, width)
    return functional.conv2d(
        images,
        kernel.flatten(0, 1),
        stride=_numbers(settings["strides"]),
        padding=_pads(settings),
        dilation=_numbers(settings["dilations"]),
        groups=groups,
    )


def _max_pool(settings: Mapping[str, str], images: Tensor) -> Tensor:
    return functional.max_pool2d(
        images,
        _numbers(settings["kernel"]),
        _numbers(settings["strides"]),
        _pads(settings),
        ceil_mode=settings["rounding_type"] == "ceil",
    )


def _avg_pool(settings: Mapping[str, str], images: Tensor) -> Tensor:
    return functional.avg_pool2d(
        images,
        _numbers(settings["kernel"]),
        _numbers(settings["strides"]),
        _pads(settings),
        ceil_mode=settings["rounding_type"] == "ceil",
        count_include_pad=settings["exclude-pad"] == "false",
    )


def _mvn(settings: Mapping[str, str], values: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Mean 0 and, where asked for, variance 1 over the axes, in float32."""
    levels = values.float()
    levels = levels - levels.mean(axes, keepdim=True)
    if settings["normalize_variance"] == "true":
        variance, least = levels.square().mean(axes, keepdim=True), float(settings["eps"])
        inside = settings["eps_mode"].upper() == "INSIDE_SQRT"
        levels = levels / ((variance + least).sqrt() if inside else variance.sqrt() + least)
    return levels.to(values.dtype)


def _reduce_mean(settings: Mapping[str, str], values: Tensor, axes: tuple[int, ...]) -> Tensor:
    return values.mean(axes, keepdim=settings["keep_dims"] == "true")


def _reshape(settings: Mapping[str, str], values: Tensor, shape: tuple[int, ...]) -> Tensor:
    same = settings["special_zero"] == "true"
    return values.reshape([values.shape[at] if same and not side else side for at, side in enumerate(shape)])


def _gather(
    settings: Mapping[str, str], values: _Value, chosen: tuple[int, ...], axis: tuple[int, ...]
) -> _Value:
    if isinstance(values, tuple):
        return tuple(values[at] for at in chosen)
    rows = torch.tensor(chosen, device=values.device)
    return values.index_select(axis[0], rows)


def _concat(settings: Mapping[str, str], *parts: _Value) -> _Value:
    if all(isinstance(part, tuple) for part in parts):
        return tuple(one for part in parts for one in part)
    return torch.cat([part for part in parts if isinstance(part, Tensor)], dim=int(settings["axis"]))


def _matmul(settings: Mapping[str, str], left: Tensor, right: Tensor) -> Tensor:
    left = left.mT if settings["transpose_a"] == "true" else left
    right = right.mT if settings["transpose_b"] == "true" else right
    return left @ right


def _prelu(settings: Mapping[str, str], values: Tensor, slopes: Tensor) -> Tensor:
    return torch.where(values >= 0, values, values * slopes)


def _plain(operation: Callable[..., Any]) -> Callable[..., Any]:
    """An operation without settings."""
    return lambda settings, *values: operation(*values)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "Add": _plain(operator.add),
    "AvgPool": _avg_pool,
    "Concat": _concat,
    "Convert": _plain(lambda values: values),  # constants are float32 already
    "Convolution": _convolution,
    "Gather": _gather,
    "GroupConvolution": _group_convolution,
    "MVN": _mvn,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Multiply": _plain(operator.mul),
    "PReLU": _prelu,
    "ReLU": _plain(functional.relu),
    "ReduceMean": _reduce_mean,
    "Reshape": _reshape,
    "ShapeOf": _plain(lambda values: tuple(values.shape)),
    "Sigmoid": _plain(torch.sigmoid),
    "Subtract": _plain(operator.sub),
}
