"""People and days are erased from all files, while others write too."""

import json
import random
import threading
from pathlib import Path

import pytest

from reid.events import Event
from reid.outputs.events.event_lines import without_person
from reid.owned_files import OwnedFiles
from tests.outputs.events.event_files import files, ids, opened
from tests.outputs.events.made import DAY_S, event

ROOT = Path(__file__).parents[3]


def test_forgetting_removes_a_person_everywhere_and_goes_on(tmp_path: Path) -> None:
    file = opened(tmp_path)
    for number in range(100):
        facts = {"runner_up": f"P{(number + 1) % 7:04d}", "near": [f"P{(number + 2) % 7:04d}"]}
        file.send(
            Event(
                event_id=f"e{number}",
                kind="seen",
                at_s=DAY_S,
                camera_id="P0003",  # a camera may be called so
                person_id=number % 7,
                facts=facts,
            )
        )
    assert len(files(tmp_path)) > 5
    removed = file.forget(3)
    kept = [number for number in range(100) if number % 7 not in (1, 2, 3)]
    assert removed == 100 - len(kept)
    assert ids(tmp_path) == [f"e{number}" for number in kept]
    for number in range(100, 150):
        file.send(event(number, person=8))
    assert ids(tmp_path) == [f"e{number}" for number in (*kept, *range(100, 150))]
    assert file.forget(3) == 0


def test_forgetting_follows_the_rule_of_events() -> None:
    rng = random.Random(0)
    for _ in range(300):
        facts = {key: rng.choice(["P0001", "P0002", "P00011", 1, None, True]) for key in "abc"}
        made = Event(
            event_id="P0001",
            kind="seen",
            at_s=DAY_S,
            camera_id="P0001",
            person_id=rng.choice([None, 1, 2, 11]),
            facts=facts,
        )
        assert without_person(1)(json.dumps(made.content()).encode()) != made.names(1)


def test_what_was_said_of_a_track_goes_with_the_person_whom_it_showed(tmp_path: Path) -> None:
    file = opened(tmp_path, most_bytes=300)

    def told(number: int, person: int, track: str, *, session: str = "a", old: int | None = None) -> None:
        changed = {} if old is None else {"old": f"P{old:04d}", "new": f"P{person:04d}"}
        file.send(
            Event(
                event_id=f"{session}-{number}",
                kind="seen" if old is None else "identity_changed",
                at_s=DAY_S,
                camera_id="lobby",
                person_id=person,
                facts={"track": track, **changed},
            )
        )

    told(1, 1, "lobby/1")  # taken for 1, was 2
    told(2, 1, "lobby/11")  # 1 all the time
    told(3, 1, "lobby/2")  # taken for 1, then for 2, was 3
    told(4, 2, "lobby/1", old=1)
    told(5, 2, "lobby/2", old=1)
    told(6, 3, "lobby/2", old=2)
    told(7, 1, "lobby/1", session="b")  # numbers begin anew with the program
    assert file.forget(2) == 4
    assert ids(tmp_path) == ["a-2", "a-3", "b-7"]


def test_a_damaged_line_that_may_be_about_a_person_goes_with_them(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    OwnedFiles(tmp_path).claim(path)
    path.write_bytes(b'{"id": "a", "person": "P00\n{"id": "b", "person": "P0001\n')
    file = opened(tmp_path)
    assert file.forget(1) == 1
    assert b"P0001" not in path.read_bytes()


@pytest.mark.slow
def test_forgetting_while_others_write_loses_nothing(tmp_path: Path) -> None:
    file = opened(tmp_path)
    done = threading.Event()

    def write() -> None:
        for number in range(500):
            file.send(event(number))
        done.set()

    threading.Thread(target=write).start()
    while not done.is_set():
        file.forget(3)
    file.forget(3)
    assert ids(tmp_path) == [f"e{number}" for number in range(500) if number % 7 != 3]


def test_pruning_removes_what_is_older(tmp_path: Path) -> None:
    file = opened(tmp_path)
    for number in range(100):
        file.send(event(number))
    before = len(files(tmp_path))
    assert file.prune(DAY_S + 60) == 60
    assert ids(tmp_path) == [f"e{number}" for number in range(60, 100)]
    assert len(files(tmp_path)) < before
    for number in range(100, 200):
        file.send(event(number))
    assert ids(tmp_path) == [f"e{number}" for number in range(60, 200)]
    assert file.prune(DAY_S + 1000) == 140
    assert files(tmp_path) == [tmp_path / "events.jsonl"]
    assert ids(tmp_path) == []
