"""How the process of the program ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rehearsals.kill import ROOT

PROGRAM = """
import atexit, os, sys, threading, time
import pipelines.cli.main

class Crash:
    def __del__(self):
        os.abort()

def main():
    global crash
    crash = Crash()
    crash.itself = crash  # only taking the interpreter apart collects it
    atexit.register(print, "handler")
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    {end}

pipelines.cli.main.main = main
from pipelines.cli.program import run
run()
"""


@pytest.mark.parametrize(
    ("end", "code", "told"),
    [
        ("return 3", 3, ""),
        ("return 0", 0, ""),
        ("sys.exit(2)", 2, ""),
        ("raise ValueError('seven')", 1, "seven"),
    ],
)
def test_the_process_ends_with_the_code_when_threads_and_handlers_are_done(
    end: str, code: int, told: str
) -> None:
    done = _run(["-c", PROGRAM.replace("{end}", end)])
    assert (done.returncode, done.stdout) == (code, "thread\nhandler\n")
    assert told in done.stderr


def test_output_that_cannot_be_written_is_no_success() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("wb") as stream:
        words = [sys.executable, "-c", PROGRAM.replace("{end}", "print('much'); return 0")]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        done = subprocess.run(
            words, cwd=ROOT, env=buffered, stdout=stream, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 120


def _run(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
