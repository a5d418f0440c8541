"""Sampling: the choice of images that come together in a batch.

Learning from pairs needs several images of a person in a batch: P people with K images each (Hermans et al.
2017). An epoch is planned at once, as a pure function of seed and number, so that a training that was stopped goes
on with the very batch that it would have had.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.errors import InputError
from reid.training.config import BatchConfig

_STREAM = (0,)  # sets these random numbers apart from those of augmentation, which have the same seed
_UNLABELLED = (2,)


class Sampler:
    """Plans of batches: rows of the training images. Made by `build_sampler`."""

    def __init__(
        self, config: BatchConfig, *, groups: Sequence[Sequence[Labels]], images: int, seed: int
    ) -> None:
        """`groups`: person to groups of rows, whose hands of K images are dealt from each group in turn."""
        self._config = config
        self._groups = groups
        self._images = images
        self._seed = seed

    def __len__(self) -> int:
        """Batches in an epoch: as many as there are images for, and at least one."""
        return max(1, round(self._images / (self._config.people * self._config.images)))

    @property
    def batch(self) -> int:
        """Images in a batch."""
        return self._config.people * self._config.images

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        """Plan an epoch: batches of rows, each (P * K,), people one after the other."""
        rng = np.random.default_rng(np.random.SeedSequence([self._seed, number], spawn_key=_STREAM))
        people, images = self._config.people, self._config.images
        if self._config.sampler == "random":
            size = people * images
            passes = -(-len(self) * size // self._images)
            rows = np.concatenate([rng.permutation(self._images) for _ in range(passes)])
            return np.split(rows[: len(self) * size], len(self))
        visits = _visits(self._weights(), batches=len(self), people=people, rng=rng)
        hands = [
            iter(_hands(groups, count, images, rng))
            for groups, count in zip(self._groups, visits, strict=True)
        ]
        plan = _spread(visits, batches=len(self), people=people, rng=rng)
        return [np.concatenate([next(hands[person]) for person in batch.tolist()]) for batch in plan]

    def _weights(self) -> NDArray[np.float64]:
        if self._config.sampler == "balanced":
            return np.ones(len(self._groups))
        return np.array([sum(map(len, groups)) for groups in self._groups], dtype=np.float64)


class WithUnlabelled:
    """Plans of batches in which unlabelled images stand behind the labelled ones.

    All unlabelled images come equally often: their order is shuffled anew when each has been shown once, also
    across epochs.

    Args:
        labelled: plans of rows 0 to `first` - 1.
        images: unlabelled ones, rows `first` to `first` + `images` - 1.
        each: of them in a batch.
    """

    def __init__(self, labelled: Sampler, *, first: int, images: int, each: int, seed: int) -> None:
        self._labelled = labelled
        self._first = first
        self._images = images
        self._each = each
        self._seed = seed

    def __len__(self) -> int:
        return len(self._labelled)

    @property
    def batch(self) -> int:
        """Images in a batch."""
        return self._labelled.batch + self._each

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        """Plan an epoch: batches of rows, each (P * K + `each`,)."""
        begin, wanted = number * len(self) * self._each, len(self) * self._each
        passes = range(begin // self._images, (begin + wanted - 1) // self._images + 1)
        orders = [
            np.random.default_rng(
                np.random.SeedSequence([self._seed, number], spawn_key=_UNLABELLED)
            ).permutation(self._images)
            for number in passes
        ]
        start = begin - passes.start * self._images
        rows = self._first + np.concatenate(orders)[start : start + wanted]
        parts = np.split(rows, len(self))
        return [np.concatenate(both) for both in zip(self._labelled.epoch(number), parts, strict=True)]


def build_sampler(config: BatchConfig, *, persons: Labels, cameras: Labels, seed: int) -> Sampler:
    """The sampler that a config asks for, over images of `persons` (N,) in `cameras` (N,).

    pxk: a person comes as often as their images make hands of K, so that each image is expected about once an
    epoch; a person with fewer than K images comes in some epochs only, with each of them more than once in a hand.
    balanced: every person equally often, to within one. camera-aware: as pxk, but a hand takes one image of each of
    the person's cameras in turn; those of rare cameras come more often. In all three no person is in a batch twice,
    and no image is in a hand twice while the person has K. random: every image once, people as it happens.

    Raises:
        InputError: fewer people than P.
        ValueError: the labels are not two rows of the same length, or one of them is a distractor.
    """
    if persons.shape != cameras.shape or persons.ndim != 1:
        raise ValueError(f"persons and cameras must be (N,) both, got {persons.shape} and {cameras.shape}")
    if len(persons) and persons.min() < 0:
        raise ValueError("persons must be from 0, got distractors; leave them out")
    people = _parted(np.arange(len(persons)), persons)
    if len(people) < (1 if config.sampler == "random" else config.people):
        remedy = f"set it to {len(people)} or less, or " if len(people) >= 2 else ""
        raise InputError(
            f"batch.people is {config.people}, but the images to train on show {len(people)} people; "
            f"{remedy}add images of more people, or hold fewer out with data.held_out"
        )
    by_camera = config.sampler == "camera-aware"
    groups = [_parted(rows, cameras[rows]) if by_camera else [rows] for rows in people]
    return Sampler(config, groups=groups, images=len(persons), seed=seed)


def _parted(rows: Labels, labels: Labels) -> list[Labels]:
    """Rows of equal label, ascending."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order])) + 1
    return np.split(rows[order], starts) if len(rows) else []


def _visits(
    weights: NDArray[np.float64], *, batches: int, people: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Number of batches that each person is in: as their weight, at most all, together batches * people.

    Expected numbers are rounded up or down by systematic sampling: unbiased, and the sum is exact.
    """
    expected = _shared_out(weights, total=batches * people, most=batches)
    order = rng.permutation(len(weights))
    ends = np.floor(np.cumsum(expected[order]) + rng.random())
    ends[-1] = batches * people  # whatever rounding errors have added up to
    visits = np.empty(len(weights), dtype=np.int64)
    visits[order] = np.diff(ends, prepend=0).astype(np.int64)
    return visits


def _shared_out(weights: NDArray[np.float64], *, total: int, most: int) -> NDArray[np.float64]:
    """`total` in proportion to `weights`; what is beyond `most` goes to the others, in proportion again."""
    full = np.zeros(len(weights), dtype=bool)
    while True:
        left = total - most * full.sum()
        shares = np.where(full, most, left * weights / max(weights[~full].sum(), 1.0))
        beyond = (shares > most) & ~full
        if not beyond.any():
            return shares
        full |= beyond


def _spread(
    visits: NDArray[np.int64], *, batches: int, people: int, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    """People of each batch, all different: drawn by how many visits they have left.

    A person with as many left as there are batches must come now; so the last batch is as full as the first.
    """
    left = visits.copy()
    plan = []
    for remaining in range(batches, 0, -1):
        with np.errstate(divide="ignore"):
            keys = np.log(left) + rng.gumbel(size=len(left))  # the highest are a draw without replacement
        keys[left == remaining] = np.inf
        chosen = np.argpartition(keys, len(keys) - people)[len(keys) - people :]
        left[chosen] -= 1
        plan.append(rng.permutation(chosen))
    return plan


def _hands(
    groups: Sequence[Labels], count: int, size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """`count` hands of `size` images of one person; of too few images: all, then repeats."""
    rows = np.concatenate(groups)
    if len(rows) < size:
        return [np.resize(rng.permutation(rows), size) for _ in range(count)]
    decks: list[list[int]] = [[] for _ in groups]
    hands = []
    for _ in range(count):
        quotas = _quotas(np.array([len(group) for group in groups]), size, rng)
        drawn = [
            _draw(deck, group, quota, rng) for deck, group, quota in zip(decks, groups, quotas, strict=True)
        ]
        hands.append(np.array([row for rows in drawn for row in rows], dtype=np.int64))
    return hands


def _quotas(sizes: NDArray[np.int64], size: int, rng: np.random.Generator) -> list[int]:
    """Number of images of each group: one of each in turn, in random order, while it has any left."""
    if len(sizes) == 1:
        return [size]
    turns = [
        (turn, rng.random(), group) for group, held in enumerate(sizes) for turn in range(min(held, size))
    ]
    taken = [group for _, _, group in sorted(turns)[:size]]
    return [taken.count(group) for group in range(len(sizes))]


def _draw(deck: list[int], group: Labels, count: int, rng: np.random.Generator) -> list[int]:
    """Take from the top of a deck; one that is used up is shuffled anew, with what is in the hand at the bottom."""
    drawn = deck[:count]
    del deck[:count]
    if len(drawn) < count:
        fresh = rng.permutation(group).tolist()
        deck += [row for row in fresh if row not in drawn] + drawn
        missing = count - len(drawn)
        drawn = drawn + deck[:missing]
        del deck[:missing]
    return drawn
