"""Signals wait for a safe place, and then do what they always do. Each in a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BEGIN = """
import io, os, signal
from pipelines.runtime.progress import reporter
from pipelines.runtime.stopping import stopping_gently
progress = reporter(out=io.StringIO(), err=io.StringIO())
"""


def told(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_first_signal_is_only_noted_until_the_block_ends() -> None:
    said = told("""
try:
    with stopping_gently(progress, "stopping") as stop:
        before = stop()
        os.kill(os.getpid(), signal.SIGINT)
        print(before, stop())
except KeyboardInterrupt:
    print("interrupted")
""")
    assert said.split() == ["False", "True", "interrupted"]


def test_the_second_takes_effect_at_once() -> None:
    said = told("""
try:
    with stopping_gently(progress, "stopping") as stop:
        os.kill(os.getpid(), signal.SIGINT)
        print(stop())
        os.kill(os.getpid(), signal.SIGINT)
        print("never")
except KeyboardInterrupt:
    print("interrupted")
""")
    assert said.split() == ["True", "interrupted"]


def test_without_a_signal_everything_is_as_before() -> None:
    said = told("""
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
with stopping_gently(progress, "stopping") as stop:
    print(stop())
print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before)
""")
    assert said.split() == ["False", "True"]


def test_an_error_inside_is_not_hidden_by_a_signal() -> None:
    said = told("""
try:
    with stopping_gently(progress, "stopping"):
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("inside")
except ValueError as error:
    print(error)
""")
    assert said == "inside"
