"""A decision is undone after others about other people: what is left is what those alone would have made."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reid.store.base import Store
from reid.store.opening import open_store
from reid.types import TrackletKey
from tests.store.site import ENCODER, NOON, directions, sighting, tables

PEOPLE = 6
KINDS = ("ignore", "merge", "split", "reassign", "rename", "confirm", "apart")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people in two runs, each the runner-up of others."""
    path = tmp_path_factory.mktemp("filled") / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        for run in range(2):
            made = []
            for track in range(2 * PEOPLE):
                person = track // 2 + 1
                others = [other for other in range(1, PEOPLE + 1) if other != person]
                rival = others[(3 * track + run) % len(others)]
                seen = sighting(
                    person,
                    directions(100 * run + track, 2),
                    track=track + 1,
                    rival=rival if run or rival < person else None,
                )
                made.append(seen)
            started = NOON + timedelta(hours=run)
            store.commit_run(f"run-{run}", made, started=started, cameras=["lobby"])
        store.rename(1, "Ada")
        store.rename(3, "Bea")
    return path


def decide(store: Store, kind: str, one: int, other: int) -> int:
    """Make a decision about two people; its number."""
    first: list[tuple[str, TrackletKey]] = [
        (seen.run_id, seen.match.tracklet) for seen in store.sightings(one)[:1]
    ]
    made: dict[str, Callable[[], int]] = {
        "ignore": lambda: store.ignore(one),
        "merge": lambda: store.merge(one, other),
        "split": lambda: store.split(one, first, new=50 + one),
        "reassign": lambda: store.reassign(one, first, other),
        "rename": lambda: store.rename(one, f"name {one}"),
        "confirm": lambda: store.confirm(one),
        "apart": lambda: store.apart(one, other),
    }
    made[kind]()
    return store.decisions()[-1].number


@pytest.mark.parametrize("undone", KINDS)
@pytest.mark.parametrize("people", [(1, 2, 3, 4), (3, 4, 1, 2), (2, 5, 3, 6)])
def test_an_undo_puts_back_what_it_changed_and_no_more(
    filled: Path, tmp_path: Path, undone: str, people: tuple[int, int, int, int]
) -> None:
    one, other, third, fourth = people
    for kind in KINDS:
        with_both, alone = (
            Path(shutil.copy(filled, tmp_path / f"{kind}-{name}.db")) for name in ("both", "alone")
        )
        with open_store(with_both, encoder_id=ENCODER) as store:
            number = decide(store, undone, one, other)
            decide(store, kind, third, fourth)
            store.undo(number)
        with open_store(alone, encoder_id=ENCODER) as store:
            decide(store, kind, third, fourth)
        assert tables(with_both) == tables(alone), kind
        with open_store(with_both, encoder_id=ENCODER) as store:
            store.redo(number)
        with open_store(alone, encoder_id=ENCODER) as store:
            decide(store, undone, one, other)
        assert tables(with_both) == tables(alone), f"{kind}, redone"
