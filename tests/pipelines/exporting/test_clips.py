"""`reid export clips`: one person's appearances as a film, other people blurred."""

from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.cli.main import main
from reid.types import Image
from reid.video.writer import VideoWriter
from tests.pipelines.reviewing.results import LENGTH, STEP, make_results

# all boxes of a camera lie at 100, 100, 140, 200; one person after the other, 2 s each with 2 s between them
SEEN = {"a": {1: 0, 2: 1, 3: 0}, "b": {1: 1}}
PERSON = (slice(115, 185), slice(112, 128))  # well inside a box


def pattern() -> Image:
    """Stripes that a mosaic cannot keep, and that H.264 can: bands of eight pixels, over a frame of 320 x 240."""
    bands = (np.arange(240) // 8 % 2 * 200 + 20).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(bands[:, None, None], (240, 320, 3)))


def contrast(image: Image, part: tuple[slice, slice] = PERSON) -> float:
    """Standard deviation of rows: 100 of the pattern, near nothing of its mosaic."""
    return float(image[part].mean(axis=(1, 2)).std())


def recording(path: Path, frames: int) -> Path:
    with VideoWriter(path, fps_hint=10, crf=10) as writer:
        for number in range(frames):
            writer.write(pattern(), number / 10)
    return path


def frames(path: Path) -> list[Image]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    files = {"a": recording(folder / "a.mp4", 3 * STEP), "b": recording(folder / "b.mp4", STEP)}
    return make_results(folder / "day", SEEN, files=files)


def film(root: Path, output: Path, *words: str) -> list[Image]:
    assert main(["export", "clips", str(root), "--output", str(output), *words]) == 0
    return frames(output)


def test_appearances_follow_each_other(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = film(root, tmp_path / "p.mp4", "--person", "P0001", "--around_s", "0.5", "--blur", "none")
    # 0 to 1.9 s and 8 to 9.9 s, half a second around each, from the beginning of the recording on; ends are not shown
    assert len(shown) == (LENGTH - 1) + 5 + 5 + (LENGTH - 1) + 5
    told = capsys.readouterr()
    assert "P0001, 2 of 2 appearances" in told.out + told.err
    assert "00:00:07.5" in told.out + told.err
    assert f"{len(shown)} frames, blurred: none: {tmp_path / 'p.mp4'}" in told.out
    with av.open(str(tmp_path / "p.mp4")) as one:
        times = [float(frame.pts * frame.time_base) for frame in one.decode(video=0)]
    assert np.diff(times).max() == pytest.approx(0.5, abs=0.01), "the hours between two appearances are cut"


def test_others_are_blurred_in_every_frame_and_the_person_in_none(root: Path, tmp_path: Path) -> None:
    shown = film(root, tmp_path / "p.mp4", "--person", "P0001", "--around_s", "3.1")
    # the two appearances touch; the other person is there from 4 to 5.9 s, and half a second before and after
    times = np.arange(len(shown)) / 10
    assert len(shown) == 3 * STEP
    other = (times >= 3.5) & (times <= 6.4)
    contrasts = np.array([contrast(image) for image in shown])
    assert contrasts[other].max() < 40
    assert contrasts[~other].min() > 80
    elsewhere = [contrast(image, (slice(20, 80), slice(200, 300))) for image in shown]
    assert min(elsewhere) > 80, "the rest of the frame stays"


def test_nothing_but_the_person(root: Path, tmp_path: Path) -> None:
    shown = film(root, tmp_path / "p.mp4", "--person", "2", "--blur", "surroundings", "--around_s", "0.3")
    elsewhere = [contrast(image, (slice(60, 220), slice(200, 300))) for image in shown]
    assert max(elsewhere) < 60
    assert len(shown) == (LENGTH - 1) + 6 + (LENGTH - 1) + 3
    inside = np.array([contrast(image) for image in shown])
    assert (inside > 80).sum() == 2 * LENGTH
    all_blurred = film(root, tmp_path / "q.mp4", "--person", "2", "--blur", "all", "--around_s", "0")
    assert max(contrast(image) for image in all_blurred) < 40


def test_what_cannot_be_shown_is_a_sentence(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "clips", str(root)]
    assert main([*words, "--person", "Ann"]) == 2
    assert f"--person 'Ann': not in {root}; there are P0001, P0002" in capsys.readouterr().err
    mine = tmp_path / "mine.mp4"
    mine.write_bytes(b"mine")
    assert main([*words, "--person", "P0001", "--output", str(mine)]) == 2
    assert "is there already; name another file, or replace it with --overwrite" in capsys.readouterr().err
    assert mine.read_bytes() == b"mine"
    assert main([*words, "--person", "P0001", "--output", str(mine), "--overwrite", "--blur", "none"]) == 0
    assert len(frames(mine)) > 40
    gone = make_results(
        tmp_path / "gone", SEEN, files={"a": tmp_path / "none.mp4", "b": root.parent / "b.mp4"}
    )
    assert main(["export", "clips", str(gone), "--person", "P0001", "--output", str(tmp_path / "x.mp4")]) == 2
    assert "no appearance can be shown: a of" in capsys.readouterr().err
    assert not (tmp_path / "x.mp4").exists()
    assert main(["export", "clips", str(gone), "--person", "P0002", "--output", str(tmp_path / "y.mp4")]) == 0
    told = capsys.readouterr()
    assert "not in the film: a of" in told.err
    assert "1 of 2 appearances" in told.out
