"""Who may write a gallery: one process at a time."""

import os
import weakref
from pathlib import Path
from typing import TextIO

from reid.errors import InputError
from reid.gallery.schema import beside


class WriterLock:
    """The right to write one gallery, held by at most one process and released by its death.

    The operating system's lock on a side file decides; the pid inside only serves the other one's message.
    Not on the gallery itself: closing any descriptor of that file would drop the locks SQLite holds on it.

    Raises:
        InputError: another process (or this one, already) writes the gallery; or the folder is not writable.
    """

    def __init__(self, gallery: Path) -> None:
        self._path = beside(gallery, ".lock")
        self._file = self._take(gallery)
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()
        # A forked worker shares the lock and would keep it alive after our death: it lets go of it at once.
        own = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _close_in_child(own))

    def _take(self, gallery: Path) -> TextIO:
        import fcntl

        while True:
            try:
                file = self._path.open("a+", encoding="ascii")
            except OSError as error:
                raise InputError(
                    f"{gallery}: the gallery cannot be written ({error.strerror}); "
                    "its folder must exist and be writable"
                ) from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                file.close()
                raise InputError(
                    f"{gallery}: process {holder} is writing this gallery; wait for it or use another gallery"
                ) from None
            if self._path.exists() and os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                return file
            file.close()  # its holder removed it between our open and our lock: take the next one

    def release(self) -> None:
        """Let the next writer in. Removed while still held, so nobody can lock a file that is about to go."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            self._file.close()


def _close_in_child(lock: "weakref.ref[WriterLock]") -> None:
    held = lock()
    if held is not None:
        held._file.close()
