"""Callbacks of a detector's training: progress, the best weights, the figures."""

import time
from collections.abc import Callable, Mapping

from torch import Tensor

from pipelines.runtime.progress import Progress, Task
from pipelines.training.detector_folder import DetectorFolder
from reid.detection.state import save_state
from reid.detection.training_config import DetectorTrainConfig
from reid.detection.training_data import People
from reid.detection.training_run import DetectorEpochFigures


class DetectorListener:
    """Tells, and writes the detector of the best epoch so far with the figures of all.

    Args:
        stop: says whether a signal came.
    """

    def __init__(
        self,
        config: DetectorTrainConfig,
        people: People,
        folder: DetectorFolder,
        progress: Progress,
        stop: Callable[[], bool],
    ) -> None:
        self._config, self._people, self._folder = config, people, folder
        self._progress, self._stop = progress, stop
        self._history, self._seconds = folder.history(), folder.seconds()
        self._epoch_begun = time.monotonic()
        self._shown, self._speed = 0, 0.0
        self._task: Task | None = None

    def started(self, epochs_done: int) -> None:
        """The first step comes next."""
        self._history = self._history[:epochs_done]  # a kill may have come between its figures and its state
        start = self._config.start_from or "random weights"
        self._progress.message(
            f"going on in epoch {epochs_done + 1}" if epochs_done else f"starts from {start}"
        )
        left = (self._config.epochs - epochs_done) * len(self._people.train.images)
        self._task = self._progress.task("training", left, unit="images")
        self._epoch_begun = time.monotonic()

    def step(self, images: int) -> bool:
        """Count images; False ends the training."""
        in_epoch = min(images, len(self._people.train.images) - self._shown)  # the last batch is smaller
        self._shown += in_epoch
        self._speed = self._shown / (time.monotonic() - self._epoch_begun)
        if self._task is not None:
            self._task.advance(in_epoch)
        return not self._stop()

    def epoch(self, figures: DetectorEpochFigures, weights: Mapping[str, Tensor]) -> None:
        """Keep the weights if they are the best, then the figures, and say how the epoch went."""
        now = time.monotonic()
        self._seconds += now - self._epoch_begun
        self._epoch_begun, self._shown = now, 0
        self._history = [*(one for one in self._history if one.epoch < figures.epoch), figures]
        if figures.best:
            size = self._config.image_size
            save_state(self._folder.detector, weights, image_size=size, epochs=figures.epoch)
        sizes = {
            name: {"images": len(part.images), "people": part.people}
            for name, part in (("train", self._people.train), ("val", self._people.val))
        }
        self._folder.write(self._history, self._seconds, data=sizes)
        self._progress.message(self._sentence(figures))

    def close(self) -> None:
        """The training is over or interrupted."""
        if self._task is not None:
            self._task.finish()

    def _sentence(self, one: DetectorEpochFigures) -> str:
        terms = ", ".join(f"{name} {value:.3f}" for name, value in one.losses.items())
        best = ", the best so far" if one.best else ""
        return (
            f"epoch {one.epoch}/{self._config.epochs}; loss {sum(one.losses.values()):.3f} ({terms}); "
            f"mAP50 {one.map50:.1%}, precision {one.precision:.1%}, recall {one.recall:.1%}{best}; "
            f"{self._speed:.0f} images/s"
        )
