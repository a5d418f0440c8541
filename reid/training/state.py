"""State of a training, saved so that it goes on as if it had not been stopped."""

import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from reid.cache import replacing
from reid.embedding.network import ReidNetwork
from reid.errors import InputError
from reid.training.ema import Average
from reid.training.figures import DistanceHistogram, EpochFigures, HeldOutFigures
from reid.training.learner import Learner
from reid.training.meters import Meters, from_plain, to_plain
from reid.training.schedule import Schedule

FORMAT = 1


@dataclass(slots=True, kw_only=True)
class Progressed:
    """Progress of a training: epochs, steps, figures and times so far."""

    start: str = "random weights"  # what the weights were before
    epoch: int = 0  # finished epochs
    steps_in_epoch: int = 0  # finished steps of the epoch that is under way
    step: int = 0  # finished steps in all
    images: int = 0  # shown in the epoch that is under way
    seconds: float = 0.0  # of training
    epoch_seconds: float = 0.0  # of the steps of the epoch that is under way
    waited_s: float = 0.0  # of those: for images
    rows: list[EpochFigures] = field(default_factory=list)
    distances: list[DistanceHistogram] = field(default_factory=list)  # of the first and the last epoch
    best_map: float = -1.0
    best_epoch: int = 0
    evaluations_without_better: int = 0
    best_weights: dict[str, torch.Tensor] | None = None
    stopped_early: bool = False


@dataclass(slots=True, kw_only=True)
class Training:
    """State of a training: all that changes while it runs."""

    accelerator: Accelerator
    learner: Learner  # not wrapped
    wrapped: Any  # the learner as several GPUs want it
    optimiser: Any  # as accelerate has wrapped it
    schedule: Schedule
    average: Average | None
    meters: Meters = field(default_factory=Meters)
    at: Progressed = field(default_factory=Progressed)

    @property
    def evaluated(self) -> ReidNetwork:
        """The network that is judged and kept."""
        return self.learner.network if self.average is None else self.average.network


def save_state(path: Path, training: Training, *, fingerprint: str) -> None:
    """Write the state to `path`, atomically.

    Args:
        fingerprint: of settings and data; `load_state` refuses another one.
    """
    at = training.at
    content = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "learner": training.learner.state_dict(),
        "optimiser": training.optimiser.state_dict(),
        "schedule": training.schedule.state(),
        "average": None if training.average is None else training.average.state(),
        "scaler": None if training.accelerator.scaler is None else training.accelerator.scaler.state_dict(),
        "meters": training.meters.state(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "at": {
            name: getattr(at, name)
            for name in Progressed.__dataclass_fields__
            if name not in ("rows", "distances")
        },
        "rows": [asdict(row) for row in at.rows],
        "distances": [to_plain(distances) for distances in at.distances],
    }
    with replacing(path) as partial:
        torch.save(content, partial)


def load_state(path: Path, training: Training, *, fingerprint: str) -> None:
    """Put `training` where it was when `path` was saved.

    Raises:
        InputError: the file is damaged, or of other settings or data.
    """
    content = read_state(path)
    if content["fingerprint"] != fingerprint:
        raise InputError(f"{path}: belongs to other settings or images; use another --output, or --overwrite")
    training.learner.load_state_dict(content["learner"])
    training.optimiser.load_state_dict(content["optimiser"])
    training.schedule.restore(content["schedule"])
    if training.average is not None:
        training.average.restore(content["average"])
    if training.accelerator.scaler is not None and content["scaler"] is not None:
        training.accelerator.scaler.load_state_dict(content["scaler"])
    training.meters.restore(content["meters"])
    torch.set_rng_state(content["random"])
    if content["random_cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(content["random_cuda"])
    training.at = Progressed(
        **content["at"],
        rows=[_row(values) for values in content["rows"]],
        distances=[from_plain(values) for values in content["distances"]],
    )


def read_state(path: Path) -> dict[str, Any]:
    """The content of a state file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        Exception
    ) as error:  # on damaged bytes the unpickler fails in every way: KeyError, struct.error, ...
        raise InputError(f"{path}: damaged ({type(error).__name__}); begin anew with --overwrite") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: not a state of this version of reid; begin anew with --overwrite")
    return content


def take_objectives(learner: Learner, path: Path) -> int:
    """Give the learner's objectives the classifiers, proxies and maps of another training's state.

    Returns:
        How many tensors it took.

    Raises:
        InputError: the file cannot be read, or is of other people, objectives or teachers.
    """
    prefix = "objectives."
    given = {
        key.removeprefix(prefix): value
        for key, value in read_state(path)["learner"].items()
        if key.startswith(prefix)
    }
    wanted = learner.objectives.state_dict()
    for key in sorted(wanted.keys() | given.keys()):
        if key not in given or key not in wanted:
            holder = "this training" if key in wanted else "that training"
            raise InputError(
                f"{path}: only {holder} has {key}; give both the same objectives and teachers, or leave "
                "start.objectives out"
            )
        if given[key].shape != wanted[key].shape:
            raise InputError(
                f"{path}: {key} is {list(given[key].shape)} there and {list(wanted[key].shape)} here; give both the "
                "same people, teachers and length of the vector, or leave start.objectives out"
            )
    learner.objectives.load_state_dict(given)
    return len(given)


def keep_best(training: Training) -> None:
    """Remember the weights that were just evaluated."""
    weights = training.evaluated.state_dict()
    training.at.best_weights = {key: value.detach().cpu().clone() for key, value in weights.items()}


def best_network(training: Training) -> ReidNetwork:
    """A copy of the network with the weights of the best epoch, on the CPU, in evaluation mode."""
    network = copy.deepcopy(training.evaluated).cpu()
    if training.at.best_weights is not None:
        network.load_state_dict(training.at.best_weights)
    return network.eval()


def _row(values: dict[str, Any]) -> EpochFigures:
    held_out = values["held_out"]
    return EpochFigures(**{**values, "held_out": None if held_out is None else HeldOutFigures(**held_out)})
