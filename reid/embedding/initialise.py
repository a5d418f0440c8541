"""Transfer learning: a new network begins with the layers of a checkpoint that fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid.embedding.checkpoint import stated_preprocessing
from reid.embedding.checkpoint_content import read_checkpoint, state_dict
from reid.embedding.network import ReidNetwork
from reid.embedding.osnet import CHANNELS, WIDTHS
from reid.embedding.positions import resized_positions
from reid.errors import InputError

_HEAD = {"fc.0.": "embedding."}  # of torchreid's OSNet
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What became of a file's keys and the network's."""

    loaded: tuple[str, ...]  # keys of the network that were filled
    ignored: tuple[str, ...]  # keys of the file that were not used
    random: tuple[str, ...]  # keys of the network that stay as they were

    def sentence(self, path: Path | str) -> str:
        """For people who want to know."""
        text = f"{len(self.loaded)} tensors from {path}"
        if self.random:
            text += f"; random: {_some(self.random)}"
        if self.ignored:
            text += f"; not used: {_some(self.ignored)}"
        return text


def initialise(network: ReidNetwork, path: Path) -> Initialised:
    """Fill the network with the tensors of a checkpoint that have the same names and shapes.

    Checkpoints of reid; of torchreid (`conv1.*` ... are the backbone, `fc.0` the embedding layer where it fits); and
    state dicts of torchvision and timm, whose keys are those of our backbones. A vision transformer's positions are
    interpolated to the network's images.

    Raises:
        InputError: the file cannot be used, or is not of this backbone.
    """
    content = read_checkpoint(path)
    given = state_dict(path, content)
    wanted = network.state_dict()
    source = _sources(given, wanted)
    size = stated_preprocessing(path, content).size if "preprocessing" in content else None
    meant = {
        key: resized_positions(network.backbone, key, given[name], wanted[key], size)
        for key, name in source.items()
    }
    fitting = {key: value for key, value in meant.items() if value.shape == wanted[key].shape}
    _check(network, path, source, fitting, seems=_seems(content, given))
    loaded = dict(wanted) | {key: value.to(wanted[key].dtype) for key, value in fitting.items()}
    network.load_state_dict(loaded)
    counters = [key for key in wanted if key.endswith("num_batches_tracked")]
    used = {source[key] for key in fitting}
    return Initialised(
        loaded=tuple(sorted(fitting)),
        ignored=tuple(sorted(set(given) - used)),
        random=tuple(sorted(set(wanted) - set(fitting) - set(counters))),
    )


def _sources(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, str]:
    """Key of the network to the key of the file that means the same."""
    found = {}
    for key in wanted:
        bare = key.removeprefix("backbone.")
        while bare != key and bare.startswith("body."):
            bare = bare.removeprefix("body.")
        names = [key, bare] if key.startswith("backbone.") else [key]
        names += [old + key.removeprefix(new) for old, new in _HEAD.items() if key.startswith(new)]
        if (name := next((name for name in names if name in given), None)) is not None:
            found[key] = name
    return found


def _check(
    network: ReidNetwork,
    path: Path,
    source: Mapping[str, str],
    fitting: Mapping[str, Tensor],
    *,
    seems: str | None,
) -> None:
    """Raises InputError unless the file has the whole backbone."""
    optional = ("backbone.attention.",)
    backbone = [
        key
        for key in network.state_dict()
        if key.startswith("backbone.")
        and not key.startswith(optional)
        and not key.endswith("num_batches_tracked")
    ]
    name = network.config.backbone
    missing = [key for key in backbone if key not in fitting]
    if not missing:
        broken = [key for key, value in fitting.items() if not bool(torch.isfinite(value).all())]
        if broken:
            raise InputError(
                f"{path}: {_some(broken)} are not finite; use weights whose training did not diverge"
            )
        return
    misfits = [key for key in missing if key in source]
    better = "the network that they are of" if seems in (None, name) else f"{seems}, which they seem to be of"
    if len(missing) == len(backbone) and not misfits:
        raise InputError(
            f"{path}: not a single tensor of it fits {name}, so these are weights of another network; "
            f"set --backbone to {better}, or leave --start-from out"
        )
    why = f"{_some(misfits)} have another shape" if misfits else f"{_some(missing)} are missing"
    raise InputError(f"{path}: does not fit {name}: {why}; set --backbone to {better}")


def _seems(content: Mapping[str, Any], given: Mapping[str, Tensor]) -> str | None:
    """The backbone that a file states, or that its keys and shapes show; None: no idea."""
    stated = content.get("architecture")
    if isinstance(stated, Mapping) and isinstance(stated.get("backbone"), str):
        return str(stated["backbone"])
    stem = given.get("conv1.conv.weight")
    if stem is not None and stem.ndim == 4 and (width := stem.shape[0] / CHANNELS[0]) in WIDTHS:
        kind = "osnet_ain" if "conv2.0.conv2.0.layers.0.conv1.weight" in given else "osnet"
        return f"{kind}_x{width}".replace(".", "_")
    bare = {key.removeprefix("backbone."): tuple(value.shape) for key, value in given.items()}
    if bare.get("layer1.0.conv2.weight") == (64, 64, 3, 3) and "layer1.0.conv3.weight" in bare:
        blocks = sum(key.startswith("layer3.") and key.endswith(".conv3.weight") for key in bare)
        if "layer1.0.bn1.IN.weight" in bare:
            return "resnet50_ibn" if blocks == 6 else None
        return {6: "resnet50", 23: "resnet101", 36: "resnet152"}.get(blocks)
    return None


def _some(keys: tuple[str, ...] | list[str]) -> str:
    rest = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + rest
