"""Batch normalisation with statistics of one camera, mixed with the stored ones.

Li et al. 2018 (AdaBN) take a domain's own statistics in place of the stored ones (mix 1), Zhuang et al. 2020 (CBN) a
camera's. Each layer gathers and applies its mixed statistics before the next one sees anything, because statistics of
all layers gathered in one pass through the stored ones would belong to inputs that the later layers never get.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.embedding.crops import Preprocessing, prepare
from reid.embedding.network import ReidNetwork
from reid.errors import InputError
from reid.types import Array, Image

Layers = Literal["neck", "last stage", "all"]
LAYERS: tuple[Layers, ...] = get_args(Layers)
LAST_STAGE = 11  # the first of EfficientNet-Lite0's blocks whose map is 1/32 of the image's
BATCH = 32

_BatchNorm = (nn.BatchNorm1d, nn.BatchNorm2d)


class Halves:
    """A network in two parts: up to its last stage, and from there on."""

    def __init__(self, network: nn.Module | None, preprocessing: Preprocessing) -> None:
        if not isinstance(network, ReidNetwork) or network.config.backbone != "efficientnet_lite0":
            raise InputError(
                "the benchmark knows where the last stage of efficientnet_lite0 begins, no other's"
            )
        self.network = network.to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        parts = dict(network.backbone.named_children())
        blocks = list(parts["_blocks"].children())
        stem = [parts[name] for name in ("_conv_stem", "_bn0", "_relu0")]
        end = [parts[name] for name in ("_conv_head", "_bn1", "_relu1")]
        self.body = nn.Sequential(*stem, *blocks[:LAST_STAGE])
        self.tail = nn.Sequential(
            *blocks[LAST_STAGE:], *end, network.pooling, network.embedding, network.neck
        )

    def norms(self, layers: Layers) -> list[nn.Module]:
        """The layers of batch normalisation that get a camera's statistics."""
        within = {"neck": self.network.neck, "last stage": self.tail, "all": self.network}[layers]
        return [module for module in within.modules() if isinstance(module, _BatchNorm)]

    def maps(self, images: Sequence[Image]) -> Tensor:
        """What enters the last stage, (N, 112, 16, 8) float16."""
        return self._batches(lambda batch: self.body(batch).half(), prepare(images, self.preprocessing))

    def vectors(self, maps: Tensor) -> Array:
        """Features (N, D) of what enters the last stage."""
        found = [self._run(self.tail, maps[at : at + BATCH].float()) for at in range(0, len(maps), BATCH)]
        return np.asarray(torch.cat(found).numpy())

    def whole(self, images: Sequence[Image]) -> Array:
        """Features (N, D) of images in batches."""
        run = nn.Sequential(self.body, self.tail)
        return np.asarray(self._batches(run, prepare(images, self.preprocessing)).numpy())

    def at_once(self, images: Sequence[Image] | Tensor) -> Array:
        """Features (N, D) of all of these in one batch: images, or what enters the last stage."""
        if isinstance(images, Tensor):
            return np.asarray(self._run(self.tail, images.float()).numpy())
        batch = torch.from_numpy(prepare(images, self.preprocessing))
        return np.asarray(self._run(nn.Sequential(self.body, self.tail), batch).numpy())

    def _batches(self, run: Callable[[Tensor], Tensor], prepared: Array) -> Tensor:
        batch = torch.from_numpy(prepared)
        return torch.cat([self._run(run, batch[at : at + BATCH]) for at in range(0, len(batch), BATCH)])

    @staticmethod
    def _run(run: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        with torch.inference_mode():
            return run(batch.contiguous(memory_format=torch.channels_last))


@contextmanager
def gathering(norms: Sequence[nn.Module], mix: float) -> Iterator[None]:
    """Within it a batch moves the statistics of these layers by `mix` towards its own, before they are applied."""
    for norm in norms:
        norm.forward = partial(_gather, norm, mix)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


@contextmanager
def restored(norms: Sequence[nn.Module]) -> Iterator[None]:
    """Behind it the layers have the statistics that they had before."""
    kept = [(norm.running_mean.clone(), norm.running_var.clone()) for norm in norms]  # type: ignore[operator,union-attr]
    try:
        yield
    finally:
        for norm, (mean, variance) in zip(norms, kept, strict=True):
            norm.running_mean.copy_(mean)  # type: ignore[operator,union-attr]
            norm.running_var.copy_(variance)  # type: ignore[operator,union-attr]


def _gather(norm: nn.Module, mix: float, x: Tensor) -> Tensor:
    assert isinstance(norm, _BatchNorm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
    norm.running_mean.lerp_(mean, mix)
    norm.running_var.lerp_(variance, mix)
    return functional.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
    )
