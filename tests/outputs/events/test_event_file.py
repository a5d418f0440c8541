"""What is in the files after rotation, forgetting, pruning, a full disk, a kill and a power cut."""

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.events import Event
from reid.outputs.events.event_file import EventFile
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


@pytest.mark.parametrize(
    ("tail", "kept"),
    [(b'{"id": "e1", "ev', 1), (b'{"id": "e1"}', 2), (b"\0" * 50, 1), (b"1", 1), (b"", 1)],
)
def test_a_torn_last_line_is_put_right(
    tmp_path: Path, tail: bytes, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "events.jsonl").write_bytes(b'{"id": "e0"}\n' + tail)
    file = opened(tmp_path)
    assert ("half a line" in caplog.text) == (kept == 1 and tail != b"")
    file.send(event(2))
    assert ids(tmp_path) == [*["e0", "e1"][:kept], "e2"]


def test_half_a_rewritten_file_is_cleared_away(tmp_path: Path) -> None:
    partial = tmp_path / ".events.1.77-0.partial.jsonl"
    partial.write_text('{"person": "P0001"}\n')
    other = tmp_path / ".identities.77-0.partial.json"
    other.touch()
    opened(tmp_path)
    assert not partial.exists()
    assert other.exists()


WRITER = """
import sys
from pathlib import Path
from reid.outputs.events.event_file import EventFile
from tests.outputs.events.made import event
file = EventFile(Path(sys.argv[1]), most_bytes=20_000, keep=1_000_000)
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
from tests.outputs.events.made import event
file = EventFile(Path(sys.argv[1]), most_bytes=100_000, keep=2)
for number in range(5):
    file.send(event(number))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for number in range(5, 50):
    file.send(event(number))
print(file.counts().given_up, file.counts().sent, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
file.send(event(50))
file.close(1.0)
"""


@pytest.mark.skipif(os.name != "posix", reason="the limit of a file's size is POSIX")
def test_a_full_disk_costs_events_but_no_half_lines(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "events.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    given_up, sent = map(int, done.stdout.split())
    assert given_up > 30
    assert given_up + sent == 50
    assert ids(tmp_path) == [*(f"e{number}" for number in range(sent)), "e50"]
    assert done.stderr.count("events are being lost") == 1
    assert f"{given_up} events were lost" in done.stderr


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
        EventFile(tmp_path / "taken" / "events.jsonl", most_bytes=1000, keep=1)
