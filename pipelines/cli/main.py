"""The `reid` command: `parse` makes a checked `Invocation` of the words, `main` runs it.

Exit codes:
0: done. 1: reid failed. 2: the input, the command line, a gallery or a folder cannot be used (`ReidError`).
130: stopped with Ctrl-C. 143: stopped with SIGTERM.
"""

import difflib
import errno
import io
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from pipelines.cli.command import Command, Invocation
from pipelines.cli.commands import COMMANDS
from pipelines.cli.distribution import clash, own_version

# Read by libraries when they are first imported, so set before any of them is; what the user has set stays.
ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning OpenMP threads slow torch down 20 times where cores are shared, ...
    "GOMP_SPINCOUNT": "10000",  # ... but microseconds of it spare a sleep a kernel: training gains 40 to 70 %
    "THP_MEM_ALLOC_ENABLE": "1",  # torch asks for large pages: fewer page faults, training gains about a tenth
    "OPENCV_LOG_LEVEL": "ERROR",  # damaged recordings are reported in our words, once, not once a frame
}
# What the operating system says of a path that was given: not a bug of reid.
OF_PATHS = frozenset(
    {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EROFS}
)
ABOUT = "Person re-identification over cameras: who is the same person, how sure, and why."


def main(argv: Sequence[str] | None = None) -> int:
    """Run `reid` with `argv` (default: the command line's) and return its exit code."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    words = list(sys.argv[1:] if argv is None else argv)
    if (sentence := clash()) is not None:  # before reid is imported, which may be the other one
        _say(words, sentence, "warning")
    from reid.cache import NAMES
    from reid.errors import ReidError
    from reid.offline import keep_offline

    keep_offline()

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAMES)  # file names may be any bytes, and are told all the same
    try:
        with _stoppable():
            return _run(words)
    except KeyboardInterrupt:
        _complain(words, "interrupted")
        return 130
    except _Terminated:
        _complain(words, "stopped by SIGTERM")
        return 143
    except ReidError as error:
        _complain(words, str(error))
        return 2
    except BrokenPipeError:  # `reid ... | head` has read enough; Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno in OF_PATHS and error.filename is not None:
            _complain(words, f"{os.fsdecode(error.filename)}: {error.strerror}; give another path")
            return 2
        return _failed(words, error)
    except Exception as error:
        return _failed(words, error)


def _failed(words: Sequence[str], error: Exception) -> int:
    """What is told of an error that is nobody's input."""
    hint = "" if "--debug" in words else "; run again with --debug for the traceback"
    _complain(words, f"{type(error).__name__}: {' '.join(str(error).split())}{hint}")
    return 1


def parse(words: Sequence[str]) -> "Invocation | str":
    """The job that `words` ask for, checked, or the text that they ask for.

    Raises:
        InputError: a sentence on what cannot be used.
        SystemExit: argparse has printed a command's help.
    """
    if not words or words[0] in ("--help", "-h"):
        return _contents()
    if words[0] == "--version":
        return f"reid {_version()}"
    if impossible := [word for word in words if "\0" in word]:
        from reid.errors import InputError

        raise InputError(f"{impossible[0]!r}: neither a path nor a name can hold a NUL character")
    command, rest = _command(words)
    if command is None:
        return _contents(f"{words[0]} ")
    from pipelines.settings.document import document
    from pipelines.settings.flags import settings

    arguments = command.parser().read(rest)
    config = None
    if (model := command.model()) is not None:
        config = settings(model, arguments, getattr(arguments, "config", None))
        if getattr(arguments, "print_config", False):
            return document(config).rstrip("\n")
    return Invocation(command=command, config=config, arguments=arguments)


def _run(words: Sequence[str]) -> int:
    with _warnings_told(words):
        invocation = parse(words)
    if isinstance(invocation, str):
        print(invocation, flush=True)
        return 0
    from pipelines.runtime.logs import routed
    from pipelines.runtime.progress import reporter
    from reid.errors import InputError, ReidError
    from reid.home import usable_home

    told = invocation.arguments
    try:
        with (
            reporter(quiet=told.quiet, log_format=told.log_format) as progress,
            routed(progress, debug=told.debug),
        ):
            usable_home()
            code = invocation.run(progress)
        sys.stdout.flush()  # what the disk has no room for is found out here, not when the interpreter ends
        return code
    except (ReidError, BrokenPipeError):
        raise
    except Exception as error:
        if (sentence := _of_the_disk(error, invocation)) is None:
            raise
        raise InputError(sentence) from error


def _of_the_disk(error: Exception, invocation: Invocation) -> str | None:
    """The sentence on an error that a full or broken disk made, in whatever command and library."""
    from reid import disk
    from reid.cache import cache_folder

    places = [getattr(invocation.config, name, None) for name in ("output", "gallery")]
    folders = [place for place in places if isinstance(place, Path)]
    return disk.explained(error, [*folders, cache_folder(), Path(tempfile.gettempdir())])


class _Terminated(BaseException):
    """SIGTERM as an exception: what is half done is tidied up on the way out, as after Ctrl-C."""


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within the block SIGTERM raises; only a program's main thread can arrange that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _command(words: Sequence[str]) -> tuple[Command | None, Sequence[str]]:
    """The command that `words` begin with, and the rest; None where only a family (`gallery`) is named."""
    names = {name: command for command in COMMANDS for name in (command.name, command.alias) if name}
    family = [name for name in names if name.startswith(f"{words[0]} ")]
    for length in (2, 1):
        if (command := names.get(" ".join(words[:length]))) is None:
            continue
        if length == 1 and family and len(words) > 1 and not words[1].startswith("-"):
            break  # of a family, with a second word that it does not know
        return command, words[length:]
    if family and (len(words) == 1 or words[1] in ("--help", "-h")):
        return None, ()
    word = " ".join(words[:2]) if family else words[0]
    from reid.errors import InputError

    within = f"{words[0]} " if family else ""
    known = [name.removeprefix(within).partition(" ")[0] for name in family or names]
    near = difflib.get_close_matches(word.removeprefix(within), known, n=1)
    better = f"did you mean reid {within}{near[0]}?" if near else f"see reid {within}--help"
    raise InputError(f"reid {word} is not a command; {better}")


def _contents(family: str = "") -> str:
    """All commands, or those of a family, as in "gallery "."""
    shown = [command for command in COMMANDS if f"{command.name} ".startswith(family)]
    width = max(len("COMMAND --help"), *(len(command.name) for command in shown))
    lines = [f"  {command.name:<{width}}  {command.summary}" for command in shown]
    return "\n".join(
        [
            f"usage: reid {family}COMMAND ...",
            "",
            ABOUT,
            "",
            "commands:",
            *lines,
            "",
            f"  {'COMMAND --help':<{width}}  a command's settings, with examples",
            f"  {'--version':<{width}}  the version of reid",
        ]
    )


def _version() -> str:
    return own_version() or "(not installed: run from its folder)"


def _complain(words: Sequence[str], sentence: str) -> None:
    """One line on standard error; the words are looked at, not parsed, because they may be what is wrong."""
    if "--debug" in words:
        traceback.print_exc()
    from reid.printable import printable

    _say(words, printable(sentence), "error")


class _ToStandardError(logging.Handler):
    """Warnings of reading the command line, before a job's progress is there to show them."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(logging.WARNING)
        self._words = words

    def emit(self, record: logging.LogRecord) -> None:
        from reid.printable import printable

        _say(self._words, printable(record.getMessage()), "warning")


@contextmanager
def _warnings_told(words: Sequence[str]) -> Iterator[None]:
    handler, logger = _ToStandardError(words), logging.getLogger("pipelines")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _say(words: Sequence[str], sentence: str, level: str) -> None:
    spelt = [word.replace("--log_format", "--log-format") for word in words]
    if "--log-format=json" in spelt or ("--log-format", "json") in pairwise(spelt):
        from reid import json_text

        said = {"event": "message", "level": level, "message": sentence}
        print(json_text.dumps(said, ascii_only=True), file=sys.stderr)
    else:
        print(f"reid: {sentence}", file=sys.stderr)
