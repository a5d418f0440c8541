"""An upgrade of a gallery in processes of their own: several at once, and kill -9 at random moments."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reid.errors import Busy
from reid.store.opening import open_store
from reid.store.sqlite.schema import VERSION
from tests.store.test_migrations import COPY, DECIDED, change, decided, version
from tests.store.written import kept, unpack

ROOT = Path(__file__).parents[2]

OPEN = """
import sys, time
from reid.errors import Busy
from reid.store.opening import open_store
print("ready", flush=True)
sys.stdin.readline()
try:
    with open_store(sys.argv[1], encoder_id=None) as store:
        time.sleep(0.5)
        print(len(store.decisions()), flush=True)
except Busy as busy:
    print(busy, flush=True)
"""


def started(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_of_two_processes_one_upgrades_it(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    processes = [started(path) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    won = [one for one in said if one == "3"]
    assert won, said
    assert all("is writing this gallery; wait for it" in one for one in said if one != "3"), said
    assert [one.name for one in tmp_path.glob("site.db*")].count(COPY) == 1
    assert not list(tmp_path.glob("*-2*"))
    assert decided(path) == DECIDED
    with open_store(path, encoder_id=None), pytest.raises(Busy, match="is writing this gallery"):
        open_store(path, encoder_id=None)


@pytest.mark.slow
def test_kill_9_leaves_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    made = tmp_path / "large"
    made.mkdir()
    whole = unpack(made)
    change(
        whole,
        "INSERT INTO prototypes (sighting_id, vector) SELECT sighting_id, vector FROM prototypes, "
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i FROM n)",
        "INSERT INTO journal (at, event, person_id, detail) SELECT '2026-11-27T03:00:00.000+00:00', 'renamed', 1, "
        "json_object('former', NULL, 'label', 'Ann ' || i) FROM "
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n)",
    )
    half_way = {"1, ['.backup-v1']", "1, ['.backup-v1.tmp']"}
    before, states, rng = kept(whole), set[str](), np.random.default_rng(0)
    path = tmp_path / "site" / "site.db"
    lasts_s = None
    for number in range(25):
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        shutil.copy(whole, path)
        process = started(path)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        if lasts_s is None:
            begun = time.monotonic()
            process.communicate(timeout=120)
            lasts_s = time.monotonic() - begun - 0.5
            continue
        time.sleep(float(rng.uniform(0, lasts_s)))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        state = f"{version(path)}, {sorted(one.name[7:] for one in path.parent.glob('site.db.backup*'))}"
        states.add(state)
        assert kept(path) == before
        open_store(path, encoder_id=None).close()
        assert version(path) == VERSION
        assert decided(path)[:3] == DECIDED
        assert len(decided(path)) == 3_003
        assert [one.name for one in path.parent.glob("site.db.backup*")] == [COPY]
        assert kept(path.parent / COPY) == before
        if number >= 6 and half_way & states:
            break
    assert half_way & states, "no kill hit an upgrade"
