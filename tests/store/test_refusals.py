"""Every way in which a gallery cannot be used, and its sentence."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import Busy, InputError, StoreError
from reid.store.opening import open_store
from reid.store.sqlite.schema import VERSION
from tests.store.site import ENCODER, NOON, commit, directions, sighting


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
    return path


def test_not_an_sqlite_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("people I have met: " + "none " * 1000)
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"notes\.txt: not a gallery \(not an SQLite file\)"):
            open_store(path, encoder_id=ENCODER, read_only=read_only)
    assert path.read_text().startswith("people I have met")
    assert len(list(tmp_path.iterdir())) == 1


def test_sqlite_file_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "browser.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE gallery (cookie)")
    db.commit()
    db.close()
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"browser\.db: an SQLite file of another program"):
            open_store(path, encoder_id=ENCODER, read_only=read_only)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_newer_schema(gallery: Path) -> None:
    db = sqlite3.connect(gallery)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(
        StoreError, match=rf"made by a newer reid .gallery version 99, this one reads up to {VERSION}"
    ):
        open_store(gallery, encoder_id=ENCODER)


def test_another_encoder(gallery: Path) -> None:
    with pytest.raises(StoreError, match=rf"holds vectors of encoder {ENCODER}.* those of encoder resnet@42"):
        open_store(gallery, encoder_id="resnet@42")


def test_missing_or_empty(tmp_path: Path) -> None:
    for read_only in (True, False):
        with pytest.raises(InputError, match=r"site\.db: no such gallery"):
            open_store(tmp_path / "site.db", encoder_id=None, read_only=read_only)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "site.db").touch()
    with pytest.raises(StoreError, match="an empty file, not a gallery"):
        open_store(tmp_path / "site.db", encoder_id=None, read_only=True)
    with open_store(
        tmp_path / "site.db", encoder_id=ENCODER
    ) as store:  # what a kill at the first moment leaves
        commit(store, 1, [1])


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path, encoder_id=ENCODER)
    with pytest.raises(
        StoreError, match=r"cannot be written \(No such file or directory\); its folder must exist"
    ):
        open_store(tmp_path / "nowhere" / "site.db", encoder_id=ENCODER)
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(Path("/proc/site.db"), encoder_id=ENCODER)  # not even root may


def test_read_only_folder_and_file(gallery: Path) -> None:
    gallery.chmod(0o444)
    if os.access(gallery, os.W_OK):
        pytest.skip("this user (root?) may write everywhere")
    with pytest.raises(StoreError, match="may only be read; make the file writable"):
        open_store(gallery, encoder_id=ENCODER)
    gallery.parent.chmod(0o555)
    try:
        with pytest.raises(StoreError, match=r"cannot be written .Permission denied"):
            open_store(gallery, encoder_id=ENCODER)
        with open_store(gallery, encoder_id=None, read_only=True) as store:
            assert len(store.identities()) == 2
    finally:
        gallery.parent.chmod(0o755)


def test_damaged_file(gallery: Path) -> None:
    content = bytearray(gallery.read_bytes())
    content[16384:] = b"\xa5" * (len(content) - 16384)
    gallery.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"site\.db: the gallery .*malformed"),
        open_store(gallery, encoder_id=ENCODER) as store,
    ):
        store.identities()


def test_full_disk_stores_nothing_of_the_run(gallery: Path) -> None:
    with open_store(gallery, encoder_id=ENCODER, max_prototypes=10_000) as store:
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own full disk
        many = [sighting(3, directions(track, 50), track=track) for track in range(40)]
        with pytest.raises(StoreError, match=r"site\.db: the gallery failed \(database or disk is full\)"):
            store.commit_run("big", many, started=NOON)
        assert store.runs() == ["run-1"]
        commit(store, 1, [1, 2])


def test_second_writer_in_this_process(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(gallery, encoder_id=ENCODER) as store:
        with pytest.raises(Busy, match=f"process {os.getpid()} is writing this gallery"):
            open_store(gallery, encoder_id=ENCODER)
        assert main(["gallery", "rename", str(gallery), "1", "Ann"]) == 2
        assert capsys.readouterr().err == (
            f"reid: {gallery}: process {os.getpid()} is writing this gallery; wait for it or use another gallery\n"
        )
        commit(store, 2, [1])
    with open_store(gallery, encoder_id=ENCODER) as store:
        assert store.runs() == ["run-1", "run-2"]


HOLD = """
import os, sys, time
from reid.store.opening import open_store
store = open_store(sys.argv[1], encoder_id=sys.argv[2])
forks = len(sys.argv) > 3
child = forks and os.fork() == 0  # a worker that outlives its parent
if child == forks:
    print("open", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("forks", [False, True])
def test_second_writer_is_told_the_pid_and_a_killed_one_does_not_block(gallery: Path, forks: bool) -> None:
    extra = ["fork"] if forks else []
    command = [sys.executable, "-c", HOLD, str(gallery), ENCODER, *extra]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "open\n"
            with pytest.raises(Busy, match=f"process {holder.pid} is writing this gallery; wait for it"):
                open_store(gallery, encoder_id=ENCODER)
            with open_store(gallery, encoder_id=None, read_only=True) as reader:
                assert len(reader.people()) == 2
            holder.kill()
            holder.wait()
            with open_store(gallery, encoder_id=ENCODER) as store:
                commit(store, 2, [1])
        finally:
            os.killpg(holder.pid, signal.SIGKILL) if forks else holder.kill()


def test_of_many_at_once_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "new.db"  # they race for its creation, too
    fork = multiprocessing.get_context("fork")
    all_ready, all_tried, won = fork.Barrier(4), fork.Barrier(4), fork.Value("i", 0)

    def contend(number: int) -> None:
        all_ready.wait(30)
        try:
            with open_store(path, encoder_id=ENCODER) as store:
                commit(store, number, [1])
                all_tried.wait(30)
                with won.get_lock():
                    won.value += 1
        except Busy:
            all_tried.wait(30)

    contenders = [fork.Process(target=contend, args=(number,)) for number in range(4)]
    for contender in contenders:
        contender.start()
    for contender in contenders:
        contender.join()
    assert [contender.exitcode for contender in contenders] == [0] * 4
    assert won.value == 1
    with open_store(path, encoder_id=ENCODER) as store:
        assert len(store.runs()) == 1
