"""A person erased from gallery and results folder by one command: no byte of them is left, and videos blur them."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.recordings.camera_job import load_camera
from pipelines.reviewing.opening import open_site
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.reviewing.writing import write_again
from pipelines.runtime.progress import reporter
from reid.outputs.folder import ResultsFolder
from reid.types import Tracklet
from tests.pipelines.exporting.test_clips import contrast, frames, recording
from tests.pipelines.reviewing.results import STEP, make_results, put_videos

QUIET = reporter(quiet=True)
SEEN = {"a": {1: 0, 2: 1, 3: 0}, "b": {1: 1, 2: 0}}  # P0001 is 0, P0002 is 1
NAME = "Zoë Quennell"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Reviewed results with annotated videos; P0001 has a name."""
    files = {name: recording(tmp_path / f"{name}.mp4", STEP * len(own)) for name, own in SEEN.items()}
    root = make_results(tmp_path / "day", SEEN, files=files, video=True)
    put_videos(root, b"shows everybody")
    with open_site([root], QUIET) as site:
        site.store.rename(1, NAME)
        write_again(site.runs[0], site.store, QUIET)
    return root


def tracklets(root: Path, camera: str) -> list[Tracklet]:
    found = load_camera(ResultsFolder(root).camera(camera), camera, shift_s=0.0)
    assert found is not None
    return found.tracklets


def traces(root: Path, needles: dict[str, bytes]) -> set[str]:
    """Which of `needles` lie in which files of a folder, byte by byte."""
    return {
        f"{what} in {path.relative_to(root)}"
        for path in root.rglob("*")
        if path.is_file()
        for what, needle in needles.items()
        if needle in path.read_bytes()
    }


def needles_of(root: Path) -> dict[str, bytes]:
    """Bytes that tell of P0001: name, vectors and crops of every tracklet."""
    found = {"name": NAME.encode(), "name in JSON": NAME.encode("ascii", "backslashreplace")}
    for camera, tracks in SEEN.items():
        for own in tracklets(root, camera):
            if tracks[own.track_id] == 0:
                found |= {f"vectors {own.key}": own.embeddings.vectors[0].tobytes()}
                found |= {f"crop {n} {own.key}": crop for n, crop in enumerate(own.crops)}
    return found


def test_no_byte_is_left_and_videos_blur_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needles = needles_of(root)
    before = traces(root, needles)
    assert {line.split(" in ")[0].split()[0] for line in before} == {"name", "vectors", "crop"}
    others = tracklets(root, "a")[1]
    kept = others.crops  # loaded before, read after
    was = list(kept)
    assert main(["gallery", "forget", str(root / "gallery.db"), NAME]) == 0
    told = capsys.readouterr()
    assert traces(root, needles) == set()
    assert not list(root.rglob("*P0001*"))
    assert "P0001" not in (root / "tracklets.csv").read_text()
    assert "P0001" not in (root / "report.html").read_text()
    assert [one.track_id for one in tracklets(root, "a")] == [2]
    assert list(tracklets(root, "a")[0].crops) == was == list(kept)
    for words in (
        "P0001 erased",
        "3 tracklets, with crops, rows and boxes",
        "videos blurred: a, b",
        "recordings themselves",
    ):
        assert words in told.out
    shown = frames(root / "video" / "a.mp4")
    assert len(shown) == 3 * STEP
    contrasts = np.array([contrast(image) for image in shown])
    there = np.zeros(len(shown), dtype=bool)
    there[: 20 + 5] = there[80 - 5 : 100 + 5] = (
        True  # two tracklets of two seconds, half a second around each
    )
    assert contrasts[there].max() < 40, "blurred in every frame"
    assert contrasts[~there].min() > 60, "and the other person in none"


def test_the_page_and_the_command_erase_alike(root: Path) -> None:
    needles = needles_of(root)
    with open_site([root], QUIET) as site:
        site.store.forget(1)
        said = write_again(site.runs[0], site.store, QUIET).sentence
    assert "3 tracklets of erased people erased here too" in said
    assert traces(root, needles) == set()


def test_a_video_that_cannot_be_drawn_again_goes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root.parent / "a.mp4").unlink()
    assert main(["gallery", "forget", str(root / "gallery.db"), "P0001"]) == 0
    assert "removed: video/a.mp4" in capsys.readouterr().out
    assert not (root / "video" / "a.mp4").exists()
    assert (root / "video" / "b.mp4").exists()
    with open_site([root], QUIET) as site:  # nothing else goes later
        site.store.rename(2, "Ann")
        write_again(site.runs[0], site.store, QUIET)
    assert (root / "video" / "b.mp4").exists()


def test_later_videos_blur_them_too(root: Path) -> None:
    assert main(["gallery", "forget", str(root / "gallery.db"), "P0001"]) == 0
    with open_site([root], QUIET) as site:
        person = site.store.people()[0].person_id
        key = next(
            seen.match.tracklet
            for seen in site.store.sightings(person)
            if seen.match.tracklet.camera_id == "a"
        )
        site.store.split(person, [(site.runs[0].run.run_id, key)])
        assert "a" in write_again(site.runs[0], site.store, QUIET).drawn
    contrasts = np.array([contrast(image) for image in frames(root / "video" / "a.mp4")])
    assert contrasts[:25].max() < 40


def test_results_of_a_shared_gallery_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for day, seen in (("monday", {"a": {1: 0, 2: 1}}), ("tuesday", {"a": {1: 0, 2: 2}})):
        make_results(tmp_path / day, seen, gallery=tmp_path / "site.db", run_id=day * 4)
    folders = [str(tmp_path / day) for day in ("monday", "tuesday")]
    copy = shutil.copytree(tmp_path / "tuesday", tmp_path / "copy")
    words = ["gallery", "forget", str(tmp_path / "site.db"), "P0001"]
    assert main([*words, "--results", folders[0], "--results", folders[1]]) == 0
    told = capsys.readouterr().out
    assert told.count("1 tracklet, with crops, rows and boxes") == 2
    for folder in folders:
        assert len(FinishedRun.read(Path(folder)).tracked()["a"].tracklets) == 1
    assert len(FinishedRun.read(copy).tracked()["a"].tracklets) == 2, "what is not named is not touched"


def test_films_and_exported_frames_blur_them(tmp_path: Path) -> None:
    """They come out of the recordings, which still show the person: here in the same place, half a second earlier."""
    files = {"a": recording(tmp_path / "a.mp4", 2 * STEP)}
    root = make_results(tmp_path / "day", {"a": {1: 0, 2: 1}}, files=files, step=5)
    with open_site([root], QUIET):
        pass  # makes the gallery
    coco = ["export", "crops", str(root), "--format", "coco", "--output"]
    clips = [
        "export",
        "clips",
        str(root),
        "--person",
        "P0002",
        "--around_s",
        "0",
        "--blur",
        "none",
        "--output",
    ]

    def seen(name: str) -> list[float]:
        assert main([*coco, str(tmp_path / f"{name}-coco")]) == 0
        assert main([*clips, str(tmp_path / f"{name}.mp4")]) == 0
        images = [cv2.imread(str(path)) for path in (tmp_path / f"{name}-coco").rglob("*.jpg")]
        pixels = [np.asarray(image, dtype=np.uint8) for image in images if image is not None]
        assert len(pixels) >= 3
        return [contrast(image) for image in (*pixels, *frames(tmp_path / f"{name}.mp4"))]

    assert min(seen("before")) > 60
    assert main(["gallery", "forget", str(root / "gallery.db"), "P0001"]) == 0
    assert max(seen("after")) < 40
