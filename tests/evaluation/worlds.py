"""Made-up truth and results for the tests of the scores: random ones, and the demo's truth gone wrong."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reid.evaluation.mot import TrackTable, read_mot, table

DEMO = Path(__file__).parents[2] / "reid" / "demo"
CAMERAS = ("cam1", "cam2", "cam3")


def demo(frames: range = range(1, 541)) -> dict[str, TrackTable]:
    tables = {name: read_mot(DEMO / f"{name}_gt.txt") for name in CAMERAS}
    return {name: tracks.select(np.isin(tracks.frames, frames)) for name, tracks in tables.items()}


def random_camera(
    rng: np.random.Generator, *, frames: int = 12, people: int = 4, spread: float = 60.0
) -> tuple[TrackTable, TrackTable]:
    """People who wander in a crowd, and a result that jitters, misses, invents, splits and swaps."""
    truth_rows, result_rows = [], []
    at = rng.uniform(0, spread, (people, 2))
    names = rng.permutation(people + 3)[:people] + 1
    for frame in range(1, frames + 1):
        at += rng.normal(0, 4, at.shape)
        if rng.random() < 0.1:
            names = rng.permutation(names)
        for person in range(people):
            if rng.random() < 0.85:
                truth_rows.append((frame, person + 1, *at[person]))
            if rng.random() < 0.85:
                result_rows.append((frame, names[person], *(at[person] + rng.normal(0, 5, 2))))
        if rng.random() < 0.2:
            result_rows.append((frame, 99, *rng.uniform(0, spread, 2)))
    return _boxes(truth_rows), _boxes(result_rows)


def _boxes(rows: list[tuple[float, ...]]) -> TrackTable:
    values = np.asarray(rows, dtype=float).reshape(-1, 4)
    corner = values[:, 2:]
    return table(
        values[:, 0].astype(int),
        values[:, 1].astype(int),
        np.hstack([corner, corner + np.array([20.0, 40.0])]),
    )


def random_site(
    rng: np.random.Generator, cameras: int = 3
) -> tuple[dict[str, TrackTable], dict[str, TrackTable]]:
    both = {f"c{index}": random_camera(rng) for index in range(cameras)}
    return {name: truth for name, (truth, _) in both.items()}, {
        name: result for name, (_, result) in both.items()
    }


def spoil(truth: Mapping[str, TrackTable], rng: np.random.Generator) -> dict[str, TrackTable]:
    """Real tracks with a tracker's mistakes: jitter, missed and invented boxes, split and swapped ids."""
    result = {}
    for index, (name, true) in enumerate(sorted(truth.items())):
        ids = true.ids.copy()
        ids[(ids == 1) & (true.frames > 200)] = 20 + index  # split, under another id in each camera
        if name == "cam2":
            ids[ids == 3] = 31  # not linked to the other cameras
        late = true.frames > 300
        ids = np.where(late & (true.ids == 4), 5, np.where(late & (true.ids == 5), 4, ids))  # swapped
        boxes = true.boxes + rng.normal(0, 3, true.boxes.shape).astype(np.float32)
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        kept = np.flatnonzero(rng.random(len(true)) > 0.1)
        ghosts = 50
        corner = rng.uniform(0, 300, (ghosts, 2))
        result[name] = table(
            np.concatenate([true.frames[kept], np.arange(ghosts) * 3 + 1]),
            np.concatenate([ids[kept], np.full(ghosts, 77)]),
            np.concatenate([boxes[kept], np.hstack([corner, corner + np.array([30.0, 90.0])])]),
        )
    return result


def concatenated(tables: Mapping[str, TrackTable], frames: int, *, local_ids: bool = False) -> TrackTable:
    """All cameras as one: each camera's frames after those of the one before, one free frame between them."""
    parts = sorted(tables.items())
    return table(
        np.concatenate([part.frames + index * (frames + 1) for index, (_, part) in enumerate(parts)]),
        np.concatenate([part.ids + 10_000 * index * local_ids for index, (_, part) in enumerate(parts)]),
        np.concatenate([part.boxes for _, part in parts]),
    )
