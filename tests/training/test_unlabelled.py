"""Batches with unlabelled images, and a training with a teacher from the command line."""

import csv
import json
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.training.config import BatchConfig, TrainConfig
from reid.training.sampling import WithUnlabelled, build_sampler
from tests.training.tiny import crops

PEOPLE, EACH, UNLABELLED = 6, 4, 10
TINY = (
    *("--epochs", "2", "--schedule.warmup_epochs", "0", "--data.height", "32", "--data.width", "16"),
    *("--data.held_out", "3", "--data.workers", "0", "--batch.people", "3", "--batch.images", "2"),
    *("--network.dimension", "16", "--threads", "1", "--device", "cpu"),
)


def sampler() -> WithUnlabelled:
    persons, cameras = np.repeat(np.arange(PEOPLE), 5), np.zeros(PEOPLE * 5, dtype=np.int64)
    labelled = build_sampler(BatchConfig(people=3, images=2), persons=persons, cameras=cameras, seed=1)
    return WithUnlabelled(labelled, first=len(persons), images=UNLABELLED, each=EACH, seed=1)


def test_unlabelled_images_stand_behind_the_labelled_and_come_equally_often() -> None:
    plan = sampler()
    shown = np.zeros(UNLABELLED, dtype=int)
    for epoch in range(8):
        batches = plan.epoch(epoch)
        assert len(batches) == len(plan) == 5
        for rows in batches:
            assert len(rows) == plan.batch == 10
            assert (rows[:6] < PEOPLE * 5).all()
            np.add.at(shown, rows[6:] - PEOPLE * 5, 1)
    assert shown.sum() == 8 * 5 * EACH
    assert shown.max() - shown.min() <= 1


def test_an_epoch_is_a_function_of_seed_and_number() -> None:
    first, again = sampler(), sampler()
    list(chain.from_iterable(first.epoch(number) for number in range(3)))
    for one, other in zip(first.epoch(4), again.epoch(4), strict=True):
        assert (one == other).all()


def test_a_teacher_gives_distillation_the_weight_1() -> None:
    assert TrainConfig.model_validate({"teachers": ["a.pth"]}).loss.objectives == {
        "triplet": 1.0,
        "softmax": 1.0,
        "distillation": 1.0,
    }
    own = {"teachers": ["a.pth"], "loss": {"objectives": {"distillation": 0.3}}}
    assert TrainConfig.model_validate(own).loss.objectives == {"distillation": 0.3}


@pytest.mark.slow
def test_a_student_comes_to_agree_with_its_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trains a teacher, then a student on its vectors of labelled and unlabelled images, without identities."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    people, others = crops(tmp_path / "people"), crops(tmp_path / "others", people=5, seed=3)
    assert main(["train", str(people), *TINY, "--output", str(tmp_path / "teacher")]) == 0
    words = [
        "train",
        str(people),
        f"unlabelled={others}",
        "--teacher",
        str(tmp_path / "teacher" / "model.pth"),
        *TINY,
    ]
    words += ["--objective", "softmax=0", "--objective", "triplet=0", "--epochs", "6", "--seed", "5"]
    capsys.readouterr()
    assert main([*words, "--output", str(tmp_path / "whole")]) == 0
    assert "unlabelled images" in capsys.readouterr().out
    with (tmp_path / "whole" / "epochs.csv").open(newline="") as file:
        losses = [float(row["loss_distillation"]) for row in csv.DictReader(file)]
    assert losses[-1] < 0.8 * losses[0]
    card = json.loads((tmp_path / "whole" / "model.json").read_text())
    assert [one["name"] for one in card["recipe"]["objectives"]] == ["distillation"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--objective", "distillation=1"], "needs a teacher"),
        (["unlabelled=none"], "none: no such folder"),
    ],
    ids=["no teacher", "no folder"],
)
def test_what_cannot_be_learned_from_is_said(
    more: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = crops(tmp_path / "people")
    assert main(["train", str(people), *more, *TINY, "--output", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err


def test_unlabelled_images_want_a_teacher_and_labelled_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, others = crops(tmp_path / "people"), crops(tmp_path / "others", seed=2)
    out = ["--output", str(tmp_path / "out")]
    assert main(["train", str(people), f"unlabelled={others}", *TINY, *out]) == 2
    assert "teach nothing without a teacher" in capsys.readouterr().err
    assert main(["train", f"unlabelled={others}", "--teacher", "shipped:reid-lite0-float", *TINY, *out]) == 2
    assert "all sources are unlabelled" in capsys.readouterr().err
