"""Objectives of a training go on in another one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.cli.main import main
from tests.training.tiny import crops

TINY = (
    *("--epochs", "1", "--schedule.warmup_epochs", "0", "--data.held_out", "3", "--data.workers", "0"),
    *("--batch.people", "3", "--batch.images", "2", "--network.dimension", "16", "--threads", "1"),
    *("--device", "cpu", "--optimiser.learning_rate", "1e-9", "--data.width", "16"),
)


def state(folder: Path) -> dict[str, torch.Tensor]:
    learner: dict[str, torch.Tensor] = torch.load(folder / "state.pt", weights_only=True)["learner"]
    return learner


@pytest.mark.slow
def test_a_classifier_goes_on_at_another_size(tmp_path: Path) -> None:
    people = crops(tmp_path / "people")
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["train", str(people), *TINY, "--data.height", "32", "--output", str(first)]) == 0
    keys = [key for key in state(first) if key.startswith("objectives.")]
    assert keys
    words = ["train", str(people), *TINY, "--data.height", "48", "--output", str(second), "--seed", "7"]
    words += ["--start-from", str(first / "model.pth"), "--start.objectives", str(first / "state.pt")]
    assert main(words) == 0
    assert f"{len(keys)} tensors of the objectives from" in (second / "model.md").read_text(encoding="utf-8")
    for key in keys:
        np.testing.assert_allclose(state(second)[key], state(first)[key], atol=1e-5)


@pytest.mark.slow
def test_other_people_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, more = crops(tmp_path / "people"), crops(tmp_path / "more", people=12)
    own = tmp_path / "first"
    assert main(["train", str(first), *TINY, "--data.height", "32", "--output", str(own)]) == 0
    words = ["train", str(more), *TINY, "--data.height", "32", "--output", str(tmp_path / "second")]
    assert main([*words, "--start.objectives", str(own / "state.pt")]) == 2
    assert "give both the same people" in capsys.readouterr().err
    assert main([*words, "--start.objectives", str(own / "state.pt"), "--objective", "softmax=0"]) == 2
    assert "only that training has" in capsys.readouterr().err
