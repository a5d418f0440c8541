"""Content of a checkpoint file of any program: read without running code, reduced to the network's own keys."""

import logging
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reid.errors import InputError

log = logging.getLogger(__name__)

KNOWN = (
    "those that reid train writes, OSNet x0.25, x0.5, x0.75, x1.0 (torchreid's keys) and ResNet-50 with BNNeck "
    "(backbone.*, bnneck.*)"
)
# Where programs of the field put the weights beside an epoch or an optimiser; the first that is there.
_BESIDE_OTHERS = ("state_dict", "model_state_dict", "model", "network", "net")
_LIGHTNING = ("model.", "net.")  # what people call the network in a LightningModule


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """What a checkpoint file holds, read without running code.

    Raises:
        InputError: the file is missing, damaged or holds code.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a checkpoint (.pth) of {KNOWN}")
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: refused{_culprit(error)}, because it is damaged or could run code when loaded; "
            f"save the state dict alone: torch.save(model.state_dict(), path)"
        ) from error
    except (
        Exception
    ) as error:  # on damaged bytes the unpickler fails in every way: KeyError, struct.error, ...
        raise InputError(f"{path}: not a readable PyTorch checkpoint ({_first_line(error)})") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: expected a state dict of {KNOWN}, found a {type(content).__name__}")
    return content


def _numpy_scalars() -> list[Any]:
    """torchreid keeps rank-1 as a NumPy scalar beside the weights: plain numbers, which run no code."""
    scalar = np.float64(0).__reduce__()[0]
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")  # NumPy 1 and 2
    kinds = (type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8"))
    return [*((scalar, name) for name in names), np.dtype, *kinds]


def state_dict(path: Path, content: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a checkpoint, under the names that the bare network gives them.

    They may lie bare, or under one of `_BESIDE_OTHERS`. What was put around the network goes: `module.` of several
    GPUs, `_orig_mod.` of torch.compile, and `model.` or `net.` of a Lightning module, whose other parts go too.

    Raises:
        InputError: there are none, or other things among them.
    """
    state = _tensors(content)
    if not isinstance(state, Mapping) or not state:
        raise InputError(f"{path}: state_dict is empty or no dictionary; expected one of {KNOWN}")
    others = [str(key) for key, value in state.items() if not isinstance(value, Tensor)]
    if others:
        raise InputError(f"{path}: {some(others)} hold no tensors, so this is not a state dict of {KNOWN}")
    return unwrapped({str(key): value for key, value in state.items()})


def unwrapped(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without what wrappers put before or into their keys, in whatever order they were put on."""
    inner = dict(state)
    while True:
        bare = {key.replace("_orig_mod.", "").removeprefix("module."): value for key, value in inner.items()}
        for prefix in _LIGHTNING:
            inside = {
                key.removeprefix(prefix): value for key, value in bare.items() if key.startswith(prefix)
            }
            if inside:
                dropped = sorted(key for key in bare if not key.startswith(prefix))
                if dropped:
                    log.info("%s lie beside %s* and are ignored", some(dropped), prefix)
                bare = inside
        if bare.keys() == inner.keys():
            return bare
        inner = bare


def _tensors(content: Mapping[str, Any]) -> Any:
    """The state dict within `content`; `content` itself where it is one."""
    if "state_dict" in content and not isinstance(content["state_dict"], Mapping):
        return content["state_dict"]
    for key in _BESIDE_OTHERS:
        if isinstance(inner := content.get(key), Mapping):
            return _tensors(inner)
    return content


def some(names: list[str], limit: int = 4) -> str:
    """A few of the names, and how many more there are."""
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest


def _culprit(error: BaseException) -> str:
    """What the unpickler would not build, where it says so."""
    named = re.search(r"GLOBAL ([\w.]+)", str(error))
    return f" for {named[1]}" if named else ""


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
