"""Detector files in and out: weights and nothing that could run code.

A file is a dictionary that `torch.load(weights_only=True)` reads: `format` (1), `architecture` ("person", the network
of `reid.detection.network`), `image_size` that it was trained at, `epochs` that made it, `state_dict`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid.cache import replacing
from reid.detection.training import PersonModel
from reid.errors import InputError

FORMAT, ARCHITECTURE = 1, "person"
_IMAGENET = (
    "_conv_stem.weight"  # EfficientNet-Lite0 as it is published has this key, and our networks have not
)


def save_state(
    path: Path, state: Mapping[str, Tensor], *, image_size: int, epochs: int, half: bool = False
) -> None:
    """Write weights whole or not at all, in float32, or in half the bytes."""
    content = {
        "format": FORMAT,
        "architecture": ARCHITECTURE,
        "image_size": image_size,
        "epochs": epochs,
        "state_dict": {key: _plain(value, half) for key, value in state.items()},
    }
    with replacing(path) as partial:
        torch.save(content, partial)


def _plain(value: Tensor, half: bool) -> Tensor:
    # a copy: what is saved shares no memory with a network that is being trained
    value = value.detach().cpu().clone()
    if not value.is_floating_point():
        return value
    return (value.half() if half else value.float()).contiguous()


def save_half(path: Path, target: Path) -> None:
    """Write a detector of `save_state` again, in half the bytes.

    Raises:
        InputError: it is no detector of ours.
    """
    state = load_model(path).state_dict()
    content = torch.load(path, map_location="cpu", weights_only=True)
    save_state(target, state, image_size=content["image_size"], epochs=content["epochs"], half=True)


def is_detector(path: Path) -> bool:
    """Whether a readable checkpoint is of `save_state`."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # on damaged bytes the unpickler fails in every way: KeyError, struct.error, ...
        return False
    return isinstance(content, dict) and content.get("architecture") == ARCHITECTURE


def read_state(path: Path) -> dict[str, Tensor]:
    """Weights that a training can start from.

    Raises:
        InputError: the file is missing or damaged, or holds neither EfficientNet-Lite0 nor a detector of ours.
    """
    state = _state_dict(path)
    if _IMAGENET in state:
        _check(path, PersonModel().get_submodule("model.0").state_dict(), state, "EfficientNet-Lite0")
    else:
        _check(path, PersonModel().state_dict(), state, "a detector of reid train-detector")
    return state


def load_model(path: Path) -> PersonModel:
    """The network of a file that `save_state` wrote, in evaluation mode.

    Raises:
        InputError: the file is no such detector.
    """
    state, model = _state_dict(path), PersonModel()
    _check(path, model.state_dict(), state, "a detector of reid train-detector")
    model.load_state_dict(state)
    model.names = {0: "person"}
    model.eval()
    return model


def _state_dict(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; weights to start from are EfficientNet-Lite0's or a detector's .pth"
        )
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # as above
        raise InputError(
            f"{path}: damaged, or could run code when loaded; save the weights alone, as a state dict"
        ) from error
    state = content.get("state_dict", content) if isinstance(content, dict) else {}
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}


def _check(path: Path, wanted: Mapping[str, Tensor], state: Mapping[str, Tensor], what: str) -> None:
    for key, value in wanted.items():
        if key not in state:
            raise InputError(f"{path}: is not {what}: it lacks {key}")
        if state[key].shape != value.shape:
            found, right = list(state[key].shape), list(value.shape)
            raise InputError(f"{path}: is not {what}: {key} is of shape {found}, must be {right}")
