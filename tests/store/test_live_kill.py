"""kill -9 while a live site is recorded: what is there is whole, and the next process goes on from it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.records import Record
from tests.store.site import ENCODER, directions, tables
from tests.store.test_kill import integrity, run_and_kill
from tests.store.test_live_run import agrees, block, key, moved, seen


def live_round(store: Store, number: int) -> None:
    """Three new people; one sighting moves, one is dropped, one of before is better known, two people are one."""
    first = store.next_person_id()
    tracks = [(first, 1), (first, 2), (first + 1, 3), (first + 2, 4)]
    made = [seen(who, directions(9 * number + t, 3, 256), at=number, track=t) for who, t in tracks]
    merged: Sequence[tuple[int, int]] = ()
    if number:
        former = store.former_ids(block(number - 1).run_id)
        again = directions(9 * number, 3, 256)
        made.append(seen(former[key(1)], again, at=number - 1, track=1, rival=first, longer_s=5))
        merged = [(former[key(3)], former[key(1)])]
    away = moved(first, first + 1, at=number, track=2, reason="moved")
    store.record(
        Record(sightings=made, moved=[away], dropped=[(block(number).run_id, key(4))], merged=merged)
    )


RECORDER = f"""
import sys
from reid.store.opening import open_store
from reid.store.base import Store
from tests.store.test_live_kill import live_round
with open_store(sys.argv[1], encoder_id={ENCODER!r}, max_prototypes=4) as store:
    print("ready", flush=True)
    for number in range(len(store.runs()), 100_000):
        live_round(store, number)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """After each kill the gallery is, to the journal's last line, one in which as many rounds ran undisturbed."""
    path, rng, done = tmp_path / "site.db", np.random.default_rng(0), 0
    with open_store(tmp_path / "undisturbed.db", encoder_id=ENCODER, max_prototypes=4) as undisturbed:
        for moment in (0.0, 0.002, *rng.uniform(0.0, 0.12, size=8)):
            printed = run_and_kill(RECORDER, path, float(moment))
            with open_store(path, encoder_id=ENCODER) as store:
                rounds = len(store.runs())
                assert done + len(printed) <= rounds <= done + len(printed) + 1
                for number in range(done, rounds):
                    live_round(undisturbed, number)
                done = rounds
                assert tables(path) == tables(undisturbed.path)
                assert store.next_person_id() == undisturbed.next_person_id()
                for one, other in zip(store.history(), undisturbed.history(), strict=True):
                    assert replace(one, at=other.at) == other
                agrees(store)
            assert integrity(path) == "ok"
    assert done, "the recorder got nowhere, so the kills hit nothing"
