import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid.outputs import atomic

WRITER = """
import sys
from pathlib import Path
from reid.outputs import atomic
print("on", flush=True)
number = 0
while True:
    atomic.write_bytes(Path(sys.argv[1]), bytes([number % 251]) * 3_000_000, durable=number % 2 == 0)
    number += 1
"""


def test_a_file_is_replaced_at_once_and_follows_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    atomic.write_text(path, "è\n")
    atomic.write_text(path, "b\n")
    assert path.read_bytes() == b"b\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_text("old")

    def fail() -> None:
        with atomic.replacing(path) as partial:
            assert partial.suffix == ".npz"
            assert atomic.is_partial(partial)
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_users_files_are_not_taken_for_partial_ones() -> None:
    assert not any(
        atomic.is_partial(Path(n)) for n in ("a.partial", ".a.partial.txt", ".reid-run.json", "x.1.txt")
    )


def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for wait_s in (0.0, 0.01, 0.03, 0.08):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(wait_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        if path.exists():
            data = path.read_bytes()
            assert len(data) == 3_000_000
            assert data == data[:1] * len(data)
    assert all(atomic.is_partial(p) for p in tmp_path.iterdir() if p != path)
