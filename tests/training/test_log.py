"""Logs hold each step once, wherever a training was cut off."""

import csv
from pathlib import Path

import numpy as np

from reid.training.figures import BINS, TOTAL, DistanceHistogram, EpochFigures, HeldOutFigures, StepFigures
from reid.training.log import Log


def step(number: int) -> StepFigures:
    return StepFigures(
        step=number,
        epoch=1,
        learning_rate=0.1,
        losses={"triplet": 0.5, TOTAL: 0.5 + number},
        active=0.25,
        grad_norm=1.0,
    )


def epoch(number: int, *, at: int, held_out: HeldOutFigures | None) -> EpochFigures:
    return EpochFigures(
        epoch=number,
        step=at,
        seconds=1.0,
        images_per_s=10.0,
        loader_share=0.0,
        learning_rate=0.1,
        losses={"triplet": 0.5, TOTAL: 1.0},
        active=None,
        grad_norm=1.0,
        held_out=held_out,
        best=held_out is not None,
    )


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8")))


def test_what_came_after_the_saved_state_is_dropped(tmp_path: Path) -> None:
    log = Log(tmp_path, step=0)
    log.steps([step(number) for number in range(1, 8)])
    log.close()
    with (tmp_path / "steps.csv").open("a") as file:
        file.write("8,1,0.")  # a row that a kill cut off
    log = Log(tmp_path, step=5)
    log.steps([step(6), step(7), step(8)])
    log.close()
    assert [int(row["step"]) for row in rows(tmp_path / "steps.csv")] == list(range(1, 9))
    assert {row["loss_total"] for row in rows(tmp_path / "steps.csv")} == {f"{0.5 + n}" for n in range(1, 9)}


def test_an_epoch_without_an_evaluation_has_empty_cells(tmp_path: Path) -> None:
    counts = np.arange(BINS)
    log = Log(tmp_path, step=0)
    log.epoch(epoch(1, at=5, held_out=None), DistanceHistogram(epoch=1, positive=counts, negative=counts * 0))
    found = HeldOutFigures(map=0.5, rank1=0.75, minp=0.25)
    log.epoch(epoch(2, at=10, held_out=found), DistanceHistogram(epoch=2, positive=counts, negative=counts))
    log.close()
    first, second = rows(tmp_path / "epochs.csv")
    assert (first["held_out_map"], first["active"], first["best"]) == ("", "", "0")
    assert (second["held_out_map"], second["held_out_rank1"], second["best"]) == ("0.5", "0.75", "1")
