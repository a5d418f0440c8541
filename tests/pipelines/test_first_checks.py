"""What `reid video` and `reid calibrate` notice before anything slow is done."""

import io
from pathlib import Path

import pytest

from pipelines.recordings.frame_counts import warn_of_pace
from pipelines.recordings.linking_policy import choose_policy, open_gallery
from pipelines.runtime.progress import Progress, reporter
from reid.camera_config import SourceConfig, TrackletConfig
from reid.config import LinkingConfig, VideoConfig
from reid.datasets.open import open_crops
from reid.errors import InputError
from reid.video.reader import SourceInfo


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(said: io.StringIO) -> Progress:
    return reporter(out=io.StringIO(), err=said)


def info(fps: float, frames: int, codec: str = "h264") -> SourceInfo:
    return SourceInfo(width=64, height=64, fps=fps, frames=frames, duration_s=frames / fps, codec=codec)


@pytest.mark.parametrize(
    ("recording", "part", "words"),
    [
        (info(25, 5, "images"), SourceConfig(), "only 0.2 s, and tracklets.min_s"),
        (info(25, 1000), SourceConfig(fps=0.4), "frames are 2.5 s apart, and tracklets.max_gap_s"),
        (info(25, 1000), SourceConfig(end_s=0.3), "only 0.3 s"),
        (info(25, 1000), SourceConfig(fps=1), ""),
        (info(25, 14), SourceConfig(), ""),
    ],
)
def test_says_where_nobody_can_be_found(
    recording: SourceInfo, part: SourceConfig, words: str, progress: Progress, said: io.StringIO
) -> None:
    warn_of_pace({"hall": recording}, VideoConfig(source=part), progress)
    assert words in said.getvalue()
    assert bool(said.getvalue()) == bool(words)
    assert ("image_folder_fps" in said.getvalue()) == (recording.codec == "images")


def test_a_gallery_is_no_part_of_one_runs_results(tmp_path: Path) -> None:
    config = VideoConfig(output=tmp_path / "results", gallery=tmp_path / "results" / "site.db")
    with pytest.raises(InputError, match="put it elsewhere"):
        open_gallery(config, "e")
    assert not list(tmp_path.iterdir())


def test_a_split_distance_of_zero_is_one(progress: Progress, tmp_path: Path) -> None:
    config = VideoConfig(tracklets=TrackletConfig(split_distance=0), linking=LinkingConfig(max_distance=0.5))
    assert choose_policy(config, tmp_path / "encoder.onnx", "unknown", progress).split_distance == 0


def test_crops_of_one_camera_calibrate_nothing(tmp_path: Path) -> None:
    for name in ("0001_c1s1_000001_00.jpg", "0002_c1s1_000002_00.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="no person is seen by two cameras"):
        open_crops("market1501", tmp_path)
    (tmp_path / "0002_c2s1_000002_00.jpg").touch()
    assert len(open_crops("market1501", tmp_path)) == 3
