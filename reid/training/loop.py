"""The training loop: epochs of steps, an evaluation, and what is told, saved and decided after each."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import torch
from accelerate.utils import broadcast_object_list

from reid.errors import InputError
from reid.training.config import TrainConfig
from reid.training.figures import TOTAL, EpochFigures, HeldOutFigures, StepFigures
from reid.training.layout import layout
from reid.training.learner import Learned
from reid.training.loader import Batch, PlainAndAugmented
from reid.training.meters import Meters
from reid.training.optimiser import set_rate
from reid.training.state import Training, keep_best
from reid.training.validation import HeldOut, retrieve

TOLD_EVERY = 10  # steps between looks at the figures, which make a GPU wait


class Batches(Protocol):
    """Source of batches, each a function of seed, epoch and its number."""

    waited_s: float  # how long those who asked for batches have waited, in all

    def __len__(self) -> int:
        """Batches that this process gets in an epoch."""

    @property
    def batch(self) -> int:
        """Images in a batch."""

    def epoch(self, number: int, *, start: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch, from this process's `start`-th on. Closing it stops what prepares them."""

    def images(self, number: int, batch: int = 0) -> PlainAndAugmented:
        """The images of this process's `batch`-th batch of an epoch, beside the unchanged ones."""


class TrainingCallbacks(Protocol):
    """Callbacks of the loop: figures of steps and epochs, and the wish to save."""

    def steps(self, figures: list[StepFigures], images: int) -> None:
        """Take the figures of some steps, in order, of so many images."""

    def epoch(self, figures: EpochFigures) -> None:
        """Take the figures of a finished epoch."""

    def save(self) -> None:
        """Save the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Parts of a training that do not change while it runs."""

    config: TrainConfig
    loader: Batches
    held_out: HeldOut
    listener: TrainingCallbacks

    @property
    def steps_per_epoch(self) -> int:
        return steps_per_epoch(self.loader, self.config)

    def run(self, training: Training, should_stop: Callable[[], bool]) -> bool:
        """Train to the end, or until asked to stop; the state has been saved then.

        Args:
            should_stop: asked after every step.

        Returns:
            Whether the training is over.

        Raises:
            InputError: the loss is not finite any more.
        """
        at = training.at
        while at.epoch < self.config.schedule.epochs and not at.stopped_early:
            if not self._epoch(training, should_stop):
                self.listener.save()
                return False
            self._finish_epoch(training)
            self.listener.save()
            over = at.epoch == self.config.schedule.epochs or at.stopped_early
            if not over and self._agreed(training, should_stop()):
                return False
        return True

    def _epoch(self, training: Training, should_stop: Callable[[], bool]) -> bool:
        """The rest of the epoch that is under way; False where it was left before its end."""
        at, config = training.at, self.config
        training.learner.train()
        frozen = at.epoch < config.start.freeze_epochs
        training.learner.freeze_backbone(frozen)
        saved = begun = time.perf_counter()
        waited = self.loader.waited_s
        images = 0
        batches = self.loader.epoch(at.epoch, start=at.steps_in_epoch * config.batch.accumulate)
        try:
            for group in _groups(batches, config.batch.accumulate, self.steps_per_epoch - at.steps_in_epoch):
                self._step(training, group)
                shown = sum(len(batch.persons) for batch in group)
                images, at.images = images + shown, at.images + shown
                at.step, at.steps_in_epoch = at.step + 1, at.steps_in_epoch + 1
                now = time.perf_counter()
                at.epoch_seconds, at.seconds = at.epoch_seconds + now - begun, at.seconds + now - begun
                at.waited_s += self.loader.waited_s - waited
                begun, waited = now, self.loader.waited_s
                stop = self._agreed(training, should_stop())
                due = now - saved >= config.save_s
                if stop or due or at.step % TOLD_EVERY == 0:
                    self._tell(training, images)
                    images = 0
                if stop:
                    return at.steps_in_epoch == self.steps_per_epoch
                if due:
                    self.listener.save()
                    saved = begun = time.perf_counter()
        finally:
            batches.close()
        self._tell(training, images)
        return True

    def _step(self, training: Training, group: list[Batch]) -> None:
        accelerator, config = training.accelerator, self.config
        rate = training.schedule.rate(training.at.step)
        set_rate(training.optimiser, rate)
        parts: list[Learned] = []
        for number, batch in enumerate(group, start=1):
            last = number == len(group)
            with nullcontext() if last else accelerator.no_sync(training.wrapped):
                images = batch.images.to(
                    accelerator.device, non_blocking=True, memory_format=layout(accelerator.device)
                )
                targets = [target.to(accelerator.device) for target in batch.targets]
                persons = batch.persons.to(accelerator.device)
                learned: Learned = training.wrapped(images, persons, targets)
                accelerator.backward(learned.total / len(group))
            parts.append(learned)
        longest = math.inf if config.optimiser.clip_norm is None else config.optimiser.clip_norm
        norm = accelerator.clip_grad_norm_(training.learner.parameters(), longest)
        training.optimiser.step()
        training.optimiser.zero_grad()
        if training.average is not None:
            training.average.update(training.learner.network)
        training.meters.add(
            parts, step=training.at.step + 1, epoch=training.at.epoch + 1, learning_rate=rate, grad_norm=norm
        )

    def _tell(self, training: Training, images: int) -> None:
        figures = training.meters.flush()
        # float16 tries scales that are too large, and skips the step
        scaled = training.accelerator.scaler is not None
        for one in figures:
            if not math.isfinite(one.losses[TOTAL]) or not (scaled or math.isfinite(one.grad_norm)):
                raise InputError(_diverged(one, self.config))
        self.listener.steps(figures, images)

    def _finish_epoch(self, training: Training) -> None:
        at, config = training.at, self.config
        begun = time.perf_counter()
        at.epoch += 1
        held_out, rate = (
            None,
            training.schedule.rate(at.step - 1),
        )  # before the schedule is told of the evaluation
        last = at.epoch == config.schedule.epochs
        if last or at.epoch % config.validation.every_epochs == 0:
            held_out = self._evaluate(training)
        better = held_out is not None and held_out.map > at.best_map
        if held_out is not None:
            training.schedule.told(held_out.map)
            at.evaluations_without_better = 0 if better else at.evaluations_without_better + 1
            patience = config.validation.patience
            at.stopped_early = not last and 0 < patience <= at.evaluations_without_better
        if better and held_out is not None:
            at.best_map, at.best_epoch = held_out.map, at.epoch
            keep_best(training)
        at.distances = [*at.distances[:1], training.meters.distances(at.epoch)]
        at.seconds += time.perf_counter() - begun
        at.rows.append(self._row(training, held_out, rate=rate, better=better))
        at.steps_in_epoch, at.images, at.epoch_seconds, at.waited_s = 0, 0, 0.0, 0.0
        training.meters = Meters()
        self.listener.epoch(at.rows[-1])

    def _row(
        self, training: Training, held_out: HeldOutFigures | None, *, rate: float, better: bool
    ) -> EpochFigures:
        at, means = training.at, training.meters.means()
        grad_norm, active = means.pop("grad_norm"), means.pop("active", None)
        spent = max(at.epoch_seconds, 1e-9)
        return EpochFigures(
            epoch=at.epoch,
            step=at.step,
            seconds=at.seconds,
            images_per_s=at.images * training.accelerator.num_processes / spent,
            loader_share=at.waited_s / spent,
            learning_rate=rate,
            losses=means,
            active=active,
            grad_norm=grad_norm,
            held_out=held_out,
            best=better,
        )

    def _evaluate(self, training: Training) -> HeldOutFigures:
        """Evaluate on the main process, and tell the others, because all of them decide by it."""
        accelerator = training.accelerator
        found: list[HeldOutFigures | None] = [None]
        if accelerator.is_main_process:
            try:
                found = [retrieve(training.evaluated, self.held_out, device=accelerator.device).figures]
            except ValueError as error:  # vectors of 0, or none at all
                raise InputError(
                    f"after epoch {training.at.epoch} the network gives no usable vectors ({error}); use a smaller "
                    f"--optimiser.learning_rate than {self.config.optimiser.learning_rate:g}"
                ) from error
        if accelerator.num_processes > 1:
            broadcast_object_list(found)
        assert found[0] is not None
        return found[0]

    def _agreed(self, training: Training, mine: bool) -> bool:
        """Whether a process wants to stop: all must, at the same step."""
        accelerator = training.accelerator
        if accelerator.num_processes == 1:
            return mine
        wishes = accelerator.reduce(torch.tensor(float(mine), device=accelerator.device), reduction="sum")
        return bool(wishes > 0)


def steps_per_epoch(loader: Batches, config: TrainConfig) -> int:
    """Steps of the optimiser in an epoch; the last one may add up fewer batches."""
    return math.ceil(len(loader) / config.batch.accumulate)


def _groups(batches: Iterator[Batch], size: int, limit: int) -> Iterator[list[Batch]]:
    for _ in range(limit):
        group = list(islice(batches, size))
        if not group:
            return
        yield group


def _diverged(figures: StepFigures, config: TrainConfig) -> str:
    name = next(
        (f"loss {name}" for name, value in figures.losses.items() if not math.isfinite(value)), "gradient"
    )
    rate = config.optimiser.learning_rate
    return (
        f"the {name} is not a number at step {figures.step} (epoch {figures.epoch}): the training has diverged; "
        f"use a smaller --optimiser.learning_rate than {rate:g}, such as {rate / 10:g}, --optimiser.clip_norm 5 or "
        "--precision float32; what was saved before is still there"
    )
