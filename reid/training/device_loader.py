"""Batches whose images are augmented on the device that trains, and judged there by teachers."""

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from reid.datasets.records import DISTRACTOR, Labels, Split
from reid.embedding.crops import Preprocessing
from reid.training.batch_augment import BatchAugment, Views
from reid.training.layout import layout
from reid.training.loader import AUGMENTATION, Batch, PlainAndAugmented, PlannedBatches
from reid.training.pixels import Pixels
from reid.training.sampling import Sampler, WithUnlabelled
from reid.training.teachers import Teacher
from reid.types import Array

_AHEAD = 4  # batches that wait in the processor's memory


class DeviceLoader(PlannedBatches):
    """Loader whose processors only copy images; each batch is a function of seed, epoch and its number.

    Args:
        targets: vectors (len(split), T) of each teacher, of the images as they are.
        teachers: they look at the augmented images of each batch instead.
    """

    def __init__(
        self,
        split: Split,
        pixels: Pixels,
        sampler: Sampler | WithUnlabelled,
        augment: BatchAugment,
        preprocessing: Preprocessing,
        *,
        seed: int,
        workers: int,
        device: torch.device,
        process: tuple[int, int] = (0, 1),
        targets: Sequence[Array] = (),
        teachers: Sequence[Teacher] = (),
    ) -> None:
        """`workers`: threads that copy. `process`: rank and count."""
        if not preprocessing.rgb:
            raise ValueError("colours are augmented in RGB order, got a preprocessing in BGR")
        if len(split) != len(pixels):
            raise ValueError(f"split and pixels must be equally long, got {len(split)} and {len(pixels)}")
        if targets and teachers:
            raise ValueError("teachers see images as they are, or augmented, got both")
        self._split = split
        self._pixels = pixels
        super().__init__(sampler, process)
        self._augment = augment
        self._seed = seed
        self._workers = max(1, workers)
        self._device = device
        self._targets = targets
        self._teachers = teachers
        self._mean = torch.tensor(preprocessing.mean, device=device)[:, None, None]
        self._std = torch.tensor(preprocessing.std, device=device)[:, None, None]
        self.waited_s = 0.0  # how long those who asked for batches have waited for copies, in all

    def epoch(self, number: int, *, start: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch, from this process's `start`-th on. Closing it stops the threads."""
        jobs = iter(self._plan(number)[start:])
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="batches")
        waiting: deque[tuple[int, Labels, Future[Tensor]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD and (job := next(jobs, None)) is not None:
                    waiting.append((*job, pool.submit(self._copied, job[1])))
                if not waiting:
                    return
                at, rows, copied = waiting.popleft()
                begin_s = time.perf_counter()
                plain = copied.result()
                self.waited_s += time.perf_counter() - begin_s
                yield self._batch(number, at, rows, plain)
        finally:
            pool.shutdown(cancel_futures=True)

    def images(self, number: int, batch: int = 0) -> PlainAndAugmented:
        """The images of this process's `batch`-th batch of an epoch, beside the unchanged ones."""
        at, rows = self._plan(number)[batch]
        plain = self._copied(rows)
        augmented = self._views(number, at, rows, plain).augmented
        return PlainAndAugmented(
            plain=plain, augmented=augmented.round().clamp(0, 255).to(torch.uint8).cpu(), rows=rows
        )

    def _copied(self, rows: Labels) -> Tensor:
        plain = self._pixels.get(rows)
        return plain.pin_memory() if self._device.type == "cuda" else plain

    def _views(self, number: int, at: int, rows: Labels, plain: Tensor) -> Views:
        rng = np.random.default_rng(np.random.SeedSequence([self._seed, number, at], spawn_key=AUGMENTATION))
        # what no teacher looks at again must stay who it is
        free = (self._split.persons[rows] == DISTRACTOR) & bool(self._teachers)
        return self._augment(plain.to(self._device, non_blocking=True), free, rng)

    def _batch(self, number: int, at: int, rows: Labels, plain: Tensor) -> Batch:
        with torch.no_grad():
            views = self._views(number, at, rows, plain)
            targets = tuple(teacher(views.clear) for teacher in self._teachers)
            images = (views.augmented - self._mean) / self._std
        return Batch(
            images=images.contiguous(memory_format=layout(self._device)),
            persons=torch.from_numpy(self._split.persons[rows]),
            targets=targets or tuple(torch.from_numpy(target[rows]) for target in self._targets),
            cameras=torch.from_numpy(self._split.cameras[rows]),
            rows=rows,
        )
