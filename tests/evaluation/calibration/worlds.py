"""Labelled vectors whose truth is known."""

import numpy as np

from reid.distance import unit
from reid.evaluation.calibration.labelled import DISTRACTOR, Items, LabelledCrops


def crops(
    seed: int,
    people: int,
    spread: float,
    *,
    name: str = "made",
    cameras: int = 3,
    each: int = 5,
    extra: int = 0,
) -> LabelledCrops:
    """People in cameras, some crops each; `spread` is how much crops of one person differ; `extra` distractors."""
    rng = np.random.default_rng(seed)
    who = rng.normal(size=(people, 32))
    persons = np.repeat(np.arange(people), cameras * each)
    shown = np.tile(np.repeat(np.arange(cameras), each), people)
    vectors = who[persons] + spread * rng.normal(size=(len(persons), 32))
    vectors = np.concatenate([vectors, rng.normal(size=(extra, 32))]) + 3.0  # 3: what all people share
    persons = np.concatenate([persons, np.full(extra, DISTRACTOR)])
    shown = np.concatenate([shown, rng.integers(0, cameras, extra)])
    passages = np.where(persons < 0, 10**6 + np.arange(len(persons)), persons * cameras + shown)
    return LabelledCrops(
        name=name,
        vectors=unit(vectors.astype(np.float32)),
        persons=persons,
        cameras=shown,
        tracklets=passages,
        camera_names=tuple(f"c{camera + 1}" for camera in range(cameras)),
    )


def items(
    seed: int, people: int, number: int, *, spread: float = 1.0, cameras: int = 3, extra: int = 0
) -> Items:
    """Items at random: some people in one camera only, some twice in it, some vectors equal to others."""
    rng = np.random.default_rng(seed)
    persons = np.concatenate([np.arange(people), rng.integers(0, people, number - people)])
    who = rng.normal(size=(people, 8))
    vectors = who[persons] + spread * rng.normal(size=(number, 8))
    vectors = np.concatenate([vectors, rng.normal(size=(extra, 8))])
    vectors[number // 2] = vectors[0]
    order = rng.permutation(number + extra)
    return Items(
        vectors=unit(vectors.astype(np.float32))[order],
        persons=np.concatenate([persons, np.full(extra, DISTRACTOR)])[order],
        cameras=rng.integers(0, cameras, number + extra),
    )
