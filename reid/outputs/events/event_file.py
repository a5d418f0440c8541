"""Events as lines of JSON in a file that others may read, follow and search while it grows."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from reid.errors import InputError
from reid.events import Event, SinkCounts
from reid.outputs.atomic import is_partial, replacing
from reid.outputs.events.encode import as_json
from reid.outputs.events.event_lines import Wanted, is_record, not_before, tracks_given_to, without_person
from reid.outputs.events.outage import Outage

log = logging.getLogger(__name__)


class EventFile:
    """Appends to `path`; full ones become events.1.jsonl (the newest), events.2.jsonl, ... beside events.jsonl.

    A line goes to the operating system whole and at once, so a killed program has lost nothing that it wrote.
    What a power cut tears is put right when the file is opened again.

    Args:
        most_bytes: a file does not grow beyond this, except for one line that is longer.
        keep: full files kept.

    Raises:
        InputError: the file cannot be written.
    """

    keeps = "events"

    def __init__(self, path: Path, *, most_bytes: int, keep: int) -> None:
        self._path, self._most_bytes, self._keep = path, most_bytes, keep
        self._lock = threading.Lock()
        self._outage = Outage(path.name, log)
        self._sent = self._given_up = self._dropped = 0
        self._descriptor: int | None = None
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._tidy()
            self._live()
        except OSError as error:
            raise InputError(
                f"{path}: events cannot be written there ({error.strerror}); name a folder for results that can be "
                "written to"
            ) from error

    def send(self, event: Event) -> None:
        """Append an event; one that the disk has no room for is counted as given up."""
        line = as_json(event) + b"\n"
        with self._lock:
            if self._closed:
                self._dropped += 1
                return
            try:
                self._make_room(len(line))
                self._append(line)
            except OSError as error:
                self._given_up += 1
                self._outage.lost(error.strerror or type(error).__name__)
            else:
                self._sent += 1
                self._outage.worked()

    def counts(self) -> SinkCounts:
        """What became of the events so far; none ever waits."""
        with self._lock:
            return SinkCounts(
                name="file", waiting=0, sent=self._sent, given_up=self._given_up, dropped=self._dropped
            )

    def forget(self, person_id: int) -> int:
        """Remove all lines on a person, from all files; how many those were.

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
        """Nothing waits, so nothing takes time."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._let_go()
                self._outage.over("ended")

    # with the lock ---

    def _full(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")

    def _fulls(self) -> dict[int, Path]:
        """The full files that there are, newest first."""
        begin, end = f"{self._path.stem}.", self._path.suffix
        found = {}
        for path in self._path.parent.iterdir():
            number = path.name.removeprefix(begin).removesuffix(end)
            if number.isdecimal() and path.name == f"{begin}{number}{end}" and number == str(int(number)):
                found[int(number)] = path
        return dict(sorted(found.items()))

    def _live(self) -> int:
        """The file that is appended to; opened again after whatever moved or replaced it."""
        if self._descriptor is None:
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
        there = self._fulls()
        # Only up to the first gap, which a kill between two renames leaves: nothing beyond it has to move.
        free = next(number for number in range(1, len(there) + 2) if number not in there)
        for number in range(min(free, self._keep), 1, -1):
            os.replace(self._full(number - 1), self._full(number))
        os.replace(self._path, self._full(1))

    def _lines(self) -> Iterator[bytes]:
        """All of them, oldest first."""
        for path in (*reversed(self._fulls().values()), self._path):
            if path.exists():
                with path.open("rb") as file:
                    yield from file

    def _rewrite(self, wanted: Wanted) -> int:
        removed = 0
        for path in self._fulls().values():
            removed += _keep_lines(path, wanted)
            if path.stat().st_size == 0:
                path.unlink()
        self._let_go()
        return removed + _keep_lines(self._path, wanted)

    def _tidy(self) -> None:
        """Put right what a kill, a power cut or other settings have left."""
        for path in self._path.parent.iterdir():
            if is_partial(path) and path.name.startswith(f".{self._path.stem}."):
                path.unlink()  # half of a rewritten file: it would escape the next one who is forgotten
        for number, path in self._fulls().items():
            if number > self._keep:
                log.info("%s: removed, as %d full files are kept", path, self._keep)
                path.unlink()
        for path in (*self._fulls().values(), self._path):
            if path.exists():
                _mend(path)


def _mend(path: Path) -> None:
    """End or remove a last line that has no end."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if end == len(data):
        return
    with path.open("rb+") as file:
        if is_record(data[end:]):
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        else:
            file.truncate(end)
            log.warning("%s: removed half a line at the end, which the program had no time to write", path)


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
