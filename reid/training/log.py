"""Figures as they come: CSV files that any program reads, and TensorBoard."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from reid import disk
from reid.cache import replacing
from reid.errors import InputError
from reid.training.figures import EDGES, DistanceHistogram, EpochFigures, StepFigures


class Log:
    """`steps.csv`, `epochs.csv`, `distances.csv` and the folder `tensorboard` of one training.

    Args:
        step: the training's; what an interrupted one has logged beyond its last saved state is dropped.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._steps = _Table(folder / "steps.csv", step)
        self._epochs = _Table(folder / "epochs.csv", step)
        self._distances = _Table(folder / "distances.csv", step)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)

    def steps(self, figures: list[StepFigures]) -> None:
        """Append one row a step."""
        for one in figures:
            row = {
                "step": one.step,
                "epoch": one.epoch,
                "learning_rate": one.learning_rate,
                "grad_norm": one.grad_norm,
                "active": one.active,
                **_prefixed("loss", one.losses),
            }
            self._steps.add(row)
            self._scalars("step", row, one.step)
        self._steps.flush()

    def epoch(self, one: EpochFigures, distances: DistanceHistogram) -> None:
        """Append one row an epoch, and the distances of the pairs of its batches."""
        held_out = one.held_out
        row = {
            "step": one.step,
            "epoch": one.epoch,
            "seconds": round(one.seconds, 2),
            "images_per_s": round(one.images_per_s, 2),
            "loader_share": round(one.loader_share, 5),
            "learning_rate": one.learning_rate,
            "grad_norm": one.grad_norm,
            "active": one.active,
            **_prefixed("loss", one.losses),
            "held_out_map": None if held_out is None else held_out.map,
            "held_out_rank1": None if held_out is None else held_out.rank1,
            "held_out_minp": None if held_out is None else held_out.minp,
            "best": int(one.best),
        }
        self._epochs.add(row)
        self._epochs.flush()
        self._scalars("epoch", row, one.step)
        bins = zip(
            EDGES[:-1], EDGES[1:], distances.positive.tolist(), distances.negative.tolist(), strict=True
        )
        for low, high, positive, negative in bins:
            counts = {"from": f"{low:.2f}", "to": f"{high:.2f}", "positive": positive, "negative": negative}
            self._distances.add({"step": one.step, "epoch": one.epoch, **counts})
        self._distances.flush()
        for name, found in (("positive", distances.positive), ("negative", distances.negative)):
            if found.sum():
                centres = (EDGES[:-1] + EDGES[1:]) / 2
                self._board.add_histogram_raw(
                    f"distance/{name}",
                    min=float(EDGES[0]),
                    max=float(EDGES[-1]),
                    num=int(found.sum()),
                    sum=float(found @ centres),
                    sum_squares=float(found @ centres**2),
                    bucket_limits=EDGES[1:].tolist(),
                    bucket_counts=found.tolist(),
                    global_step=one.step,
                )
        self._board.flush()

    def close(self) -> None:
        """No more figures come."""
        self._board.close()

    def _scalars(self, group: str, row: Mapping[str, Any], step: int) -> None:
        for name, value in row.items():
            if value is not None and name not in ("step", "epoch", "best"):
                self._board.add_scalar(f"{group}/{name}", value, step)


class _Table:
    """A CSV file that rows are added to; its columns are those of the first row."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        kept = []
        if path.is_file():
            try:
                with path.open(encoding="utf-8", newline="") as file:
                    # a program that was killed may have left half a row
                    kept = [row for row in csv.DictReader(file) if _whole(row) and int(row["step"]) <= step]
            except (KeyError, ValueError, csv.Error) as error:
                raise InputError(
                    f"{path}: damaged ({type(error).__name__}: {error}); take it away, or train anew with --overwrite"
                ) from None
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            if kept:
                writer = csv.DictWriter(file, list(kept[0]))
                writer.writeheader()
                writer.writerows(kept)
        self._columns = list(kept[0]) if kept else None
        self._waiting: list[Mapping[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        self._waiting.append(row)

    def flush(self) -> None:
        if not self._waiting:
            return
        with disk.naming(self._path), self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self._columns or list(self._waiting[0]))
            if self._columns is None:
                writer.writeheader()
                self._columns = list(self._waiting[0])
            writer.writerows(self._waiting)
        self._waiting = []


def _whole(row: Mapping[str, str | None]) -> bool:
    return None not in row and None not in row.values() and (row["step"] or "").isdecimal()


def _prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in values.items()}
