"""Callbacks of a training: progress, logs, saved states, the best checkpoint."""

from pipelines.runtime.progress import Progress
from pipelines.training.folder import TrainingFolder
from reid.datasets.contents import Contents
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import Preprocessing
from reid.training.figures import TOTAL, EpochFigures, StepFigures
from reid.training.log import Log
from reid.training.state import Training, best_network, save_state


class TrainingListener:
    """Tells, logs and saves. With several processes only the main one's does.

    Args:
        fingerprint: of settings and data, kept in the state.
        trained_on: contents of the images, kept in the checkpoint.
        epochs: of the whole training.
        images_left: that will still be shown.
    """

    def __init__(
        self,
        folder: TrainingFolder,
        training: Training,
        preprocessing: Preprocessing,
        progress: Progress,
        *,
        fingerprint: str,
        trained_on: Contents,
        epochs: int,
        images_left: int,
    ) -> None:
        self._folder, self._training, self._preprocessing = folder, training, preprocessing
        self._progress, self._fingerprint, self._epochs = progress, fingerprint, epochs
        self._trained_on = trained_on
        self._main = training.accelerator.is_main_process
        self._processes = training.accelerator.num_processes
        self._task = progress.task("training", images_left, unit="images")
        self._log: Log | None = None
        if self._main:
            with folder.listing_tensorboard():
                self._log = Log(folder.root, step=training.at.step)

    def steps(self, figures: list[StepFigures], images: int) -> None:
        """Count the images and log the steps."""
        self._task.advance(images * self._processes)
        if self._log is not None:
            self._log.steps(figures)

    def epoch(self, figures: EpochFigures) -> None:
        """Say how the epoch went, and write the checkpoint if it was the best."""
        if self._log is None:
            return
        self._log.epoch(figures, self._training.at.distances[-1])
        if figures.best:
            save_network(
                self._folder.model,
                best_network(self._training),
                preprocessing=self._preprocessing,
                trained_on=self._trained_on,
            )
        self._progress.message(self._sentence(figures))

    def save(self) -> None:
        """Write the state."""
        if self._main:
            save_state(self._folder.state, self._training, fingerprint=self._fingerprint)

    def close(self) -> None:
        """The training is over or interrupted."""
        self._task.finish()
        if self._log is not None:
            self._log.close()

    def _sentence(self, one: EpochFigures) -> str:
        terms = [f"{name} {value:.3f}" for name, value in one.losses.items() if name != TOTAL]
        loss = f"loss {one.losses[TOTAL]:.3f}" + (f" ({', '.join(terms)})" if len(terms) > 1 else "")
        parts = [f"epoch {one.epoch}/{self._epochs}", loss]
        if one.active is not None:
            parts.append(f"active {one.active:.0%}")
        if (found := one.held_out) is not None:
            best = ", the best so far" if one.best else ""
            parts.append(f"held-out mAP {found.map:.1%}, rank-1 {found.rank1:.1%}{best}")
        parts.append(f"{one.images_per_s:.0f} images/s")
        return "; ".join(parts)
