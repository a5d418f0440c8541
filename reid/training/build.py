"""Building of a training from its config: device, precision, network, objectives, optimiser."""

import re
from collections.abc import Sequence

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedDataParallelKwargs

from reid.embedding.network import ReidNetwork
from reid.errors import InputError
from reid.losses.objectives import Objectives
from reid.training.config import TrainConfig
from reid.training.depthwise import quicken
from reid.training.ema import Average
from reid.training.layout import layout
from reid.training.learner import Learner
from reid.training.optimiser import build_optimiser
from reid.training.schedule import Schedule
from reid.training.state import Training

PRECISIONS = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


def open_accelerator(config: TrainConfig) -> Accelerator:
    """Open the device that runs the steps, or several processes that `accelerate launch` has started.

    Raises:
        InputError: the device is not there, or cannot compute with the precision.
    """
    if not re.fullmatch(r"auto|cpu|cuda|mps", config.device):
        raise InputError(f"device is {config.device!r}; choose auto, cpu, cuda or mps")
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("device cuda: PyTorch sees no CUDA GPU here; use cpu, or auto")
    if config.device == "mps" and not torch.backends.mps.is_available():
        raise InputError("device mps: PyTorch sees no Apple GPU here; use cpu, or auto")
    if PartialState._shared_state and not PartialState().use_distributed:
        # accelerate remembers the first settings for the rest of the process; a second training has its own
        AcceleratorState._reset_state(reset_partial_state=True)
    cpu = config.device == "cpu" or (config.device == "auto" and not _has_gpu())
    if config.precision == "float16" and cpu:
        raise InputError("precision float16 needs a GPU; use bfloat16, or float32")
    accelerator = Accelerator(
        cpu=cpu,
        mixed_precision=PRECISIONS[config.precision],
        # a backbone that is frozen for some epochs has no gradients then
        kwargs_handlers=[
            DistributedDataParallelKwargs(find_unused_parameters=config.start.freeze_epochs > 0)
        ],
    )
    if accelerator.num_processes > 1 and (config.loss.memory or config.loss.objectives.get("center")):
        raise InputError(
            "loss.memory and the objective center are kept by one process, and there are "
            f"{accelerator.num_processes}; set them to 0, or train with one"
        )
    return accelerator


def build_training(
    config: TrainConfig,
    accelerator: Accelerator,
    network: ReidNetwork,
    *,
    people: int,
    steps_per_epoch: int,
    teachers: Sequence[int] = (),
) -> Training:
    """A training that has not begun.

    Args:
        network: its weights are trained.
        people: who are classified, or have proxies and centres.
        steps_per_epoch: of the optimiser.
        teachers: lengths of the vectors of those that are learned from.
    """
    generator = torch.Generator().manual_seed(config.seed)
    objectives = Objectives(
        config.loss, dimension=network.dimension, people=people, generator=generator, teachers=teachers
    )
    learner = Learner(network, objectives, frozen=config.start.frozen).to(accelerator.device)
    learner.to(memory_format=layout(accelerator.device))
    if config.precision == "bfloat16" and accelerator.device.type == "cpu":
        quicken(network)
    optimiser = build_optimiser(learner, config.optimiser)
    average = None if config.optimiser.ema is None else Average(network, config.optimiser.ema)
    wrapped, prepared = accelerator.prepare(learner, optimiser)
    return Training(
        accelerator=accelerator,
        learner=learner,
        wrapped=wrapped,
        optimiser=prepared,
        schedule=Schedule(config.schedule, config.optimiser, steps_per_epoch=steps_per_epoch),
        average=average,
    )


def _has_gpu() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()
