"""On a disk that is full, every library's failure becomes one error with the file's name, and the old file stays."""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid import cache, disk
from reid.errors import InputError
from reid.outputs import atomic
from reid.store.opening import open_store
from reid.video.writer import VideoWriter
from tests.small_disk import small_disk
from tests.store.site import ENCODER, commit

NOISE = np.random.default_rng(0).integers(0, 255, (500, 500, 3), dtype=np.uint8)


def text(path: Path) -> None:
    atomic.write_text(path, "x" * 1_000_000)


def npz(path: Path) -> None:
    with atomic.replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, noise=NOISE)


def npy(path: Path) -> None:
    """numpy tells of it without a number: "750000 requested and 163712 written"."""
    with cache.replacing(path) as partial, partial.open("wb") as file:
        NOISE.tofile(file)


def film(path: Path) -> None:
    with VideoWriter(path) as writer:
        for number in range(30):
            writer.write(np.roll(NOISE, 7 * number, axis=0), number / 25)


def checkpoint(path: Path) -> None:
    """torch raises a RuntimeError: "unexpected pos 576 vs 534"."""
    import torch

    with cache.replacing(path) as partial:
        torch.save({"noise": torch.tensor(NOISE)}, partial)


def network(path: Path) -> None:
    """OpenVINO raises a RuntimeError: "basic_ios::clear: iostream error"."""
    import openvino as ov
    from openvino import opset13 as op

    given = op.parameter([1, 500], dtype=np.float32)
    weights = op.constant(NOISE[:, :, 0].astype(np.float32))
    with cache.replacing(path) as partial:
        model = ov.Model([op.matmul(given, weights, False, False)], [given])
        ov.save_model(model, partial.with_suffix(".xml"), compress_to_fp16=False)


@pytest.mark.parametrize(
    "write",
    [text, npz, npy, film, *(pytest.param(one, marks=pytest.mark.slow) for one in (checkpoint, network))],
)
def test_the_file_is_named_and_the_old_one_stays(tmp_path: Path, write: Callable[[Path], None]) -> None:
    with small_disk(tmp_path / "disk", 256) as place:
        path = place.folder / "result.mp4"
        path.write_bytes(b"old")
        with pytest.raises(OSError, match="No space left on device") as caught:
            write(path)
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == str(path)
        assert path.read_bytes() == b"old"
        sentence = disk.explained(caught.value, [])
        assert sentence is not None
        assert sentence.startswith(f"{path}: the disk is full (No space left on device); make room there")


def test_what_the_disk_has_nothing_to_do_with_passes(tmp_path: Path) -> None:
    for error in (
        ValueError("a bug"),
        FileNotFoundError(2, "gone", "x"),
        OSError("no number"),
        InputError("mine"),
    ):
        with pytest.raises(type(error)) as caught, disk.naming(tmp_path / "a"):
            raise error
        assert caught.value is error
        assert isinstance(error, InputError) or disk.explained(error, [tmp_path]) is None
    with pytest.raises(OSError, match="other") as full, disk.naming(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device", "other")
    assert full.value.filename == "other"
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_says_nothing_of_the_disk_is_seen_through(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as place:
        place.fill()
        sentence = disk.explained(RuntimeError("basic_ios::clear"), [tmp_path, place.folder / "results"])
    assert sentence is not None
    assert sentence.startswith(f"{place.folder / 'results'}: the disk is full")


def test_a_gallery_on_a_full_disk_costs_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 800) as place:
        path = place.folder / "site.db"
        with open_store(path, encoder_id=ENCODER) as store:
            commit(store, 1, [1, 2])
        filler = place.fill()
        for words in (
            ["rename", str(path), "1", "Ada"],
            ["prune", str(path), "0"],
            ["forget", str(path), "1"],
        ):
            assert main(["gallery", *words]) == 2
            error = capsys.readouterr().err
            assert error.count("\n") == 1
            assert str(path) in error
            assert "make room there" in error
        filler.unlink()
        assert main(["gallery", "rename", str(path), "1", "Ada"]) == 0
        assert sqlite3.connect(path).execute("SELECT label FROM people").fetchall() == [("Ada",), (None,)]


@pytest.mark.slow
def test_a_terminal_s_disk_may_be_full_too(tmp_path: Path) -> None:
    """`reid gallery list site.db > list.txt`."""
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "gallery", "list", str(tmp_path / "site.db")],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("reid: standard output, or a file that nothing names: the disk is full")
    assert done.stderr.count("\n") == 1


def test_a_limit_of_the_size_of_files_is_told_apart(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught:
            atomic.write_text(tmp_path / "a.txt", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "raise the limit (ulimit -f)" in str(disk.explained(caught.value, []))
    assert list(tmp_path.iterdir()) == []
