"""What is in the files after rotation, forgetting, pruning, a full disk, a kill and a power cut."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.events import Event
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from tests.outputs.events.event_files import files, ids, opened, records
from tests.outputs.events.made import DAY_S, event

ROOT = Path(__file__).parents[3]


def test_lines_say_what_events_say_and_are_there_at_once(tmp_path: Path) -> None:
    file = opened(tmp_path)
    text = 'Zoë "Z"\n\u2028 half a pair: \ud83d'
    file.send(event(1, text=text))
    (record,) = records(tmp_path)
    assert record == dict(event(1, text=text).content())
    assert b"Zo\xc3\xab" in (tmp_path / "events.jsonl").read_bytes()
    assert file.counts().sent == 1


def test_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    facts = {"distance": float("nan"), "score": float("inf")}
    opened(tmp_path).send(
        Event(event_id="a", kind="seen", at_s=DAY_S, camera_id=None, person_id=None, facts=facts)
    )
    (record,) = records(tmp_path)
    assert record["distance"] is record["score"] is None


def test_rotation_loses_no_line_from_any_thread(tmp_path: Path) -> None:
    file = opened(tmp_path)

    def write(thread: int) -> None:
        for number in range(100):
            file.send(event(1000 * thread + number))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close(1.0)
    found = ids(tmp_path)
    assert sorted(found) == sorted(
        f"e{1000 * thread + number}" for thread in range(4) for number in range(100)
    )
    for thread in range(4):
        mine = [int(name[1:]) for name in found if int(name[1:]) // 1000 == thread]
        assert mine == sorted(mine), "the order of each thread is kept over all files"
    assert all(path.stat().st_size <= 2000 for path in files(tmp_path))
    assert len(files(tmp_path)) > 10
    assert file.counts().sent == 400


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_only_the_newest_full_files_are_kept(tmp_path: Path, keep: int) -> None:
    file = opened(tmp_path, keep=keep)
    for number in range(200):
        file.send(event(number))
    found = ids(tmp_path)
    assert len(files(tmp_path)) == keep + 1
    assert found == [f"e{number}" for number in range(200 - len(found), 200)]


def test_a_gap_left_between_two_renames_costs_nothing(tmp_path: Path) -> None:
    file = opened(tmp_path)
    number = 0
    while len(files(tmp_path)) < 5:
        file.send(event(number := number + 1))
    file.close(1.0)
    OwnedFiles(tmp_path).claim(tmp_path / "events.5.jsonl")
    for old in (4, 3, 2, 1):  # as a rotation does it, killed before the last rename
        (tmp_path / f"events.{old}.jsonl").rename(tmp_path / f"events.{old + 1}.jsonl")
    file = opened(tmp_path)
    for later in range(number + 1, number + 100):
        file.send(event(later))
    assert ids(tmp_path) == [f"e{one}" for one in range(1, number + 100)]


def test_fewer_files_are_kept_when_the_settings_say_so(tmp_path: Path) -> None:
    file = opened(tmp_path)
    for number in range(100):
        file.send(event(number))
    file.close(1.0)
    opened(tmp_path, keep=2)
    assert len(files(tmp_path)) == 3
    assert ids(tmp_path)[-1] == "e99"


def test_a_line_longer_than_a_file_is_kept_whole(tmp_path: Path) -> None:
    file = opened(tmp_path, most_bytes=100)
    for number in range(3):
        file.send(event(number, text="x" * 500))
    assert ids(tmp_path) == ["e0", "e1", "e2"]


WHOLE = b'{"id": "e%d", "event": "seen", "at": "2026-11-21T08:00:00Z"}'


@pytest.mark.parametrize(
    ("tail", "kept"),
    [(b'{"id": "e1", "ev', 1), (WHOLE % 1, 2), (b"\0" * 50, 1), (b"{", 1), (b"", 1)],
)
def test_a_torn_last_line_is_put_right(
    tmp_path: Path, tail: bytes, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, WHOLE % 0 + b"\n" + tail)
    file = opened(tmp_path)
    assert ("half a line" in caplog.text) == (kept == 1 and tail != b"")
    file.send(event(2))
    assert ids(tmp_path) == [*["e0", "e1"][:kept], "e2"]


def test_a_last_line_that_is_no_event_is_not_cut(tmp_path: Path) -> None:
    """It stays, and the next event begins a line of its own."""
    path = written(tmp_path, WHOLE % 0 + b"\nnote to self")
    opened(tmp_path).send(event(2))
    lines = path.read_bytes().split(b"\n")
    assert lines[:2] == [WHOLE % 0, b"note to self"]
    assert json.loads(lines[2])["id"] == "e2"


def written(folder: Path, data: bytes, name: str = "events.jsonl") -> Path:
    """A file that the program has written before."""
    OwnedFiles(folder).claim(folder / name)
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("data", [b"my own events", WHOLE % 0 + b"\n", WHOLE % 0])
def test_a_file_of_another_is_neither_appended_to_nor_cut(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "events.jsonl").write_bytes(data)
    with pytest.raises(InputError, match=r"events\.jsonl: is there already, and reid did not write it"):
        opened(tmp_path)
    assert (tmp_path / "events.jsonl").read_bytes() == data


def test_full_files_of_others_stay_where_they_are(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    theirs = {"events.1.jsonl": b"mine\n", "events.7.jsonl": b'{"person": "P0001"}', "events.01.jsonl": b""}
    for name, content in theirs.items():
        (tmp_path / name).write_bytes(content)
    file = opened(tmp_path, keep=2)
    assert "left alone, as reid did not write it: events.1.jsonl, events.7.jsonl" in caplog.text
    for number in range(100):
        file.send(event(number))
    file.forget(1)
    file.prune(DAY_S + 95)
    file.close(1)
    assert {name: (tmp_path / name).read_bytes() for name in theirs} == theirs
    ours = {path.name for path in tmp_path.iterdir()} - theirs.keys()
    assert ours <= {".reid-files", "events.jsonl", "events.2.jsonl", "events.3.jsonl"}
    assert (tmp_path / "events.jsonl").read_bytes().count(b"\n") + (
        (tmp_path / "events.2.jsonl").read_bytes().count(b"\n")
        if (tmp_path / "events.2.jsonl").exists()
        else 0
    ) == 5 - sum(number % 7 == 1 for number in range(95, 100))


def test_a_file_that_was_moved_aside_is_begun_anew(tmp_path: Path) -> None:
    """As logrotate does it: with rename and create, rename alone, copytruncate; and where it is deleted."""
    file, path = opened(tmp_path, most_bytes=10**6), tmp_path / "events.jsonl"
    file.send(event(0))
    path.rename(tmp_path / "a")
    path.touch()
    file.send(event(1))
    path.rename(tmp_path / "b")
    file.send(event(2))
    shutil.copy(path, tmp_path / "c")
    os.truncate(path, 0)
    file.send(event(3))
    path.unlink()
    file.send(event(4))
    found = [json.loads((tmp_path / name).read_text())["id"] for name in ("a", "b", "c", "events.jsonl")]
    assert found == ["e0", "e1", "e2", "e4"]
    assert file.counts().sent == 5


def test_a_file_of_another_that_took_its_place_is_not_appended_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, path = opened(tmp_path), tmp_path / "events.jsonl"
    file.send(event(0))
    path.unlink()
    path.write_bytes(b"shopping list\nmilk")
    for number in (1, 2):
        file.send(event(number))
    file.retry()
    assert path.read_bytes() == b"shopping list\nmilk"
    assert file.counts().waiting == 2
    assert "holds what is not an event; move it elsewhere; 2 events wait" in file.counts().trouble
    assert caplog.text.count("holds what is not an event") == 1
    path.unlink()
    file.retry()
    assert ids(tmp_path) == ["e1", "e2"]
    assert (file.counts().waiting, file.counts().trouble) == (0, "")


def test_half_a_rewritten_file_is_cleared_away(tmp_path: Path) -> None:
    written(tmp_path, WHOLE % 0 + b"\n", "events.1.jsonl")
    partial = tmp_path / ".events.1.77-0.partial.jsonl"
    partial.write_text('{"person": "P0001"}\n')
    other = tmp_path / ".identities.77-0.partial.json"
    other.touch()
    OwnedFiles(tmp_path).tidy()
    assert not partial.exists()
    assert other.exists()


WRITER = """
import sys
from pathlib import Path
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from tests.outputs.events.made import event
path = Path(sys.argv[1])
path.parent.mkdir(exist_ok=True)
file = EventFile(path, OwnedFiles(path.parent), most_bytes=20_000, keep=1_000_000)
number = 0
while True:
    file.send(event(number, text="x" * (number % 3000)))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    number += 1
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_killed_program_leaves_whole_lines_and_all_of_them(tmp_path: Path) -> None:
    done = -1
    for kill in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path / str(kill) / "events.jsonl")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                done = int(line)
                if done == 150 + 70 * kill:
                    writer.send_signal(signal.SIGKILL)
        found = ids(tmp_path / str(kill))
        assert found == [f"e{number}" for number in range(len(found))]
        assert len(found) > done, "whatever was said to be written is there"


FULL_DISK = """
import resource, sys
from pathlib import Path
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from tests.outputs.events.made import event
path = Path(sys.argv[1])
path.parent.mkdir(exist_ok=True)
file = EventFile(path, OwnedFiles(path.parent), most_bytes=100_000, keep=2)
for number in range(5):
    file.send(event(number))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for number in range(5, 50):
    file.send(event(number))
file.forget(3)
print(file.counts().waiting, file.counts().sent, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
file.retry()
file.send(event(50))
print(file.counts().waiting, file.counts().sent, flush=True)
file.close(1.0)
"""


@pytest.mark.skipif(os.name != "posix", reason="the limit of a file's size is POSIX")
def test_on_a_full_disk_events_wait_and_no_line_is_half(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "events.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    waiting, sent, waiting_later, sent_later = map(int, done.stdout.split())
    forgotten = [number for number in range(50) if number % 7 == 3]
    assert waiting > 30
    assert waiting + sent == 50 - sum(number >= sent for number in forgotten)
    assert (waiting_later, sent_later) == (0, waiting + sent + 1)
    assert ids(tmp_path) == [f"e{number}" for number in range(51) if number not in forgotten]
    assert done.stderr.count("events wait until it can be written") == 1
    assert "is written again; " in done.stderr


def test_after_closing_events_are_counted_as_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = opened(tmp_path)
    file.send(event(0))
    file.close(1.0)
    file.close(1.0)
    file.send(event(1))
    assert (file.counts().sent, file.counts().dropped) == (1, 1)
    assert file.forget(0) == 1
    assert ids(tmp_path) == []
    assert caplog.text == ""


def test_a_place_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match=r"taken/events.jsonl: events cannot be written there"):
        EventFile(tmp_path / "taken" / "events.jsonl", OwnedFiles(tmp_path), most_bytes=1000, keep=1)
