"""The videos of results folders: the annotated one of a camera, else its recording."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from reid.errors import InputError
from reid.outputs.folder import ResultsFolder
from reid.results_files import recorded_path
from reid.review.records import ResultsAtHand

# what a browser may be sent: a run.json of a stranger must not name other files of this machine
TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".mts": "video/mp2t",
    ".ts": "video/mp2t",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A video file of a camera."""

    path: Path
    begins_s: float  # its first frame, on the run's clock
    annotated: bool
    size: tuple[int, int] | None  # width and height of the frames that boxes are in; None: not known

    @property
    def media_type(self) -> str:
        return TYPES[self.path.suffix.lower()]


class _Facts(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class _File(_Facts):
    file: Path
    begins_s: float | None = None


class _Camera(_Facts):
    width: int | None = None
    height: int | None = None
    start_s: float = 0.0
    files: list[_File] = []


class _Source(_Facts):
    start_s: float = 0.0


class _Config(_Facts):
    source: _Source = _Source()
    output: Path | None = None


class _Run(_Facts):
    """What is read of run.json."""

    cameras: dict[str, _Camera] = {}
    config: _Config = _Config()


class ReviewVideos:
    """The videos of some results folders, looked for when they are asked for: they may be written meanwhile."""

    def __init__(self, results: Sequence[ResultsAtHand]) -> None:
        self._roots = {one.run_id[:12]: one.root for one in results}

    def find(self, run: str, camera_id: str) -> list[Video]:
        """The videos of a camera in order of time; none where neither results nor recording are at hand.

        Args:
            run: the id of the run, or its first 12 characters.
        """
        root = self._roots.get(run[:12])
        if root is None:
            return []
        told = _read(root / "run.json")
        camera = told.cameras.get(camera_id, _Camera())
        size = (camera.width, camera.height) if camera.width and camera.height else None
        annotated = ResultsFolder(root).video(camera_id)
        if annotated.is_file():
            begins_s = camera.start_s + told.config.source.start_s
            return [Video(path=annotated, begins_s=begins_s, annotated=True, size=size)]
        return list(_recordings(root, camera, size, told.config.output))

    def at(self, run: str, camera_id: str, time_s: float) -> tuple[int, Video] | None:
        """The video that shows a moment of the run's clock, and its number; None: there is none."""
        found = self.find(run, camera_id)
        begun = [number for number, video in enumerate(found) if video.begins_s <= time_s]
        return (number := begun[-1] if begun else 0, found[number]) if found else None


def _recordings(
    root: Path, camera: _Camera, size: tuple[int, int] | None, output: Path | None
) -> Iterator[Video]:
    for number, one in enumerate(camera.files):
        if one.begins_s is None and number > 0:
            return  # it is not known when the files after the first one begin
        path = recorded_path(root, one.file, output)
        if path.suffix.lower() in TYPES and path.is_file():
            yield Video(
                path=path, begins_s=camera.start_s + (one.begins_s or 0.0), annotated=False, size=size
            )


def _read(path: Path) -> _Run:
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        return _Run()
    return _read_once(path, stamp)


@cache
def _read_once(path: Path, _stamp: int) -> _Run:
    try:
        return _Run.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise InputError(f"{path}: cannot be read ({error}); repeat its reid video command") from None
