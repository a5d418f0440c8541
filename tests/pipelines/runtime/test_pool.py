"""Worker processes that are killed, stopped or hang: the other jobs are done, and the parent ends in time."""

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from pipelines.runtime.displays import Lines
from pipelines.runtime.pool import WorkerLost, first_error, run_jobs
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from tests.pipelines.test_resume import command, done_before
from tests.rehearsals.kill import finished_cameras, in_group

ROOT = Path(__file__).parents[3]


class _Odd(Exception):
    """Cannot be made again from what is pickled of it."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def work(job: str) -> str:
    """Does in a worker process what the job's name says."""
    match job.partition(" ")[0]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            Path(job.partition(" ")[2]).touch()
            time.sleep(600)
        case "wait":
            Path(job.partition(" ")[2]).touch()
            time.sleep(600)
        case "exit":
            os._exit(7)
        case "wrong":
            raise InputError("the input is wrong")
        case "odd":
            raise _Odd("this", "that")
    return f"{job} is done by {os.getpid()}"


def told(jobs: list[str], workers: int) -> tuple[list[str], dict[str, BaseException]]:
    progress = Progress(Lines(StringIO(), StringIO()))
    done, failed = run_jobs(jobs, work, workers=workers, progress=progress)
    return [text.partition(" is done")[0] for text in done], dict(failed)


def test_the_outcomes_of_jobs_are_theirs() -> None:
    done, failed = told(["a", "wrong", "kill"], 1)
    assert (done, list(failed)) == (["a"], ["wrong", "kill"])
    assert isinstance(failed["kill"], WorkerLost)
    assert str(first_error(list(failed.items()))) == "the input is wrong"


@pytest.mark.slow
def test_a_killed_worker_takes_its_own_job_along_and_no_other() -> None:
    done, failed = told(["kill", "a", "wrong", "odd", "b"], 1)
    assert done == ["a", "b"]
    assert list(failed) == ["kill", "wrong", "odd"]
    assert isinstance(failed["kill"], WorkerLost)
    assert "kill: its worker process was killed (Killed), most likely because memory ran out" in str(
        failed["kill"]
    )
    assert str(failed["odd"]) == "_Odd: this and that"
    assert "in work\n    raise _Odd(" in failed["odd"].__notes__[0], "--debug shows where in the worker"
    assert str(first_error(list(failed.items()))) == "the input is wrong"  # which the user can mend


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal here")
def test_a_stopped_worker_is_given_up_and_the_others_finish() -> None:
    begun = time.monotonic()
    done, failed = told(["stop", "exit", "a", "b", "c"], 2)
    assert time.monotonic() - begun < 30
    assert done == ["a", "b", "c"]
    assert "stopped (SIGSTOP) for 10 s and was given up" in str(failed["stop"])
    assert "exit: its worker process ended with exit code 7" in str(failed["exit"])


PARENT = """
import sys
from io import StringIO
from pipelines.cli.main import _stoppable, _Terminated
from pipelines.runtime.pool import run_jobs
from pipelines.runtime.progress import Progress
from pipelines.runtime.displays import Lines
from tests.pipelines.runtime.test_pool import work
if __name__ == "__main__":
    try:
        with _stoppable():
            run_jobs(sys.argv[1:], work, workers=2, progress=Progress(Lines(StringIO(), StringIO())))
    except _Terminated:
        sys.exit(143)
"""


def started(tmp_path: Path, kind: str) -> subprocess.Popen[str]:
    """A parent whose two workers are at work."""
    (tmp_path / "parent.py").write_text(PARENT)
    flags = [tmp_path / "a", tmp_path / "b"]
    words = [sys.executable, str(tmp_path / "parent.py"), *(f"{kind} {flag}" for flag in flags)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(words, env=environment, start_new_session=True, text=True)
    while not all(flag.exists() for flag in flags):
        assert parent.poll() is None
        time.sleep(0.02)
    return parent


def workers_of(parent: int) -> list[int]:
    """Its worker processes, without Python's own resource tracker."""
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in in_group(parent) if pid != parent}
    return [pid for pid, line in lines.items() if b"spawn_main" in line]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("kind", "stop", "sent", "code"),
    [
        ("wait", True, signal.SIGTERM, 143),
        ("deaf", False, signal.SIGTERM, 143),
        ("wait", True, signal.SIGKILL, -9),
        ("deaf", False, signal.SIGKILL, -9),
    ],
    ids=["stopped", "hangs", "stopped, parent killed", "hangs, parent killed"],
)
def test_the_parent_ends_within_ten_seconds_and_its_workers_with_it(
    tmp_path: Path, kind: str, stop: bool, sent: signal.Signals, code: int
) -> None:
    parent = started(tmp_path, kind)
    try:
        workers = workers_of(parent.pid)
        assert len(workers) == 2
        if stop:
            os.kill(workers[0], signal.SIGSTOP)
        begun = time.monotonic()
        parent.send_signal(sent)
        assert parent.wait(10) == code
        while workers_of(parent.pid):
            assert time.monotonic() - begun < 10, "workers live on"
            time.sleep(0.02)
    finally:
        for left in in_group(parent.pid):
            os.kill(left, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (signal.SIGKILL, "its worker process was killed (Killed), most likely because memory ran out"),
        (signal.SIGSTOP, "its worker process was stopped (SIGSTOP) for 10 s and was given up"),
    ],
    ids=["killed", "stopped"],
)
def test_a_camera_is_lost_with_its_worker_and_the_next_run_does_only_that_one(
    tmp_path: Path, sent: signal.Signals, sentence: str
) -> None:
    words = [sys.executable, "-m", "pipelines.cli", *command(tmp_path / "results", "--workers", "2")]
    run = subprocess.Popen(words, cwd=ROOT, start_new_session=True, text=True, stderr=subprocess.PIPE)
    try:
        while len(workers := workers_of(run.pid)) < 2:
            assert run.poll() is None
            time.sleep(0.02)
        os.kill(workers[0], sent)
        _, said = run.communicate(timeout=120)
    finally:
        for left in in_group(run.pid):
            os.kill(left, signal.SIGKILL)
    assert run.returncode == 1, said
    (finished,) = finished_cameras(tmp_path / "results")
    lost = {"cam1": "cam2", "cam2": "cam1"}[finished]
    assert f"{lost}: {sentence}" in said
    assert "1 of 2 cameras are done and kept" in said
    assert "Traceback" not in said
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done_before(again.stderr) == [finished]
