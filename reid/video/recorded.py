"""Recording times of one camera's files, and the order that they give."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from reid.camera_config import SourceConfig
from reid.video.file_facts import file_facts
from reid.video.name_time import time_in_name
from reid.video.reader import wanted_of
from reid.video.source import Source, image_files_of
from reid.wall_clock import zone_of

GIVEN, CONTAINER, NAME, EITHER = "source.started_at", "container", "file name", "container or file name"
_SLACK_S = 1.0  # names and containers count in whole seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTime:
    """Recording time of one file by its container and its name; Unix time, None where there is none."""

    path: Path
    length_s: float
    container_s: float | None = None
    name_s: float | None = None
    unclear: str = ""  # a date in its name that may be read in two ways

    def by(self, kind: str) -> float | None:
        """The start by one kind of evidence."""
        container_s = None if kind == NAME else self.container_s
        return self.name_s if container_s is None and kind != CONTAINER else container_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One camera's files by time, and the evidence for it."""

    kind: str
    files: tuple[Path, ...]
    begins_s: tuple[float, ...]  # Unix time
    end_s: float

    def moved_to(self, start_s: float) -> "Timeline":
        """Move to a start that was given, with the same steps between files."""
        shift_s = start_s - self.begins_s[0]
        begins_s = tuple(begin_s + shift_s for begin_s in self.begins_s)
        return replace(self, kind=GIVEN, begins_s=begins_s, end_s=self.end_s + shift_s)


def find(source: Source, config: SourceConfig) -> list[RecordedTime]:
    """Recording times of every video file, or of the first image, of which the others follow at a set rate."""
    if source.is_images:
        images = image_files_of(source)
        length_s = len(images) / config.image_folder_fps
        said = [
            _named(RecordedTime(path=path, length_s=length_s), config)
            for path in (images[0], source.files[0])
        ]
        return [next((one for one in said if one.name_s is not None), said[0])]
    found = []
    for path in source.files:
        facts = file_facts(path, config.raw_fps, wanted_of(source, config, path))
        one = RecordedTime(path=path, length_s=facts.about_s, container_s=_unix_s(facts.created, config))
        found.append(_named(one, config))
    return found


def _named(found: RecordedTime, config: SourceConfig) -> RecordedTime:
    said = time_in_name(found.path.name if found.path.is_dir() else found.path.stem)
    if said is None:
        return found
    return replace(found, name_s=_unix_s(said.at, config), unclear="" if said.at else said.text)


def _unix_s(moment: datetime | None, config: SourceConfig) -> float | None:
    """A moment's Unix time; without a zone it is one of `config.timezone`."""
    if moment is None:
        return None
    zone = zone_of(config.timezone)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None and zone else moment).timestamp()


def timelines(found: Sequence[RecordedTime]) -> dict[str, Timeline]:
    """The camera's files by time, by every kind of evidence that all of them have and that may be true."""
    lines = {}
    for kind in (CONTAINER, NAME, EITHER):
        timed = [(begin_s, one) for one in found if (begin_s := one.by(kind)) is not None]
        if len(timed) == len(found) and _apart(timed := sorted(timed, key=lambda pair: pair[0])):
            lines[kind] = Timeline(
                kind=kind,
                files=tuple(one.path for _, one in timed),
                begins_s=tuple(begin_s for begin_s, _ in timed),
                end_s=max(begin_s + one.length_s for begin_s, one in timed),
            )
    return lines


def _apart(timed: Sequence[tuple[float, RecordedTime]]) -> bool:
    """Whether no file lies over half of another: those of one camera cannot, times of exports do."""
    for (before_s, before), (after_s, after) in pairwise(timed):
        over_s = before_s + before.length_s - after_s
        if over_s > max(_SLACK_S, min(before.length_s, after.length_s) / 2) or after_s == before_s:
            return False
    return True
