"""The folder of clips. Each has a JSON file beside it that says which people it shows, so that it can be found again.

Only clips that the program wrote are read, changed or deleted. A clip whose JSON cannot be read may show any person.
It is moved to a folder of its own, not deleted, and every erasure names it.
"""

import itertools
import logging
import math
import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from reid.cache import write_text
from reid.errors import InputError
from reid.live.views.clip import ClipFrame, ClipLabel, Told
from reid.owned_files import OwnedFiles
from reid.types import person_name
from reid.video.writer import VideoWriter

log = logging.getLogger(__name__)

MIB = 2**20
ASIDE = "unreadable"  # the folder of those put aside, within that of the clips
_NAME = re.compile(r"\d{8}T\d{6}-.+\.(mp4|json)")


class _Stopped(Exception):
    """A clip is not to be finished."""


class ClipFolder:
    """What one thread does in the folder; files of others are left alone.

    Args:
        files: of the output folder, which the clips' lies in.
        most_mib: of all clips, the latest excepted.
    """

    keeps = "clips"

    def __init__(self, folder: Path, files: OwnedFiles, *, most_mib: float = math.inf) -> None:
        self._folder, self._files, self._most_bytes = folder, files, most_mib * MIB
        self._known: dict[Path, ClipLabel] = {}  # of this run, without events: what may still be learned of
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            advice = "name a folder for results that can be written to"
            raise InputError(f"{folder}: clips cannot be kept there ({error.strerror}); {advice}") from error

    def write(
        self, label: ClipLabel, frames: Sequence[ClipFrame], stop: threading.Event, ahead_s: float = 0.0
    ) -> bool:
        """Write a clip; False where it was stopped, and nothing is left of it.

        Args:
            label: with times on the clock that `learn` goes by.
            ahead_s: of the wall clock, to that one.

        Raises:
            InputError: the clip cannot be written.
            OSError: the same, or an old clip that was to make room for it cannot be deleted.
        """
        if stop.is_set():
            return False
        dated = {"begun_s": label.begun_s + ahead_s, "ended_s": label.ended_s + ahead_s}
        on_disk = label.model_copy(update=dated)
        path, written = self._free(on_disk), False
        try:
            self._files.claim(path, path.with_suffix(".json"))
            # who is in it comes first: no clip may exist that `forget` does not find
            write_text(path.with_suffix(".json"), on_disk.text())
            _encode(path, frames, stop)
            written = True
        except _Stopped:
            return False
        finally:
            if not written:
                self._files.remove(path, path.with_suffix(".json"))
        self._known[path] = label.model_copy(update={"events": ()})
        self._make_room(path)
        return True

    def learn(self, told: Told) -> None:
        """Note in the clips of this run that a track is in them, and which person it shows."""
        tracks = frozenset([told.track])
        people = frozenset[str]() if told.person_id is None else frozenset([person_name(told.person_id)])
        for path, known in list(self._known.items()):
            if known.shows(told) and not (tracks <= known.tracks and people <= known.people):
                try:
                    self._note(path, {"tracks": known.tracks | tracks, "people": known.people | people})
                except OSError as error:
                    log.error("%s: whom it shows cannot be noted, nor can it be deleted: %s", path, error)

    def forget(self, person_id: int) -> int:
        """Delete the clips that show a person or tell of them; see `_delete`.

        Raises:
            InputError: also where clips are left whose people are unknown, because their JSON cannot be read.
        """
        name = person_name(person_id)
        gone = self._delete(lambda label: label.about(name))
        if aside := self._aside():
            raise InputError(
                f"{self._folder / ASIDE}: {len(aside)} clips whose JSON cannot be read may show {name}, such as "
                f"{aside[0].name}; all else on {name} is erased; look at them, and delete them by hand"
            )
        return gone

    def prune(self, before_s: float) -> int:
        """Delete the clips that ended before that, seconds since 1970; see `_delete`."""
        gone = self._delete(lambda label: label.ended_s < before_s)
        if aside := self._aside():
            log.warning("%s: %d clips are not erased by age, as their JSON cannot be read; delete them by hand",
                        self._folder / ASIDE, len(aside))  # fmt: skip
        return gone

    def _delete(self, unwanted: Callable[[ClipLabel], bool]) -> int:
        """Delete the unwanted clips and return how many; clips whose JSON cannot be read are moved aside.

        Raises:
            InputError: some could not be deleted; all others are.
            OSError: the folder cannot be read.
        """
        gone, failed = 0, list[OSError]()
        for path in self._all():
            label = self._read(path)
            try:
                if label is None:
                    self._put_aside(path)
                elif unwanted(label):
                    self._remove(path)
                    gone += 1
            except OSError as error:
                failed.append(error)
        if failed:
            why = f"{failed[0].filename}: {failed[0].strerror}"
            raise InputError(f"{len(failed)} of the clips could not be deleted ({why}); delete them by hand")
        return gone

    def _all(self) -> list[Path]:
        """All clips of the program, oldest first, also those of which only one file is left."""
        found = (path for path in self._named() if self._files.owns(path))
        return sorted({path.with_suffix(".mp4") for path in found})

    def _named(self) -> list[Path]:
        """What is called as clips and their JSON are."""
        if not self._folder.exists():
            return []
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def _aside(self) -> list[Path]:
        """Clips that were put aside and are still there."""
        folder = self._folder / ASIDE
        return sorted(folder.glob("*.mp4")) if folder.is_dir() else []

    def _free(self, label: ClipLabel) -> Path:
        """A name that no other clip has, by the time when it began."""
        name = f"{datetime.fromtimestamp(label.begun_s, UTC):%Y%m%dT%H%M%S}-{label.camera}"
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        paths = (self._folder / f"{name}.mp4" for name in names)
        return next(path for path in paths if not (path.exists() or path.with_suffix(".json").exists()))

    def _read(self, path: Path) -> ClipLabel | None:
        """What a clip shows; None where that cannot be read."""
        try:
            return ClipLabel.model_validate_json(path.with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            return None

    def _note(self, path: Path, more: dict[str, frozenset[str]]) -> None:
        """Write more into the JSON of a clip; one that cannot be brought up to date is deleted."""
        if not path.exists():
            self._remove(path)
            return
        label = self._read(path)
        if label is None:
            self._put_aside(path)
            return
        try:
            write_text(path.with_suffix(".json"), label.model_copy(update=more).text())
        except OSError as error:
            log.warning("%s: deleted, as it cannot be noted whom it shows: %s", path, error.strerror)
            self._remove(path)
        else:
            self._known[path] = self._known[path].model_copy(update=more)

    def _remove(self, path: Path) -> None:
        """Its JSON last: what cannot be deleted is found again."""
        self._files.remove(path)
        self._files.remove(path.with_suffix(".json"))
        self._known.pop(path, None)

    def _put_aside(self, path: Path) -> None:
        """Move a clip, with what there is of its JSON, where no clip is looked for."""
        self._known.pop(path, None)
        if not path.exists():
            self._files.remove(path, path.with_suffix(".json"))
            return
        log.warning(
            "%s: put aside into %s, as its JSON does not say whom it shows", path, self._folder / ASIDE
        )
        for old in (path, path.with_suffix(".json")):
            if old.exists():
                new = self._folder / ASIDE / old.name
                self._files.claim(new)
                new.parent.mkdir(exist_ok=True)
                old.replace(new)
                self._files.remove(old)

    def _make_room(self, latest: Path) -> None:
        sizes = {path: path.stat().st_size for path in self._all() if path.exists()}
        excess, gone = sum(sizes.values()) - self._most_bytes, 0
        for path in sizes:
            if excess > 0 and path != latest:
                self._remove(path)
                excess, gone = excess - sizes[path], gone + 1
        if gone:
            log.info("deleted %d of the oldest clips, to stay within %g MiB", gone, self._most_bytes / MIB)

    def _sweep(self) -> None:
        """Delete the JSON of clips that were never finished, and tell of what is not the program's."""
        others = [path.name for path in self._named() if not self._files.owns(path)]
        if others:
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            log.warning(
                "%s: left alone, as reid did not write it, and never erased: %s%s",
                self._folder,
                ", ".join(others[:5]),
                more,
            )
        for path in self._named():
            if path.suffix == ".json" and not path.with_suffix(".mp4").exists():
                self._files.remove(path)


def _encode(path: Path, frames: Sequence[ClipFrame], stop: threading.Event) -> None:
    length_s = frames[-1].at_s - frames[0].at_s
    with VideoWriter(path, fps_hint=len(frames) / max(length_s, 1.0)) as writer:
        for frame in frames:
            if stop.is_set():
                raise _Stopped
            image = cv2.imdecode(np.frombuffer(frame.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
            writer.write(np.asarray(image, dtype=np.uint8), frame.at_s)
