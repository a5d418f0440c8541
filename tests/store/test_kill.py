"""kill -9 at random moments: what was reported as committed is there, nothing is there in part."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reid.store.index import PersonIndex
from reid.store.opening import open_store
from tests.store.kept import found_in_files
from tests.store.site import ENCODER, commit, directions, tables
from tests.store.test_index import agrees

ROOT = Path(__file__).parents[2]
PEOPLE, VECTORS = 6, 4  # of every run

# Every run brings its own people and shows one of the run before; the index is saved after each.
WRITER = f"""
import sys
from datetime import timedelta
from tests.store.site import ENCODER, NOON, directions, sighting
from reid.store.index import PersonIndex
from reid.store.opening import open_store
import faiss
print("ready", flush=True)
with open_store(sys.argv[1], encoder_id=ENCODER) as store:
    for number in range(len(store.runs()), 100_000):
        first = store.next_person_id()
        people = [*range(first, first + {PEOPLE - 1}), max(first - 1, 1)]
        vectors = [directions(number * {PEOPLE} + track, {VECTORS}, 256) for track in range({PEOPLE})]
        made = [sighting(p, v, track=t) for t, (p, v) in enumerate(zip(people, vectors))]
        store.commit_run(f"{{number:06}}", made, started=NOON + timedelta(minutes=number))
        print(f"{{number:06}}", flush=True)
        PersonIndex(store).search(directions(1, 1, 256), 1)
"""

# Commits one person with many vectors and forgets them again, over and over.
FORGETTER = """
import sys
from tests.store.site import ENCODER, NOON, directions, sighting
from reid.store.opening import open_store
with open_store(sys.argv[1], encoder_id=ENCODER, max_prototypes=400) as store:
    store.commit_run("others", [sighting(1, directions(1, 50, 256))], started=NOON)
    print("ready", flush=True)
    while True:
        person = store.next_person_id()
        store.commit_run("hers", [sighting(person, directions(7, 300, 256))], started=NOON)
        print("there", flush=True)
        store.forget(person)
        print("gone", flush=True)
"""

# Erases people with a suppression list, over and over.
SUPPRESSOR = """
import sys
import numpy as np
from dataclasses import replace
from reid.store.opening import open_store
from reid.suppression import Footage, SuppressionKey
from tests.store.site import ENCODER, NOON, directions, sighting
footage = {"lobby": Footage(content="c", width=640, height=360)}
places = np.array([[0, 10, 10, 90, 200], [2.5, 20, 10, 100, 200]], dtype=np.float32)
with open_store(sys.argv[1], encoder_id=ENCODER) as store:
    key = SuppressionKey.read_or_make()
    print("ready", flush=True)
    while True:
        person = store.next_person_id()
        made = [replace(sighting(person, directions(7, 40, 256), track=t), places=places) for t in (1, 2)]
        store.commit_run("hers", made, started=NOON, footage=footage)
        store.forget(person, suppress=key)
        print("gone", flush=True)
"""

# Makes a decision of each kind, takes it back, puts it back, and takes it back again, over and over.
DECIDER = """
import sys
from itertools import cycle
from reid.store.opening import open_store
from reid.types import TrackletKey
with open_store(sys.argv[1], encoder_id=None) as store:
    tracklet = [("run-1", TrackletKey(camera_id="lobby", track_id=0))]
    kinds = {
        "same": lambda: store.merge(2, into=1),
        "different": lambda: store.split(1, tracklet),
        "moved": lambda: store.reassign(1, tracklet, 2),
        "confirmed": lambda: store.confirm(1),
        "named": lambda: store.rename(1, "Ada L."),
        "not_a_person": lambda: store.ignore(1),
    }
    print("ready", flush=True)
    for kind in cycle(kinds):
        kinds[kind]()
        print(kind, flush=True)
        store.undo()
        print("undone", flush=True)
        store.redo()
        print("redone", flush=True)
        store.undo()
        print("undone", flush=True)
"""


ANY = [["same"], ["different"], ["moved"], ["confirmed"], ["named"], ["not_a_person"]]


def run_and_kill(program: str, path: Path, after_s: float) -> list[str]:
    """What the program printed after "ready" until SIGKILL, `after_s` seconds later."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().splitlines()
    assert process.returncode == -signal.SIGKILL, "the program itself must not fail"
    return lines


def integrity(path: Path) -> str:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        db.close()


@pytest.mark.slow
def test_committed_runs_survive_kill_9_and_no_run_is_there_in_part(tmp_path: Path) -> None:
    path, committed, rng = tmp_path / "site.db", list[str](), np.random.default_rng(0)
    for moment in (0.0, 0.002, 0.005, *rng.uniform(0.0, 0.25, size=8)):
        committed += run_and_kill(WRITER, path, float(moment))
        with open_store(path, encoder_id=ENCODER) as store:
            runs = store.runs()
            assert runs == [f"{number:06}" for number in range(len(runs))]
            assert set(committed) <= set(runs)
            committed = runs  # one more may be there than was printed: killed between commit and print
            assert all(len(store.former_ids(run)) == PEOPLE for run in runs), "a run is there in part"
            stored = {row.tobytes() for row in store.prototypes()[2]}
            seeds = range(len(runs) * PEOPLE)
            assert stored == {row.tobytes() for seed in seeds for row in directions(seed, VECTORS, 256)}
            if runs:
                agrees(store, directions(5, 2, 256), 3)
        assert integrity(path) == "ok"
    assert committed, "the writer got nowhere, so the kills hit nothing"


@pytest.mark.slow
def test_erasure_that_was_killed_is_finished_by_the_next_writer(tmp_path: Path) -> None:
    path, rng = tmp_path / "site.db", np.random.default_rng(1)
    hers, unfinished = directions(7, 300, 256), 0
    for kills in range(40):
        if kills >= 6 and unfinished:
            break
        run_and_kill(FORGETTER, path, float(rng.uniform(0.0, 0.3)))
        db = sqlite3.connect(path)
        unfinished += db.execute("SELECT traces FROM gallery").fetchone() == (1,)
        db.close()
        with open_store(path, encoder_id=ENCODER) as store:
            PersonIndex(store).search(directions(1, 1, 256), 1)
            for person in [one.person_id for one in store.people() if one.person_id != 1]:
                store.forget(person)
            assert found_in_files(tmp_path, hers) == 0
        assert integrity(path) == "ok"
    assert unfinished > 0, "no kill hit an erasure"


@pytest.mark.slow
def test_an_erasure_that_was_killed_is_suppressed_or_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REID_SUPPRESSION_KEY", str(tmp_path / "key"))
    path = tmp_path / "site.db"
    for delay in np.linspace(0.0, 0.3, 12):
        run_and_kill(SUPPRESSOR, path, float(delay))
        assert integrity(path) == "ok"
        with open_store(path, encoder_id=ENCODER) as store:
            erased = sum(one.kind == "erased" for one in store.decisions())
            assert len(store.suppressed()) == 2 * erased
            assert len(store.people()) <= 1
    assert erased > 3, "the kills hit nothing"


@pytest.mark.slow
def test_a_killed_decision_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 2, 3])
    before = tables(path)
    for delay in np.linspace(0.02, 0.6, 24):
        told = run_and_kill(DECIDER, path, float(delay))
        assert integrity(path) == "ok"
        with open_store(path, encoder_id=None) as store:
            holding = [one for one in store.decisions() if one.undone is None]
            assert len(holding) <= 1, "each was taken back before the next"
            if decided := [line for line in told if line not in ("undone", "redone")]:
                possible = [[], [decided[-1]]] if told[-2:] != ["redone", "undone"] else [[], *ANY]
                assert [one.kind for one in holding] in possible
            if holding:
                assert tables(path) != before or holding[0].kind == "confirmed"
                store.undo()
        assert tables(path) == before
    with open_store(path, encoder_id=None, read_only=True) as store:
        assert {one.kind for one in store.decisions()} == {
            "same", "different", "moved", "confirmed", "named", "not_a_person",
        }  # fmt: skip
