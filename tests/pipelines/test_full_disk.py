"""Whole jobs on a disk that fills up: one sentence, exit code 2, and the same command goes on once there is room."""

from pathlib import Path

import pytest

from pipelines.cli.main import main
from tests.pipelines.test_benchmark import site as site  # a fixture
from tests.pipelines.test_train import SMALL
from tests.small_disk import small_disk
from tests.training.tiny import crops

pytestmark = pytest.mark.slow
CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REID_ENCODER", raising=False)


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert "Traceback" not in error
    (line,) = [line for line in error.splitlines() if line.startswith("reid: ")]
    return line


def test_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", 2_000) as place:
        output = place.folder / "results"
        words = ["video", str(CASES / "next-segment.mp4"), "--detector", str(CASES / "control-detect.onnx"),
                 "--end", "4", "--fps", "4", "--workers", "1", "--output", str(output)]  # fmt: skip
        filler = place.fill(leave_kib=40)
        assert main(words) == 2
        said = complaint(capsys)
        assert f"{output}/cameras/next-segment." in said
        assert "the disk is full (No space left on device); make room there" in said
        assert not list(output.rglob("*.partial*")), "nothing half is left"
        filler.unlink()
        place.resize(40_000)
        assert main(words) == 0
        assert (output / "identities.json").is_file()


def test_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = crops(tmp_path / "people")
    with small_disk(tmp_path / "disk", 6_000) as place:
        output = place.folder / "out"
        words = ["train", str(people), "--output", str(output), *SMALL]
        assert main(words) == 2
        said = complaint(capsys)
        assert f"{output}/state.pt: the disk is full" in said
        before = {path.name for path in output.iterdir()}
        place.resize(60_000)
        assert main(words) == 0
        assert "going on in epoch" in capsys.readouterr().err or "state.pt" not in before
        assert (output / "model.pth").is_file()


def test_benchmark(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", 100) as place:
        output = place.folder / "out"
        words = ["benchmark", "market1501", "--root", str(site / "data"), "--encoder", str(site / "tiny.onnx"),
                 "--output", str(output), "--resamples", "20"]  # fmt: skip
        assert main(words) == 2
        assert f"{output}/benchmark.html: the disk is full" in complaint(capsys)
        assert not (output / "benchmark.html").exists()
        place.resize(20_000)
        assert main(words) == 0
        assert (output / "benchmark.html").is_file()
