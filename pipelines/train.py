"""Labelled images to an embedding network: read, build, train, keep the best, say how good it is."""

import os
from contextlib import ExitStack

import torch

from pipelines.networks.chosen import start_of
from pipelines.runtime.inputs import inputs_of
from pipelines.runtime.progress import Progress, reporter
from pipelines.runtime.stopping import same_command, stopping_gently
from pipelines.training import data as train_data
from pipelines.training.build import Begun, build, new_network
from pipelines.training.folder import TrainingFolder
from pipelines.training.listener import TrainingListener
from pipelines.training.training_report import report
from reid.datasets.records import DISTRACTOR
from reid.datasets.sources import paths_of
from reid.embedding.initialise import initialise
from reid.embedding.network import ReidNetwork
from reid.errors import InputError
from reid.outputs.contact_sheet import write_contact_sheet
from reid.shipped_weights import recorded
from reid.training.build import open_accelerator
from reid.training.config import TrainConfig
from reid.training.loop import Batches, Loop
from reid.training.state import load_state, take_objectives


def run(config: TrainConfig, progress: Progress) -> int:
    """Train, or go on training, and write the checkpoint with its card, logs and page."""
    start = config.start.model_copy(update={"weights": start_of(config.start.weights, "encoder")})
    config = config.model_copy(update={"start": start})
    with ExitStack() as kept:
        return _run(config, progress, kept)


def _run(config: TrainConfig, progress: Progress, kept: ExitStack) -> int:
    """Train as `run`; `kept` holds the output folder to the end."""
    folder = TrainingFolder(config.output)
    accelerator = open_accelerator(config)
    if accelerator.is_main_process:  # of several, one speaks and writes
        images = (("images in", path) for path in paths_of(config.sources))
        kept.enter_context(folder.owned([*inputs_of(config), *images]))
    else:
        progress, config = reporter(quiet=True), config.model_copy(update={"overwrite": False})
    sources, held = train_data.read(config)
    torch.set_num_threads(config.threads or os.cpu_count() or 1)
    network = new_network(config)  # before the images: what cannot be built should not cost minutes
    start = _start(config, network) if not folder.goes_on(config) else ""
    data = train_data.load(sources, held, config, progress, accelerator)
    config = train_data.suited(config, data.train.people)
    begun = build(config, data, accelerator, network)
    training, name = begun.training, folder.fingerprint(config, data.fingerprint)
    with accelerator.main_process_first():
        goes_on = folder.open(config, name, config.start.weights)
    if goes_on:
        load_state(folder.state, training, fingerprint=name)
        progress.message(f"going on in epoch {training.at.epoch + 1}, after step {training.at.step:,}")
    else:
        if (path := config.start.objectives) is not None:
            start += (
                f"; {take_objectives(training.learner, path)} tensors of the objectives from {recorded(path)}"
            )
        training.at.start = start
        progress.message(f"starts from {start}")
        if accelerator.is_main_process:
            _draw_batch(begun.loader, data, folder)
    listener = TrainingListener(
        folder,
        training,
        data.held_out.preprocessing,
        progress,
        fingerprint=name,
        trained_on=data.contents,
        epochs=config.schedule.epochs,
        images_left=_images_left(config, begun),
    )
    loop = Loop(config=config, loader=begun.loader, held_out=data.held_out, listener=listener)
    again = same_command(overwrite=config.overwrite)
    with stopping_gently(progress, f"stopping after this step; {again} goes on from there") as stop:
        finished = loop.run(training, stop)
        listener.close()
    if finished and accelerator.is_main_process:
        report(config, data, training, folder, progress)
    return 0


def _start(config: TrainConfig, network: ReidNetwork) -> str:
    """Give the network the weights that it starts from, and say which."""
    path = config.start.weights
    if path is None:
        if config.start.frozen:
            raise InputError(
                "start.frozen keeps parts as start.weights has them, and nothing is given to start from; name "
                "weights with --start-from, or leave start.frozen out"
            )
        return "random weights"
    for name in config.start.frozen:
        network.backbone.part(name)  # what is not there should be said before images are read
    kept = f"; {', '.join(config.start.frozen)} never change" if config.start.frozen else ""
    return initialise(network, path).sentence(recorded(path)) + kept


def _images_left(config: TrainConfig, begun: Begun) -> int:
    """Images that will be shown, by all processes together."""
    at, batches = begun.training.at, len(begun.loader)
    done = at.epoch * batches + min(batches, at.steps_in_epoch * config.batch.accumulate)
    shown = begun.loader.batch * int(begun.training.accelerator.num_processes)
    return (config.schedule.epochs * batches - done) * shown


def _draw_batch(loader: Batches, data: train_data.TrainingData, folder: TrainingFolder) -> None:
    """Draw the images that the network will see, to be looked at before hours are spent on it."""
    both = loader.images(0)
    write_contact_sheet(
        folder.augmented,
        plain=both.plain.numpy(),
        augmented=both.augmented.numpy(),
        names=[
            "unlabelled" if person == DISTRACTOR else data.train.person_name(person)
            for person in data.train.persons[both.rows].tolist()
        ],
    )
