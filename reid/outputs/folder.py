"""The results folder of one run: what lies where, and whose files they are.

A marker file, written before anything else, names the run by its key (content and config). With it an
interrupted run is told from another run's results, and both from a user's folder that only looks alike.
"""

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reid import json_text
from reid.errors import InputError
from reid.outputs import atomic
from reid.outputs.artefact import crops_beside
from reid.types import person_name

MARKER = ".reid-run.json"
LAYOUT = 1  # changes whenever files of older runs could not be resumed
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers leave in an empty folder
_UNSAFE = re.compile(r'[\x00-\x1f\x7f%/\\:*?"<>|]|^[. ]|[. ]$')
_PERSON_FOLDER = re.compile(r"P\d{4,}")
_CROP = re.compile(r".+_\d+_\d+\.jpg")


def file_stem(camera_id: str) -> str:
    """A camera's name as a file name: itself, percent codes for what file systems dislike; one to one."""
    stem = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", camera_id)
    if len(stem.encode()) > 180:  # 255 bytes is the usual limit, and tracks and suffixes are added
        stem = stem.encode()[:150].decode(errors="ignore") + "%" + sha256(camera_id.encode()).hexdigest()[:16]
    if not stem:
        raise InputError("a camera needs a name: give it one with name=path")
    return stem


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """Paths of everything in a results folder. `open` claims it; this alone touches nothing on disk."""

    root: Path

    @classmethod
    def open(
        cls, root: Path, *, run_key: str, cameras: Sequence[str], overwrite: bool = False
    ) -> "ResultsFolder":
        """Claims `root` for the run: made if absent, resumed if the run was here before, emptied if allowed.

        Overwriting removes what the other run wrote and nothing else. Artefacts of `cameras` stay: each names
        the content and the settings that it came from, so a run that only links otherwise can use them again.

        Raises:
            InputError: the folder holds another run's results and not `overwrite`, or files of someone else.
        """
        folder = cls(root)
        try:
            marker = folder._claim(run_key, cameras, overwrite)
            folder._sweep(cameras)
            if marker is None or marker["run_key"] != run_key or marker["layout"] != LAYOUT:
                new = {"run_key": run_key, "layout": LAYOUT, "cameras": list(cameras)}
                atomic.write_text(root / MARKER, json_text.dumps(new))
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"cannot write results to {root}: {reason}; choose another --output") from error
        return folder

    def camera(self, camera_id: str) -> Path:
        """The artefact of a finished camera; its crops lie beside it (`artefact.crops_beside`)."""
        return self.root / "cameras" / f"{file_stem(camera_id)}.npz"

    def video(self, camera_id: str) -> Path:
        """The annotated video."""
        return self.root / "video" / f"{file_stem(camera_id)}.mp4"

    def tracks(self, camera_id: str) -> Path:
        """MOTChallenge lines."""
        return self.root / "tracks" / f"{file_stem(camera_id)}.txt"

    def crop(self, person_id: int, camera_id: str, track_id: int, number: int) -> Path:
        """One picture of a person."""
        return self.crops / person_name(person_id) / f"{file_stem(camera_id)}_{track_id}_{number}.jpg"

    @property
    def crops(self) -> Path:
        return self.root / "crops"

    @property
    def identities(self) -> Path:
        return self.root / "identities.json"

    @property
    def tracklets_csv(self) -> Path:
        return self.root / "tracklets.csv"

    @property
    def tracklets_parquet(self) -> Path:
        return self.root / "tracklets.parquet"

    @property
    def run(self) -> Path:
        return self.root / "run.json"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    def remove_crops(self) -> None:
        """Removes the pictures, which another linking of the same tracklets would leave under wrong names."""
        for person in self._person_folders():
            _remove(path for path in person.iterdir() if _CROP.fullmatch(path.name))
            _remove_if_empty(person)
        _remove_if_empty(self.crops)

    def _claim(self, run_key: str, cameras: Sequence[str], overwrite: bool) -> dict[str, Any] | None:
        """The marker that is there, or None in a folder that is free; makes room if that is allowed."""
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"--output {self.root} is a file; name a folder")
        self.root.mkdir(parents=True, exist_ok=True)
        marker = self._marker()
        if marker is None:
            foreign = sorted(path.name for path in self.root.iterdir() if not _is_litter(path))
            if foreign:
                more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
                raise InputError(
                    f"--output {self.root} holds files that are not results of reid ({foreign[0]!r}{more}); "
                    "name a new or empty folder"
                )
        elif marker["run_key"] != run_key or marker["layout"] != LAYOUT:
            if not overwrite:
                raise InputError(
                    f"--output {self.root} holds another run's results; "
                    "name another folder, or replace them with --overwrite"
                )
            self._remove_results(marker["cameras"], keep=cameras)
        return marker

    def _marker(self) -> dict[str, Any] | None:
        """Which run the folder belongs to; `run.json` tells where hidden files were not copied."""
        for path in (self.root / MARKER, self.run):
            with suppress(OSError, ValueError):
                content = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(content, dict) and isinstance(content.get("run_key"), str):
                    cameras = [str(camera) for camera in content.get("cameras") or ()]
                    layout = content.get("layout", LAYOUT)
                    return {"run_key": content["run_key"], "layout": layout, "cameras": cameras}
        return None

    def _remove_results(self, cameras: Sequence[str], *, keep: Sequence[str]) -> None:
        """Removes a run's own files but the artefacts of the cameras to keep.

        The marker and run.json go last, so that a kill leaves the folder ours.
        """
        self.remove_crops()
        for camera in filter(None, cameras):
            _remove([self.video(camera), self.tracks(camera)])
            if camera not in keep:
                _remove([self.camera(camera), crops_beside(self.camera(camera))])
        for name in ("cameras", "video", "tracks"):
            _remove_if_empty(self.root / name)
        _remove([self.identities, self.tracklets_csv, self.tracklets_parquet, self.report, self.run])

    def _sweep(self, cameras: Sequence[str]) -> None:
        """Removes what a killed run was in the middle of writing: also crops whose arrays never came."""
        for camera in cameras:
            if not self.camera(camera).exists():
                _remove([crops_beside(self.camera(camera))])
        own = [self.root / name for name in ("cameras", "video", "tracks")]
        for folder in (self.root, *own, *self._person_folders()):
            if folder.is_dir():
                _remove(path for path in folder.iterdir() if atomic.is_partial(path))

    def _person_folders(self) -> list[Path]:
        if not self.crops.is_dir():
            return []
        return [
            path for path in self.crops.iterdir() if _PERSON_FOLDER.fullmatch(path.name) and path.is_dir()
        ]


def _is_litter(path: Path) -> bool:
    return path.name in _LITTER or atomic.is_partial(path)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # absent, or holds something that is not ours
        folder.rmdir()
