"""Python's logging, shown through a job's `Progress`: log lines and bars do not overwrite each other."""

import copy
import logging
import logging.handlers
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.runtime.progress import Progress
from reid.cache import NAMES
from reid.errors import InputError
from reid.owned_files import OwnedFiles
from reid.printable import printable

log = logging.getLogger(__name__)


class _Formatter(logging.Formatter):
    """Formatter of one line a record, and then its traceback if it has one."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.exc_text = None  # another formatter may have left its own text of the traceback there
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return printable(super().formatException(ei), lines=True)


class _Handler(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.setFormatter(_Formatter())
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            if record.levelno >= logging.ERROR:
                self._progress.message(text, "error")
            elif record.levelno >= logging.WARNING:
                self._progress.message(text, "warning")
            else:
                self._progress.message(text)
        except Exception:  # logging's own rule: a log line never ends the program
            self.handleError(record)


@contextmanager
def routed(progress: Progress, *, debug: bool = False) -> Iterator[None]:
    """Route our messages, and other libraries' warnings, to `progress`; with `debug` all messages."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in ("reid", "pipelines")]
    before = [(logger, logger.level) for logger in (root, *ours)]
    handler = _Handler(progress)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.WARNING)
    for logger in ours:
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
    # Deprecations inside libraries are news for developers only.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").disabled = not debug
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        for logger, level in before:
            logger.setLevel(level)


class _LogFile(logging.handlers.RotatingFileHandler, logging.handlers.WatchedFileHandler):
    """A log that rotates itself, goes on where another program rotated it, and where the disk is full for a while.

    Only files of ours are renamed or replaced: where another one has the name of a full file, the log just grows.
    """

    def __init__(self, path: Path, files: OwnedFiles, most_bytes: int, keep: int) -> None:
        files.claim(path)
        try:
            files.claim(*(path.with_name(f"{path.name}.{number}") for number in range(1, keep + 1)))
        except InputError as error:
            log.warning("%s is not rotated: %s", path.name, error)
            most_bytes = 0
        self._failed = False
        super().__init__(path, maxBytes=most_bytes, backupCount=keep, encoding="utf-8", errors=NAMES)
        self._statstream()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.reopenIfNeeded()
        except OSError:
            self.handleError(record)
            return
        super().emit(record)

    def flush(self) -> None:
        super().flush()
        self._failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the disk fails; there is no file to say it in, and the site goes on."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._failed:
            self._failed = True
            print(f"{self.baseFilename}: the log cannot be written ({error.strerror})", file=sys.stderr)

    def close(self) -> None:
        try:
            super().close()
        except OSError as error:
            print(f"{self.baseFilename}: the end of the log is lost ({error.strerror})", file=sys.stderr)


@contextmanager
def rotating(path: Path, files: OwnedFiles, most_bytes: int = 4 * 2**20, keep: int = 4) -> Iterator[None]:
    """Log to a file as well, with times; full files are kept as path.1, path.2 and so on."""
    handler = _LogFile(path, files, most_bytes, keep)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
