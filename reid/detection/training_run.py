"""One training of the person detector, epoch by epoch, told to a listener and kept for going on."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from reid.detection.network import EfficientNetLite0
from reid.detection.quiet import logged, unchanged_threads
from reid.detection.safe_loading import safe_ultralytics
from reid.detection.training import PersonModel, PersonTrainer
from reid.detection.training_config import DetectorTrainConfig
from reid.efficientnet_lite import InvertedResidual
from reid.errors import InputError

EARLY = (
    "_conv_stem",
    "_bn0",
    "_blocks.0",
    "_blocks.1",
    "_blocks.2",
)  # layers of the backbone, at strides 2 and 4
# What was found to work; the settings that matter are in the config.
RECIPE: dict[str, Any] = {
    "task": "detect",
    "optimizer": "AdamW",
    "lrf": 0.05,
    "cos_lr": True,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "warmup_epochs": 0.5,
    "scale": 0.5,
    "close_mosaic": 0,  # mosaics to the end: single images in a small window would show few people
    "workers": 0,
    "cache": "ram",
    "amp": False,  # PersonModel sees to bfloat16 on CPUs; on GPUs ultralytics would fetch a network to try it with
    "deterministic": False,
    "patience": 0,
    "plots": False,
    "exist_ok": True,
}


class Stopped(Exception):
    """The listener wished to stop; what the last finished epoch left is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorEpochFigures:
    """How an epoch went; precision and recall at the confidence with the best F1."""

    epoch: int  # from 1
    losses: Mapping[str, float]  # means over the epoch
    map50: float
    map50_95: float
    precision: float
    recall: float
    best: bool  # by mAP50-95, as ultralytics chooses


class DetectorTrainingCallbacks(Protocol):
    """What wants to know of a training."""

    def started(self, epochs_done: int) -> None: ...
    def step(self, images: int) -> bool: ...  # whether to go on
    def epoch(self, figures: DetectorEpochFigures, weights: Mapping[str, Tensor]) -> None: ...


class _Trainer(PersonTrainer):
    """Writes its state whole or not at all, and tells of an epoch before the state says that it is over."""

    def __init__(
        self,
        tell: Callable[["_Trainer"], None],
        start: dict[str, Tensor],
        window: int,
        overrides: dict[str, Any],
    ) -> None:
        self._tell = tell
        super().__init__(start, window, overrides)

    def save_model(self) -> Any:
        self._tell(self)
        last: Path = self.wdir / "last.pt"
        self.last = last.with_name(".last.partial.pt")
        try:
            saved = super().save_model()
            self.last.replace(last)
        finally:
            self.last = last
        return saved

    def final_eval(self) -> None:
        """Nothing: the best epoch was evaluated when it was over."""


def train(
    config: DetectorTrainConfig,
    dataset: Path,
    folder: Path,
    start: dict[str, Tensor],
    listener: DetectorTrainingCallbacks,
) -> None:
    """Train until all epochs are over, or go on where `folder` has the state of a training.

    Args:
        dataset: YAML file as `training_data.write_resolved` makes it.
        folder: for ultralytics' files: weights/last.pt, results.csv, ultralytics.log.
        start: state dict to start from; empty: random weights. Not used in going on.

    Raises:
        InputError: the device is not there, the state cannot be read, or the loss is no number any more.
        Stopped: the listener said so.
    """
    device = open_device(config.device)
    safe_ultralytics()
    # the state holds the network whole: its safe loading would not know these parts of it
    torch.serialization.add_safe_globals([PersonModel, EfficientNetLite0, InvertedResidual])
    with logged(folder / "ultralytics.log"), unchanged_threads():
        settings = _overrides(config, dataset, folder, device)
        trainer = _Trainer(lambda one: _tell(one, listener), start, config.window, settings)

        def begun(trainer: _Trainer) -> None:
            torch.set_num_threads(config.threads or os.cpu_count() or 1)  # only now: ultralytics set it, too
            listener.started(trainer.start_epoch)

        def stepped(trainer: _Trainer) -> None:
            if not math.isfinite(float(trainer.loss)):
                raise InputError(
                    f"the training has diverged in epoch {trainer.epoch + 1}: its loss is no number; try a smaller "
                    f"learning_rate than {config.learning_rate:g}"
                )
            if not listener.step(config.batch):
                raise Stopped

        trainer.add_callback("on_train_start", begun)
        trainer.add_callback("on_train_batch_end", stepped)
        trainer.train()


def open_device(asked: str) -> str:
    """The device as ultralytics wants it.

    Raises:
        InputError: there is no such device.
    """
    if asked == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    kind, _, number = asked.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()) or asked == f"{kind}:":
        raise InputError(f"device is {asked!r}; choose auto, cpu or cuda:0")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise InputError(f"device {asked}: PyTorch sees no such CUDA GPU here; use cpu, or auto")
    return f"cuda:{number or 0}" if kind == "cuda" else "cpu"


def _overrides(config: DetectorTrainConfig, dataset: Path, folder: Path, device: str) -> dict[str, Any]:
    settings = {
        **RECIPE,
        "model": "person.yaml",  # a name only: PersonTrainer builds the network itself
        "data": str(dataset),
        "save_dir": str(folder.absolute()),
        "epochs": config.epochs,
        "imgsz": config.image_size,
        "batch": config.batch,
        "nbs": config.batch,  # a step a batch
        "lr0": config.learning_rate,
        "warmup_bias_lr": config.learning_rate,
        "freeze": [f"0.{layer}" for layer in EARLY] if config.freeze else None,
        "seed": config.seed,
        "device": device,
    }
    last = folder / "weights" / "last.pt"
    if not last.is_file():
        return settings
    _check_state(last)
    return {**settings, "resume": str(last)}


def _check_state(last: Path) -> None:
    """Read the state that ultralytics will go on from, which says no more than that it was not found."""
    from ultralytics.nn.tasks import load_checkpoint

    try:
        load_checkpoint(last)
    except Exception as error:  # ultralytics raises whatever its loaders raise; the cause stays attached
        raise InputError(
            f"{last}: refused, because it is damaged or could run code when loaded; begin anew with --overwrite"
        ) from error


def _tell(trainer: _Trainer, listener: DetectorTrainingCallbacks) -> None:
    losses = trainer.label_loss_items(trainer.tloss)
    found = {
        name.partition("/")[2].removesuffix("(B)"): float(value) for name, value in trainer.metrics.items()
    }
    figures = DetectorEpochFigures(
        epoch=trainer.epoch + 1,
        losses={name.removeprefix("train/").removesuffix("_loss"): value for name, value in losses.items()},
        map50=found["mAP50"],
        map50_95=found["mAP50-95"],
        precision=found["precision"],
        recall=found["recall"],
        best=bool(trainer.best_fitness == trainer.fitness),
    )
    listener.epoch(figures, trainer.ema.ema.state_dict())
