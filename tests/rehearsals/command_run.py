"""The `reid` command as a process: its words, what it prints, and how it ends."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid.shipped import demo_recording
from tests.rehearsals.kill import ROOT
from tests.rehearsals.live_run import ENVIRONMENT

SHORT = ("--end", "2", "--fps", "4", "--no-video", "--workers", "1")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    said: str

    def refused(self, *words: str) -> str:
        """The sentence of an exit with code 2; AssertionError unless it holds all `words`."""
        assert self.code == 2, f"exit code {self.code}: {self.said[-600:]}"
        assert "Traceback" not in self.said, self.said[-600:]
        sentence = self.said.strip().splitlines()[-1]
        assert all(word in sentence for word in words), sentence
        return sentence

    def done(self) -> "Ended":
        """Itself; AssertionError unless it ended with 0."""
        assert self.code == 0, f"exit code {self.code}: {self.said[-600:]}"
        return self


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", *map(str, words)]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT), **(more or {})}


def start(*words: str | Path, log: Path, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The command, running; what it prints goes to `log`."""
    with log.open("wb") as file:
        return subprocess.Popen(
            command(*words),
            cwd=ROOT,
            env=environment(more),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def run(*words: str | Path, timeout_s: float = 300, more: Mapping[str, str] | None = None) -> Ended:
    """The command, ended."""
    done = subprocess.run(
        command(*words),
        cwd=ROOT,
        env=environment(more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(errors="replace"))


def recordings(folder: Path, names: Sequence[str] = ("cam1",)) -> list[Path]:
    """Copies of the demo's recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(demo_recording() / f"{name}.mp4", folder)) for name in names]


def tree(folder: Path) -> dict[str, bytes]:
    """Content of all files below `folder`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
