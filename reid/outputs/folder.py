"""Paths in the results folder of one run. Its owner is decided where it is opened for writing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reid.errors import InputError
from reid.outputs.artefact import crops_beside
from reid.types import person_name

LAYOUT = 1  # changes whenever files of older runs could not be resumed
_UNSAFE = re.compile(r'[\x00-\x1f\x7f%/\\:*?"<>|]|^[. ]|[. ]$')
ALSO = "also"  # holds a folder for each writer that another package adds
# what each switch of `reid.config.OutputConfig` writes, by its first name in the folder
KINDS = {
    "video": "video",
    "tracks": "tracks",
    "crops": "crops",
    "identities.json": "tables",
    "tracklets.csv": "tables",
    "tracklets.parquet": "tables",
    "zones.csv": "tables",
    "static.json": "tables",
    "static": "tables",
    "report.html": "report",
    "scores.json": "scores",  # of `reid evaluate`
}


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
    """Paths of a results folder; nothing on the disk is touched."""

    root: Path

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
        """Path of one crop of a person."""
        return self.crops / person_name(person_id) / f"{file_stem(camera_id)}_{track_id}_{number}.jpg"

    def also(self, writer: str) -> Path:
        """The folder of a writer that another package adds."""
        return self.root / ALSO / writer

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
    def zones_csv(self) -> Path:
        """Stays in zones and crossings of lines; there where there are zones or lines."""
        return self.root / "zones.csv"

    @property
    def static_things(self) -> Path:
        """Path of the static things that were left out; crops of them lie in `static/`."""
        return self.root / "static.json"

    @property
    def run(self) -> Path:
        return self.root / "run.json"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    def kind(self, path: Path) -> str | None:
        """The switch that a file belongs to, or `also/WRITER`; None: every run writes it."""
        first, *rest = path.relative_to(self.root).parts
        return f"{ALSO}/{rest[0]}" if first == ALSO and rest else KINDS.get(first)

    def fixed(self, cameras: Sequence[str], kinds: Sequence[str]) -> list[Path]:
        """The files of a run that are known before it begins: all but the crops of people."""
        files = [self.run]
        for camera in cameras:
            artefact = self.camera(camera)
            files += [artefact, crops_beside(artefact), self.video(camera), self.tracks(camera)]
        files += [
            self.identities,
            self.tracklets_csv,
            self.tracklets_parquet,
            self.zones_csv,
            self.static_things,
            self.report,
        ]
        return [path for path in files if (kind := self.kind(path)) is None or kind in kinds]
