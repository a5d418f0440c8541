"""Python's logging, shown through a job's `Progress`: log lines and bars do not overwrite each other."""

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.progress import Progress
from reid.cache import NAMES


class _Handler(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
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
    """Our messages, and other libraries' warnings, go to `progress`; everything does with `debug`."""
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


@contextmanager
def rotating(path: Path, most_bytes: int = 4 * 2**20, keep: int = 4) -> Iterator[None]:
    """What is logged also goes to a file, with times; full files are kept as path.1, path.2 and so on."""
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=most_bytes, backupCount=keep, encoding="utf-8", errors=NAMES
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
