"""Settings under their former names: read for one version, with one warning."""

import json
from pathlib import Path

import pytest

from pipelines.cli.main import main, parse
from pipelines.settings.loading import load
from pipelines.settings.renamed import under_former_names
from pipelines.training.folder import NOT_COMPARED, TrainingFolder
from pipelines.training.tune_config import TuneConfig
from reid import json_text
from reid.config import CalibrateConfig
from reid.errors import InputError
from reid.training.config import TrainConfig

WRITE = "write that, for the next version does not read the former name"


def test_a_file_is_read_under_a_former_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("batch:\n  people: 5\n  pictures: 7\n")
    config = load(TrainConfig, path)
    assert (config.batch.people, config.batch.images) == (5, 7)
    assert caplog.messages == [f"{path}: batch.pictures is called batch.images now; {WRITE}"]


def test_flags_are_read_under_former_names_and_warned_of_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--print-config", "--batch.pictures", "2", "--batch.pictures=6"]) == 0
    said = capsys.readouterr()
    assert "\n  images: 6\n" in said.out
    assert said.err == f"reid: --batch.pictures is called --batch.images now; {WRITE}\n"


@pytest.mark.parametrize(("flag", "drawn"), [("--no-picture", False), ("--picture", True)])
def test_a_switch_is_read_under_its_former_name(
    flag: str, drawn: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = parse(["calibrate", "people", flag])
    assert not isinstance(made, str)
    assert isinstance(made.config, CalibrateConfig)
    assert made.config.chart is drawn
    assert caplog.messages == [f"--picture is called --chart now; {WRITE}"]


def test_programs_read_the_warning_as_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("batch: {pictures: 3}\n")
    assert main(["train", "--config", str(path), "--print-config", "--log-format", "json"]) == 0
    said = json.loads(capsys.readouterr().err)
    assert said["level"] == "warning"
    assert said["message"] == f"{path}: batch.pictures is called batch.images now; {WRITE}"


def test_todays_names_are_not_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("batch: {images: 3}\n")
    assert main(["train", "--config", str(path), "--batch.images", "2", "--print-config"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "text", ["batch: {images: 3, pictures: 4}", "batch.pictures: 4", "chart: true", "batch: 4"]
)
def test_what_is_no_former_name_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(text + "\n")
    with pytest.raises(InputError, match=r"train\.yaml: (batch|chart)"):
        load(TrainConfig, path)


def test_a_search_takes_a_former_name(capsys: pytest.CaptureFixture[str]) -> None:
    made = parse(["tune", "people", "--search", "batch.pictures=2..8"])
    assert not isinstance(made, str)
    assert isinstance(made.config, TuneConfig)
    assert (made.config.space()["batch.images"].low, made.config.space()["batch.images"].high) == (2, 8)


def test_trainings_of_before_go_on(tmp_path: Path) -> None:
    """The fingerprint of a training is what it was when the setting had its former name."""
    config = TrainConfig()
    settings = config.model_dump(mode="json", exclude=NOT_COMPARED)
    batch = {("pictures" if name == "images" else name): value for name, value in settings["batch"].items()}
    before = json_text.digest([settings | {"batch": batch}, "data"])
    assert TrainingFolder(tmp_path).fingerprint(config, "data") == before
    assert under_former_names({"chart": True}) == {"picture": True}


def test_help_shows_todays_names_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert CalibrateConfig().chart
    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    shown = capsys.readouterr().out
    assert "--[no-]chart" in shown
    assert "picture" not in shown
