"""Labelled pictures to an embedding network: read, build, train, keep the best, say how good it is."""

import os

import torch

from pipelines import train_data
from pipelines.progress import Progress, reporter
from pipelines.stopping import stopping_gently
from pipelines.train_build import build, new_network
from pipelines.train_folder import TrainingFolder, fingerprint
from pipelines.train_listener import TrainingListener
from pipelines.train_report import report
from reid.embedding.initialise import initialise
from reid.outputs.contact_sheet import write_contact_sheet
from reid.training.build import open_accelerator
from reid.training.config import TrainConfig
from reid.training.loader import Loader
from reid.training.loop import Loop
from reid.training.state import load_state


def run(config: TrainConfig, progress: Progress) -> int:
    """Train, or go on training, and write the checkpoint with its card, logs and page."""
    sources, held = train_data.read(config)
    torch.set_num_threads(config.threads or os.cpu_count() or 1)
    accelerator = open_accelerator(config)
    if not accelerator.is_main_process:  # of several, one speaks and writes
        progress, config = reporter(quiet=True), config.model_copy(update={"overwrite": False})
    network = new_network(config)  # before the pictures: what cannot be built should not cost minutes
    start = "random weights"
    if config.start.weights is not None:
        start = initialise(network, config.start.weights).sentence(config.start.weights)
        progress.message(start)
    data = train_data.load(sources, held, config, progress)
    begun = build(config, data, accelerator, network)
    training, loader = begun.training, begun.loader
    folder, name = TrainingFolder(config.output), fingerprint(config, data.fingerprint)
    with accelerator.main_process_first():
        begun_before = folder.open(config, name)
    if begun_before:
        load_state(folder.state, training, fingerprint=name)
        progress.message(f"going on in epoch {training.at.epoch + 1}, after step {training.at.step:,}")
    elif accelerator.is_main_process:
        _draw_batch(loader, data, folder)
    batches = config.schedule.epochs * len(loader) - training.at.step * config.batch.accumulate
    listener = TrainingListener(
        folder,
        training,
        data.held_out.preprocessing,
        progress,
        fingerprint=name,
        epochs=config.schedule.epochs,
        images_left=batches * config.batch.people * config.batch.pictures * accelerator.num_processes,
    )
    loop = Loop(config=config, loader=loader, held_out=data.held_out, listener=listener)
    with stopping_gently(progress, "stopping after this step; the same command goes on from there") as stop:
        finished = loop.run(training, stop)
        listener.close()
    if finished and accelerator.is_main_process:
        report(config, data, training, folder, start, progress)
    return 0


def _draw_batch(loader: Loader, data: train_data.TrainingData, folder: TrainingFolder) -> None:
    """What the network will see, to be looked at before hours are spent on it."""
    pictures = loader.pictures(0)
    write_contact_sheet(
        folder.augmented,
        plain=pictures.plain.numpy(),
        augmented=pictures.augmented.numpy(),
        names=[data.train.person_name(person) for person in data.train.persons[pictures.rows].tolist()],
    )
