"""A real file system that is soon full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted tmpfs of so many KiB."""

    def __init__(self, folder: Path, kib: int) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder))

    def resize(self, kib: int) -> None:
        self._mount("-o", f"remount,size={kib}k", str(self.folder))

    def fill(self, leave_kib: int = 0) -> Path:
        """Write a file that takes all room but so much; delete it to make room again."""
        filler = self.folder / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(self.folder).free - leave_kib * 1024))
        return filler

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def _mount(self, *words: str) -> None:
        done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[SmallDisk]:
    """Mounted on `folder`; the test is skipped where that is not allowed."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a file system")
    folder.mkdir(parents=True, exist_ok=True)
    disk = SmallDisk(folder, kib)
    try:
        yield disk
    finally:
        disk.unmount()
