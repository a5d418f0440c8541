"""Transfer: a new network begins with what fits of somebody's weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reid.embedding.checkpoint import read_checkpoint, state_dict
from reid.embedding.network import ReidNetwork
from reid.errors import InputError

_HEAD = {"fc.0.": "embedding."}  # of torchreid's OSNet
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What became of a file's keys and the network's."""

    loaded: tuple[str, ...]  # keys of the network that were filled
    ignored: tuple[str, ...]  # keys of the file that were not used
    random: tuple[str, ...]  # keys of the network that stay as they were

    def sentence(self, path: Path | None) -> str:
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
    state dicts of torchvision and timm, whose keys are those of our backbones.

    Raises:
        InputError: the file cannot be used, or is not of this backbone.
    """
    given = state_dict(path, read_checkpoint(path))
    wanted = network.state_dict()
    source = _sources(given, wanted)
    fitting = {key: given[name] for key, name in source.items() if given[name].shape == wanted[key].shape}
    _check(network, path, source, fitting)
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
    network: ReidNetwork, path: Path, source: Mapping[str, str], fitting: Mapping[str, Tensor]
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
    if len(missing) == len(backbone) and not misfits:
        raise InputError(
            f"{path}: not a single tensor of it fits {name}, so these are weights of another network; "
            "set --backbone to the network that they are of, or leave --start-from out"
        )
    why = f"{_some(misfits)} have another shape" if misfits else f"{_some(missing)} are missing"
    raise InputError(
        f"{path}: does not fit {name}: {why}; set --backbone to the network that the weights are of"
    )


def _some(keys: tuple[str, ...] | list[str]) -> str:
    rest = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + rest
