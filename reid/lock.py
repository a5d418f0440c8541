"""A lock on a file of its own: held by one process at a time, and released by the death of that process."""

import errno
import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from reid import json_text
from reid.errors import Busy


class Lock:
    """A lock, held from the making of the object until `release`.

    The operating system's lock decides (flock, LockFileEx; where the file system has neither, a marker file that
    counts only while its process lives). Who holds it lies in a file beside, for the message of the other process:
    the locked file itself cannot be read everywhere. A forked worker does not keep the lock.

    Args:
        path: the file to lock; made where it is absent, removed by `release` where that is possible.
        work: what the holder does, such as "reid video".

    Raises:
        Busy: a process holds it, also this one.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, work: str) -> None:
        self.path = path
        self._holder = path.with_name(f"{path.name}.holder")
        self._lock = FileLock(path, thread_local=False)
        self._process = os.getpid()
        if not path.parent.is_dir():  # filelock would make it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        self._acquire()
        since = datetime.now().isoformat(" ", "seconds")
        self._about: dict[str, object] = {"process": self._process, "work": work, "since": since}
        try:
            self._tell()
        except OSError:  # a full disk, say
            self.release()
            raise

    def note_page(self, address: str) -> None:
        """Have who finds it held know the address of a page on which the holder can be asked.

        Raises:
            OSError: it cannot be written.
        """
        self._about["page"] = address
        self._tell()

    def _tell(self) -> None:
        self._holder.write_text(json_text.dumps(self._about), encoding="utf-8")

    def _acquire(self) -> None:
        while True:
            try:
                self._lock.acquire(timeout=0)
                return
            except Timeout:
                if self.path.exists():
                    raise _busy(self._holder) from None
            self.path.touch()  # where no file can be made, filelock waits for it; this raises

    def release(self) -> None:
        """Let the next process in; a second call, or one in a forked child, does nothing."""
        if not self._lock.is_locked or os.getpid() != self._process:
            return
        with suppress(OSError):  # a folder that became read-only, or is gone: the next holder writes it anew
            self._holder.unlink()
        # while it is held: who waits for the file sees that it has gone, and makes its own
        if os.name == "posix":
            with suppress(OSError):
                self.path.unlink()
        self._lock.release()


def _busy(holder: Path) -> Busy:
    """Names the process and its work, as far as they are known."""
    try:
        about = json.loads(holder.read_text(encoding="utf-8"))
        process = f"process {about['process']}"
        page = about.get("page")
        sentence = f"{process} ({about['work']} since {about['since']})"
        return Busy(sentence, process=process, page=page if isinstance(page, str) else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Busy("another process")
