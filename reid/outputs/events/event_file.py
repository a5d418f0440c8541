"""Events as lines of JSON in a file that others may read, follow, search and move aside while it grows."""

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, islice
from pathlib import Path

from reid.errors import InputError
from reid.events import Event, SinkCounts
from reid.outputs.atomic import replacing
from reid.outputs.events.encode import as_json
from reid.outputs.events.event_lines import (
    Wanted,
    is_event,
    is_torn,
    not_before,
    tracks_given_to,
    without_person,
)
from reid.owned_files import OwnedFiles

log = logging.getLogger(__name__)

MOST_WAITING = 10_000


class EventFile:
    """Appends to `path`; full ones become events.1.jsonl (the newest), events.2.jsonl, ... beside events.jsonl.

    A line goes to the operating system whole and at once, so a killed program has lost nothing that it wrote.
    What a power cut tears is put right when the file is opened again. Where a line cannot be written, as on a full
    disk, it waits with those after it; a file that was moved aside, as by logrotate, is begun anew.

    Args:
        files: of the folder; only what they own is appended to, renamed or deleted.
        most_bytes: a file does not grow beyond this, except for one line that is longer.
        keep: full files kept.

    Raises:
        InputError: the file cannot be written, or is not the program's own.
    """

    keeps = "events"

    def __init__(self, path: Path, files: OwnedFiles, *, most_bytes: int, keep: int) -> None:
        self._path, self._files, self._most_bytes, self._keep = path, files, most_bytes, keep
        self._lock = threading.Lock()
        self._waiting = deque[bytes]()
        self._trouble = ""
        self._sent = self._given_up = self._dropped = 0
        self._descriptor: int | None = None
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and path.stat().st_size == 0:  # nothing of anybody's
                files.record(path)
            files.claim(path)
            self._live()
            self._tidy()
        except OSError as error:
            raise InputError(
                f"{path}: events cannot be written there ({error.strerror}); name a folder for results that can be "
                "written to"
            ) from error

    def send(self, event: Event) -> None:
        """Append an event, after those that wait; the oldest is dropped where too many do."""
        line = as_json(event) + b"\n"
        with self._lock:
            if self._closed:
                self._dropped += 1
                return
            if len(self._waiting) >= MOST_WAITING:
                if not self._dropped:
                    log.error(
                        "%s: more than %d events wait: the oldest are dropped", self._path, MOST_WAITING
                    )
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(line)
            self._write()

    def retry(self) -> None:
        """Write what waits, if that can be done by now."""
        with self._lock:
            if self._waiting and not self._closed:
                self._write()

    def counts(self) -> SinkCounts:
        """What became of the events so far; they wait where the file cannot be written."""
        with self._lock:
            return SinkCounts(
                name="file",
                waiting=len(self._waiting),
                sent=self._sent,
                given_up=self._given_up,
                dropped=self._dropped,
                trouble=f"{self._trouble}; {len(self._waiting)} events wait" if self._trouble else "",
            )

    def forget(self, person_id: int) -> int:
        """Remove all lines on a person, from all files and from what waits; how many those were.

        Those are the lines that name the person, and those on tracks that turned out to be theirs.

        Raises:
            OSError: a file could not be rewritten; it is as it was.
        """
        with self._lock:
            theirs = tracks_given_to(person_id, self._lines())
            return self._rewrite(without_person(person_id, theirs))

    def prune(self, older_than_s: float) -> int:
        """Remove all lines from before that time, seconds since 1970; how many those were.

        Raises:
            OSError: a file could not be rewritten; it is as it was.
        """
        with self._lock:
            return self._rewrite(not_before(older_than_s))

    def close(self, timeout_s: float) -> None:
        """Write what waits, if that can be done; the rest is given up, and the log says so."""
        with self._lock:
            if self._closed:
                return
            self._write()
            self._closed = True
            self._let_go()
            if self._waiting:
                log.error("%s: %s; %d events are lost", self._path, self._trouble, len(self._waiting))
                self._given_up += len(self._waiting)
                self._waiting.clear()

    # with the lock ---

    def _write(self) -> None:
        """Append what waits, in order, until it cannot be done."""
        waited = len(self._waiting)
        try:
            while self._waiting:
                line = self._waiting[0]
                self._make_room(len(line))
                self._append(line)
                self._waiting.popleft()
                self._sent += 1
        except (OSError, InputError) as error:
            if not self._trouble:
                log.error("%s; events wait until it can be written", _sentence(error, self._path))
            self._trouble = _sentence(error, self._path)
            return
        if self._trouble:
            log.warning("%s: is written again; %d events had to wait", self._path, waited)
            self._trouble = ""

    def _full(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")

    def _named(self) -> dict[int, Path]:
        """All files that are called as full ones are, newest first."""
        begin, end = f"{self._path.stem}.", self._path.suffix
        found = {}
        for path in self._path.parent.iterdir():
            number = path.name.removeprefix(begin).removesuffix(end)
            if number.isdecimal() and path.name == f"{begin}{number}{end}" and number == str(int(number)):
                found[int(number)] = path
        return dict(sorted(found.items()))

    def _fulls(self) -> dict[int, Path]:
        """The full files that there are, newest first."""
        return {number: path for number, path in self._named().items() if self._files.owns(path)}

    def _live(self) -> int:
        """The file that is appended to; opened again where another one, or none, has its name by now."""
        if self._descriptor is not None:
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
                    return self._descriptor
            self._let_go()
            log.info("%s: was moved aside or deleted, and is begun anew", self._path)
        if self._path.exists() and not _is_ours(self._path):
            raise InputError(f"{self._path}: holds what is not an event; move it elsewhere")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self._path, flags, 0o666)
        return self._descriptor

    def _let_go(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _append(self, line: bytes) -> None:
        descriptor = self._live()
        before = os.fstat(descriptor).st_size
        written = 0
        try:
            # One call writes all of it, unless the disk is full: then what it wrote has no value.
            while written < len(line):
                written += os.write(descriptor, line[written:])
        except OSError:
            os.ftruncate(descriptor, before)
            raise

    def _make_room(self, line_bytes: int) -> None:
        size = os.fstat(self._live()).st_size
        if size == 0 or size + line_bytes <= self._most_bytes:
            return
        self._let_go()
        if self._keep == 0:
            self._path.unlink()
            return
        ours, named = self._fulls(), self._named()
        # names that other files have are passed over
        places = list(islice((n for n in count(1) if n in ours or n not in named), self._keep))
        # Only up to the first gap, which a kill between two renames leaves: nothing beyond it has to move.
        last = next((place for place, number in enumerate(places) if number not in ours), len(places) - 1)
        for place in range(last, 0, -1):
            self._rename(self._full(places[place - 1]), self._full(places[place]))
        self._rename(self._path, self._full(places[0]))

    def _rename(self, old: Path, new: Path) -> None:
        self._files.claim(new)
        os.replace(old, new)

    def _lines(self) -> Iterator[bytes]:
        """All of them, oldest first."""
        for path in (*reversed(self._fulls().values()), self._path):
            if path.exists():
                with path.open("rb") as file:
                    yield from file
        yield from self._waiting

    def _rewrite(self, wanted: Wanted) -> int:
        kept = deque(line for line in self._waiting if wanted(line))
        removed = len(self._waiting) - len(kept)
        self._dropped += removed
        self._waiting = kept
        for path in self._fulls().values():
            removed += _keep_lines(path, wanted)
            if path.stat().st_size == 0:
                self._files.remove(path)
        if self._path.exists() and not _is_ours(self._path):
            return removed
        self._let_go()
        return removed + _keep_lines(self._path, wanted)

    def _tidy(self) -> None:
        """Put right what a kill, a power cut or other settings have left."""
        ours = self._fulls()
        if others := [path.name for path in self._named().values() if not self._files.owns(path)]:
            log.warning("%s: left alone, as reid did not write it: %s", self._path.parent, ", ".join(others))
        for path in list(ours.values())[self._keep :]:
            log.info("%s: removed, as %d full files are kept", path, self._keep)
            self._files.remove(path)
        for path in (*self._fulls().values(), self._path):
            if path.exists():
                _mend(path)


def _sentence(error: OSError | InputError, path: Path) -> str:
    if isinstance(error, InputError):
        return str(error)
    return f"{path}: cannot be written ({error.strerror or type(error).__name__})"


def _is_ours(path: Path) -> bool:
    """Whether a file begins with an event, or is empty."""
    with path.open("rb") as file:
        line = file.readline(1 << 20)
    return not line or is_event(line) or is_torn(line)


def _mend(path: Path) -> None:
    """End a last line that has no end, or remove it where it is part of an event."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end == len(data):
        return
    with path.open("rb+") as file:
        if is_torn(data[end:]):
            file.truncate(end)
            log.warning("%s: removed half a line at the end, which the program had no time to write", path)
        else:
            file.seek(0, os.SEEK_END)
            file.write(b"\n")


def _keep_lines(path: Path, wanted: Wanted) -> int:
    """Leave the wanted lines only; how many have gone."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        unwanted = sum(not wanted(line) for line in file)
    if unwanted:
        with replacing(path) as partial, path.open("rb") as old, partial.open("wb") as new:
            new.writelines(line for line in old if wanted(line))
    return unwanted
