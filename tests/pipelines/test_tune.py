"""`reid tune`: a study that goes on, prunes, and leaves a config that `reid train` takes."""

import re
from pathlib import Path

import pytest
import yaml

from pipelines.cli.main import main
from pipelines.settings.loading import load
from reid.training.config import TrainConfig
from tests.pipelines.test_train import SMALL
from tests.training.tiny import crops

SEARCH = ("--search", "optimiser.learning_rate=1e-4..1e-2 log", "--search", "network.pooling=average|gem")
ONLY = ("--search", "loss.triplet.margin=0.1..0.6", "--search", "augment.erase=0..0.8")


@pytest.mark.slow
def test_a_study_goes_on_and_leaves_the_best_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, output = crops(tmp_path / "people"), tmp_path / "out"
    words = ["tune", str(people), "--output", str(output), *SMALL, *SEARCH, *ONLY, "--epochs", "1"]
    assert main([*words, "--trials", "2"]) == 0
    first = capsys.readouterr()
    assert first.err.count("trial ") == 2
    assert main([*words, "--trials", "3"]) == 0
    second = capsys.readouterr()
    assert second.err.count("trial ") == 1
    tried = re.findall(r"trial \d+ \(([^)]*)\)", first.err + second.err)
    assert len(set(tried)) == 3  # a study that goes on does not try again what it has tried
    assert "trainings" in second.out
    best = load(TrainConfig, output / "best.yaml")
    assert 1e-4 <= best.optimiser.learning_rate <= 1e-2
    assert best.network.pooling in ("average", "gem")
    assert best.data.height == 32
    assert best.output == TrainConfig().output
    assert yaml.safe_load((output / "best.yaml").read_text(encoding="utf-8"))["schedule"]["epochs"] == 1


@pytest.mark.slow
def test_another_study_in_the_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people, output = crops(tmp_path / "people"), tmp_path / "out"
    words = ["tune", str(people), "--output", str(output), *SMALL, "--epochs", "1", "--trials", "1"]
    assert main([*words, "--quiet"]) == 0
    assert main([*words, "--quiet", "--network.pooling", "max"]) == 2
    assert "holds a study of other settings or images" in capsys.readouterr().err
    (output / "notes.txt").write_text("mine")
    (output / "study.log.lock").symlink_to(output / "study.log")  # as Optuna leaves it where it is killed
    assert main([*words, "--quiet", "--network.pooling", "max", "--overwrite"]) == 0
    assert {path.name for path in output.iterdir() if path.name[0] != "."} == {
        "study.log",
        "best.yaml",
        "notes.txt",
    }


def test_files_of_the_user_are_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people, output = crops(tmp_path / "people"), tmp_path / "out"
    output.mkdir()
    for name in ("study.log", "best.yaml"):
        (output / name).write_text("mine")
    words = ["tune", str(people), *SMALL, "--epochs", "1", "--trials", "1", "--overwrite", "--output"]
    assert main([*words, str(output)]) == 2
    assert "holds files that reid tune did not write ('best.yaml' and 1 more)" in capsys.readouterr().err
    assert {path.read_text() for path in output.iterdir()} == {"mine"}
    assert main([*words, str(people)]) == 2
    assert "images in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        ("optimiser.learning_rat=1..2", "did you mean optimiser.learning_rate"),
        ("data.height=64..128", "the same for all trainings"),
        ("augment.erase=lots", "LOW..HIGH"),
    ],
)
def test_a_search_that_cannot_be_is_refused_at_once(
    flag: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "nowhere", "--search", flag]) == 2
    assert why in capsys.readouterr().err


def test_what_no_setting_can_mend_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = crops(tmp_path / "people")
    words = ["tune", str(people), "--output", str(tmp_path / "out"), *SMALL, "--start-from", "none.pth"]
    assert main(words) == 2
    assert "none.pth: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out" / "study.log").exists()


def test_a_classifier_of_one_training_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = crops(tmp_path / "people")
    words = ["tune", str(people), "--output", str(tmp_path / "out"), *SMALL]
    assert main([*words, "--start.objectives", str(tmp_path / "state.pt")]) == 2
    assert "start.objectives goes on with the classifier of one training" in capsys.readouterr().err
