"""A lock is held once, told of, and gone with its process; also where the file system has no locks."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reid.errors import Busy
from reid.lock import Lock


def test_it_is_held_once_and_leaves_nothing(tmp_path: Path) -> None:
    first = Lock(tmp_path / "a.lock", "reid video")
    with pytest.raises(Busy, match=rf"^process {os.getpid()} \(reid video since 2\d\d\d-.*\)$"):
        Lock(tmp_path / "a.lock", "reid live")
    first.release()
    first.release()
    second = Lock(tmp_path / "a.lock", "reid live")
    first.release()  # not its own any more
    with pytest.raises(Busy, match="reid live since"):
        Lock(tmp_path / "a.lock", "reid video")
    second.release()
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "nowhere" / "a.lock", "reid")
    assert not list(tmp_path.iterdir())


def test_a_damaged_word_on_the_holder_is_no_traceback(tmp_path: Path) -> None:
    first = Lock(tmp_path / "a.lock", "reid")
    (tmp_path / "a.lock.holder").write_text("[")
    with pytest.raises(Busy, match=r"^another process$"):
        Lock(tmp_path / "a.lock", "reid")
    first.release()


HOLD = """
import errno, fcntl, os, sys
from pathlib import Path
if len(sys.argv) > 2:
    def missing(*_): raise OSError(errno.ENOSYS, "no locks")
    fcntl.flock = missing
from reid.lock import Lock
lock = Lock(Path(sys.argv[1]), "reid video")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("soft", [False, True], ids=["flock", "no flock"])
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_it_goes_with_a_killed_process(soft: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.lock"
    words = [sys.executable, "-c", HOLD, str(path), *(["soft"] if soft else [])]
    if soft:

        def missing(*_: object) -> None:
            raise OSError(errno.ENOSYS, "no locks")

        monkeypatch.setattr(fcntl, "flock", missing)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert json.loads((tmp_path / "a.lock.holder").read_text())["process"] == holder.pid
        with pytest.raises(Busy, match=f"process {holder.pid} "):
            Lock(path, "reid live")
        holder.kill()
        holder.wait()
        lock = Lock(path, "reid live")
        lock.release()
    assert not list(tmp_path.iterdir())
