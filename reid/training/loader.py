"""Batches for training, prepared ahead in threads beside it."""

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from reid.datasets.records import Labels, Split
from reid.embedding.crops import Preprocessing
from reid.training.augment import Augment
from reid.training.pixels import Pixels, normalise
from reid.training.sampling import Sampler, WithUnlabelled
from reid.types import Array

AUGMENTATION = (1,)  # sets these random numbers apart from the sampler's, which have the same seed
_AHEAD = 2  # batches a worker may be ahead


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Images, persons and teachers' targets of one batch."""

    images: torch.Tensor  # (N, 3, H, W) float32, normalised, channels last in memory
    persons: torch.Tensor  # (N,) int64, -1 where unknown
    targets: tuple[torch.Tensor, ...]  # (N, T) float32 of each teacher
    cameras: torch.Tensor  # (N,) int64
    rows: Labels  # (N,) of the split


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainAndAugmented:
    """A batch before normalisation, to be looked at."""

    plain: torch.Tensor  # (N, 3, H, W) uint8
    augmented: torch.Tensor  # (N, 3, H, W) uint8
    rows: Labels  # (N,) of the split


class PlannedBatches:
    """The batches of an epoch that one of several processes gets: each count-th, and all get equally many.

    Args:
        process: rank and count.
    """

    def __init__(self, sampler: Sampler | WithUnlabelled, process: tuple[int, int]) -> None:
        self._sampler = sampler
        self._rank, self._processes = process

    def __len__(self) -> int:
        """Batches that this process gets in an epoch."""
        return max(1, len(self._sampler) // self._processes)

    @property
    def batch(self) -> int:
        """Images in a batch."""
        return self._sampler.batch

    def _plan(self, number: int) -> list[tuple[int, Labels]]:
        """Number in the epoch and rows of this process's batches."""
        batches = self._sampler.epoch(number)
        mine = range(self._rank, len(self) * self._processes, self._processes)
        return [(at, batches[at % len(batches)]) for at in mine]  # fewer batches than processes: some twice


class Loader(PlannedBatches):
    """Loader of augmented, normalised batches; each is a function of seed, epoch and its number."""

    def __init__(
        self,
        split: Split,
        pixels: Pixels,
        sampler: Sampler | WithUnlabelled,
        augment: Augment,
        preprocessing: Preprocessing,
        *,
        seed: int,
        workers: int,
        process: tuple[int, int] = (0, 1),
        targets: Sequence[Array] = (),
    ) -> None:
        """`targets`: vectors (len(split), T) of each teacher.

        `workers`: threads; 0: batches are made when they are asked for. `process`: rank and count.

        Of several processes each gets every count-th batch of an epoch, and all get equally many.
        """
        if not preprocessing.rgb:
            raise ValueError("colours are augmented in RGB order, got a preprocessing in BGR")
        if len(split) != len(pixels):
            raise ValueError(f"split and pixels must be equally long, got {len(split)} and {len(pixels)}")
        for target in targets:
            if len(target) != len(split):
                raise ValueError(f"targets must be of {len(split)} images, got {len(target)}")
        self._split = split
        self._targets = targets
        self._pixels = pixels
        super().__init__(sampler, process)
        self._augment = augment
        self._preprocessing = preprocessing
        self._seed = seed
        self._workers = workers
        self.waited_s = 0.0  # how long those who asked for batches have waited, in all

    def epoch(self, number: int, *, start: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch, from this process's `start`-th on. Closing it stops the threads."""
        with closing(self._prepared(number, start)) as prepared:
            while True:
                begin_s = time.perf_counter()
                batch = next(prepared, None)
                self.waited_s += time.perf_counter() - begin_s
                if batch is None:
                    return
                yield batch

    def images(self, number: int, batch: int = 0) -> PlainAndAugmented:
        """The images of this process's `batch`-th batch of an epoch, beside the unchanged ones."""
        at, rows = self._plan(number)[batch]
        with _one_thread():
            return self._images(number, at, rows)

    def _prepared(self, number: int, start: int) -> Generator[Batch, None, None]:
        jobs = iter(self._plan(number)[start:])
        if self._workers == 0:
            for at, rows in jobs:
                with _one_thread():
                    batch = self._batch(number, at, rows)
                yield batch
            return
        with _threads(self._workers) as pool:
            waiting: deque[Future[Batch]] = deque()
            for at, rows in jobs:
                waiting.append(pool.submit(self._batch, number, at, rows))
                if len(waiting) >= _AHEAD * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _batch(self, number: int, at: int, rows: Labels) -> Batch:
        made = self._images(number, at, rows)
        return Batch(
            images=normalise(made.augmented, self._preprocessing),
            persons=torch.from_numpy(self._split.persons[rows]),
            targets=tuple(torch.from_numpy(target[rows]) for target in self._targets),
            cameras=torch.from_numpy(self._split.cameras[rows]),
            rows=rows,
        )

    def _images(self, number: int, at: int, rows: Labels) -> PlainAndAugmented:
        rng = np.random.default_rng(np.random.SeedSequence([self._seed, number, at], spawn_key=AUGMENTATION))
        plain = self._pixels.get(rows)
        others = (np.arange(len(rows)) + rng.integers(1, max(2, len(rows)), len(rows))) % len(rows)
        augmented = torch.empty_like(plain)
        for target, image, other in zip(augmented, plain, others.tolist(), strict=True):
            target.copy_(self._augment(image, plain[other], rng))
        return PlainAndAugmented(plain=plain, augmented=augmented, rows=rows)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Restrict torch to one thread, as in `_threads`: a kernel divided among several could change its last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose torch kernels do not start teams of more threads, which would fight with the training's.

    torch keeps that number by thread: each takes over, where it first asks, the one that was set last by any. So all
    begin and ask here, while it is one, before it is put back for the others.
    """
    pool = ThreadPoolExecutor(count, thread_name_prefix="batches")
    try:
        with _one_thread():
            begun = threading.Barrier(count + 1)
            for _ in range(count):
                pool.submit(_begin, begun)
            begun.wait()
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(begun: threading.Barrier) -> None:
    torch.get_num_threads()
    begun.wait()
