"""The program `reid`: its command line, and how its process ends."""

import atexit
import logging
import os
import sys
from dataclasses import dataclass


def run() -> None:
    """Run the command line and end the process with its exit code."""
    ending = _Ending()
    atexit.register(ending)  # first, before any library's, so that it runs last
    from pipelines.cli.main import main

    try:
        ending.code = main()
    except SystemExit as asked:  # argparse has printed help
        ending.code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        raise
    sys.exit(ending.code)


@dataclass(slots=True, kw_only=True)
class _Ending:
    """End of the process when threads have ended and handlers have run, without taking the interpreter apart.

    Collecting what torch and OpenVINO leave behind takes up to ten seconds on a busy machine, and their threads can
    crash in it when everything is done.
    """

    code: int = 1  # of an error that Python itself tells

    def __call__(self) -> None:
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):  # Python's own code for output that could not be written
                self.code = self.code or 120
        os._exit(self.code)
