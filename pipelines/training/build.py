"""Building of a training from its config and its images."""

from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator

from pipelines.training.data import TrainingData, preprocessing_of
from reid.datasets.records import DISTRACTOR, Split
from reid.embedding.network import ReidNetwork
from reid.training.augment import Augment
from reid.training.batch_augment import BatchAugment
from reid.training.build import build_training
from reid.training.config import TrainConfig
from reid.training.device_loader import DeviceLoader
from reid.training.loader import Loader
from reid.training.loop import Batches, steps_per_epoch
from reid.training.sampling import Sampler, WithUnlabelled, build_sampler
from reid.training.state import Training


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Begun:
    """A training and what feeds it."""

    training: Training
    loader: Batches
    steps_per_epoch: int


def build(config: TrainConfig, data: TrainingData, accelerator: Accelerator, network: ReidNetwork) -> Begun:
    """A training of `network` on the images.

    Raises:
        InputError: too few people for the batches.
    """
    loader = _loader(config, data, accelerator)
    steps = steps_per_epoch(loader, config)
    training = build_training(
        config,
        accelerator,
        network,
        people=data.train.people,
        steps_per_epoch=steps,
        teachers=data.teachers_dimensions,
    )
    return Begun(training=training, loader=loader, steps_per_epoch=steps)


def _loader(config: TrainConfig, data: TrainingData, accelerator: Accelerator) -> Batches:
    size, sampler = (config.data.height, config.data.width), _sampler(config, data.train)
    process = (accelerator.process_index, accelerator.num_processes)
    if config.augment.by == "batch":
        return DeviceLoader(
            data.train,
            data.pixels,
            sampler,
            BatchAugment(config.augment, size=size, mean=data.pixels.mean),
            preprocessing_of(config),
            seed=config.seed,
            workers=config.data.workers,
            device=accelerator.device,
            process=process,
            targets=data.targets,
            teachers=data.teachers_seeing,
        )
    return Loader(
        data.train,
        data.pixels,
        sampler,
        Augment(config.augment, size=size, mean=data.pixels.mean),
        preprocessing_of(config),
        seed=config.seed,
        workers=config.data.workers,
        process=process,
        targets=data.targets,
    )


def _sampler(config: TrainConfig, split: Split) -> Sampler | WithUnlabelled:
    """Batches of labelled images, which come first in the split, and of unlabelled ones where there are any."""
    labelled = int(np.sum(split.persons != DISTRACTOR))
    sampler = build_sampler(
        config.batch, persons=split.persons[:labelled], cameras=split.cameras[:labelled], seed=config.seed
    )
    each = sampler.batch if config.batch.unlabelled is None else config.batch.unlabelled
    if labelled == len(split) or each == 0:
        return sampler
    return WithUnlabelled(sampler, first=labelled, images=len(split) - labelled, each=each, seed=config.seed)


def new_network(config: TrainConfig) -> ReidNetwork:
    """Network with random weights, the same for the same seed.

    Raises:
        InputError: no such backbone, or one that needs what is not installed.
    """
    torch.manual_seed(config.seed)
    return ReidNetwork(config.network, (config.data.height, config.data.width))
