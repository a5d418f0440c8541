"""Checkpoints in and out: torchreid's state dicts, and our own files that also say how crops are prepared.

Our own format is a dictionary that `torch.load(weights_only=True)` reads: `architecture` ({"name": "osnet",
"width": 0.25, "dimension": 512}, or {"name": "reid"} and the fields of `NetworkConfig`), `preprocessing`
(`Preprocessing.to_dict`), `state_dict`, and maybe `trained_on`, a number of each image that was learned from.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn

from reid.embedding.checkpoint_content import KNOWN, read_checkpoint, some, state_dict
from reid.embedding.crops import IMAGENET, Preprocessing
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.embedding.osnet import CHANNELS, WIDTHS, OSNet
from reid.embedding.resnet import ResNet50
from reid.errors import InputError
from reid.network_file import content_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A network in evaluation mode, what it expects, and which keys of the file it did not need."""

    network: nn.Module  # (B, 3, H, W) to (B, D)
    preprocessing: Preprocessing
    ignored: tuple[str, ...]


def load_network(path: Path) -> nn.Module:
    """The network of a checkpoint, in evaluation mode; see `load_checkpoint`."""
    return load_checkpoint(path).network


def load_checkpoint(path: Path) -> Checkpoint:
    """The network of a checkpoint, recognised from its keys and shapes.

    Where the state dict may lie, and what may stand before its keys, is in `state_dict`; a classifier is
    dropped. Files without `preprocessing` get ImageNet's, which torchreid trains with.

    Raises:
        InputError: the file is missing, damaged or holds code; its keys or shapes fit no known network.
    """
    content = read_checkpoint(path)
    state = state_dict(path, content)
    ignored = tuple(sorted(key for key in state if key.startswith("classifier.")))
    kept = {key: value for key, value in state.items() if key not in ignored}
    preprocessing, stated = stated_preprocessing(path, content), content.get("architecture")
    if isinstance(stated, Mapping) and stated.get("name") == "reid":
        network: nn.Module = _trained(path, stated, preprocessing.size)
    else:
        network = _network_for(path, kept)
    _check_fit(path, network, kept)
    # num_batches_tracked is absent from checkpoints older than PyTorch 0.4.1 and does not touch the output.
    network.load_state_dict(kept, strict=False)
    # what reid train states was built as stated, and may lack what later versions added
    differs = isinstance(stated, Mapping) and dict(stated) != architecture_of(network)
    if differs and not isinstance(network, ReidNetwork):
        raise InputError(f"{path}: states architecture {stated}, but holds {architecture_of(network)}")
    if ignored:
        log.info("%s: ignored %s", path, ", ".join(ignored))
    return Checkpoint(network=network.eval(), preprocessing=preprocessing, ignored=ignored)


def save_network(
    path: Path,
    network: nn.Module,
    *,
    architecture: Mapping[str, Any] | None = None,
    preprocessing: Preprocessing,
    half: bool = False,
    trained_on: NDArray[np.int64] | None = None,
) -> None:
    """Write `network` and what it expects to `path`, atomically.

    Args:
        architecture: its name and arguments; by default those that `architecture_of` finds.
        half: numbers as float16, in half the bytes; the network that is loaded computes in float32 all the same.
        trained_on: (N,) a number of each image that was learned from, by its content.
    """
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    content: dict[str, Any] = {
        "architecture": dict(architecture_of(network) if architecture is None else architecture),
        "preprocessing": preprocessing.to_dict(),
        "state_dict": state,
    }
    if trained_on is not None:
        content["trained_on"] = torch.from_numpy(np.unique(trained_on))
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        torch.save(content, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def trained_on(path: Path) -> NDArray[np.int64]:
    """(N,) the numbers of the images that a checkpoint of reid train learned from; (0,) of any other file.

    Raises:
        InputError: the checkpoint cannot be read.
    """
    known = read_checkpoint(path).get("trained_on") if content_of(path) == "checkpoint" else None
    numbers = known.numpy() if isinstance(known, Tensor) else np.zeros(0)
    return numbers.astype(np.int64)


def architecture_of(network: nn.Module) -> dict[str, Any]:
    """Name and arguments of one of our networks, as plain values."""
    match network:
        case OSNet():
            return {"name": "osnet", "width": network.width, "dimension": network.dimension}
        case ResNet50():
            return {"name": "resnet50"}
        case ReidNetwork():
            return {"name": "reid", **network.config.model_dump(mode="json")}
        case _:
            raise ValueError(
                f"network must be an OSNet, a ResNet50 or a ReidNetwork, got {type(network).__name__}"
            )


def _trained(path: Path, stated: Mapping[str, Any], size: tuple[int, int]) -> ReidNetwork:
    """An untrained network of the architecture that a file of `reid train` states."""
    try:
        config = NetworkConfig.model_validate({key: stated[key] for key in stated if key != "name"})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path}: its architecture states {key} {first['input']!r}, which this version of reid does not know; "
            "use the version that trained it"
        ) from None
    try:
        # weights that will be replaced must not use up random numbers
        with torch.random.fork_rng(devices=[]):
            return ReidNetwork(config, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _network_for(path: Path, state: Mapping[str, Tensor]) -> nn.Module:
    """An untrained network of the architecture that `state` belongs to."""
    stem, feature = state.get("conv1.conv.weight"), state.get("fc.0.weight")
    if stem is not None and feature is not None and stem.ndim == 4 and feature.ndim == 2:
        width = stem.shape[0] / CHANNELS[0]
        if width not in WIDTHS:
            raise InputError(
                f"{path}: conv1.conv.weight has {stem.shape[0]} channels, which is none of OSNet's widths "
                f"({', '.join(str(int(CHANNELS[0] * width)) for width in WIDTHS)} channels)"
            )
        return OSNet(width, dimension=feature.shape[0])
    if "backbone.conv1.weight" in state and "bnneck.weight" in state:
        return ResNet50()
    raise InputError(f"{path}: keys {some(sorted(state))} belong to no known network; known are {KNOWN}")


def _check_fit(path: Path, network: nn.Module, state: Mapping[str, Tensor]) -> None:
    wanted = network.state_dict()
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    misfits = [
        f"{key} is {tuple(state[key].shape)} instead of {tuple(value.shape)}"
        for key, value in wanted.items()
        if key in state and state[key].shape != value.shape
    ]
    found = {"missing": missing, "unexpected": unexpected, "of another shape:": misfits}
    problems = [f"{what} {some(keys)}" for what, keys in found.items() if keys]
    if problems:
        name = type(network).__name__
        raise InputError(f"{path}: does not fit {name}: {'; '.join(problems)}; known are {KNOWN}")
    broken = [key for key, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise InputError(
            f"{path}: {some(broken)} are not finite; use a checkpoint whose training did not diverge"
        )


def stated_preprocessing(path: Path, content: Mapping[str, Any]) -> Preprocessing:
    """What a checkpoint says of its images; ImageNet's where it says nothing.

    Raises:
        InputError: what it says makes no sense.
    """
    stated = content.get("preprocessing")
    if stated is None or isinstance(stated, Tensor):
        return IMAGENET
    try:
        return Preprocessing.from_dict(stated)
    except ValueError as error:
        raise InputError(f"{path}: preprocessing: {error}") from error
