import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.prototypes import most_varied
from reid.types import TrackletKey
from tests.outputs.scenes import tracklet
from tests.store.site import ENCODER, NOON, commit, directions, sighting, tables

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def vectors_of(store: Store, without_run: str | None = None) -> dict[int, bytes]:
    return {
        one.person_id: one.prototypes.vectors.tobytes() for one in store.identities(without_run=without_run)
    }


def test_new_gallery_is_empty(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        assert store.identities() == []
        assert store.people() == []
        assert store.runs() == []
        assert store.next_person_id() == 1
        assert store.former_ids("run-1") == {}
    assert [file.name for file in tmp_path.iterdir()] == ["site.db"], "nothing else stays behind"


def test_what_is_committed_comes_back_in_the_next_session(tmp_path: Path) -> None:
    path = tmp_path / "site #1?.db"  # characters that mean something in a URI
    with open_store(path, encoder_id=ENCODER) as store:
        made = [
            sighting(1, directions(1, 4), camera="lobby", track=3, rival=2),
            sighting(1, directions(2, 2), camera="street", track=3),
            sighting(2, directions(3, 1), camera="street", track=9, rival=1),
            sighting(None, directions(4, 1), camera="street", track=10),
        ]
        store.commit_run("monday", made, started=NOON, cameras=["street", "lobby"])
    with open_store(path, encoder_id=ENCODER) as store:
        first, second = store.identities()
        assert (first.person_id, first.known, first.tracklets) == (1, True, ())
        expected = np.concatenate([made[0].embeddings.vectors, made[1].embeddings.vectors])
        np.testing.assert_array_equal(first.prototypes.vectors, expected)
        assert first.prototypes.encoder_id == ENCODER
        np.testing.assert_array_equal(second.prototypes.vectors, made[2].embeddings.vectors)
        assert [seen.match for seen in store.sightings(1)] == [made[0].match, made[1].match]
        assert [(seen.start_s, seen.end_s) for seen in store.sightings(2)] == [(9.0, 11.5)]
        assert store.former_ids("monday")[TrackletKey(camera_id="street", track_id=9)] == 2
        assert store.people()[0].cameras == ("lobby", "street")
        assert store.next_person_id() == 3
        assert [(e.event, e.person_id) for e in store.history()] == [
            *(("created", 1), ("created", 2), ("seen", 1), ("seen", 2))
        ]


@FEW
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5)), max_size=12), st.integers(1, 8))
def test_round_trip(tmp_path: Path, tracklets: list[tuple[int, int]], limit: int) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    made = [sighting(p, directions(i, n), track=i) for i, (p, n) in enumerate(tracklets)]
    with open_store(path, encoder_id=ENCODER, max_prototypes=limit) as store:
        store.commit_run("r", made[::-1], started=NOON)
        stored = {one.person_id: one.prototypes.vectors for one in store.identities()}
    assert set(stored) == {person for person, _ in tracklets}
    for person, vectors in stored.items():
        given_ = np.concatenate([s.embeddings.vectors for s in made if s.match.person_id == person])
        assert len(vectors) == min(limit, len(given_))
        rows = [row.tobytes() for row in given_]
        assert all(row.tobytes() in rows for row in vectors), (
            "prototypes are vectors that were seen, to the bit"
        )


@FEW
@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1, max_size=4), st.integers(1, 5)
)
def test_repeating_the_last_run_changes_nothing(tmp_path: Path, runs: list[list[int]], limit: int) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    order = list(dict.fromkeys(person for people in runs for person in people))
    runs = [[1 + order.index(person) for person in people] for people in runs]  # ids count up
    with open_store(path, encoder_id=ENCODER, max_prototypes=limit) as store:
        before: dict[int, bytes] = {}
        for number, people in enumerate(runs):
            before = vectors_of(store)
            commit(store, number, people)
        last, ids = f"run-{len(runs) - 1}", store.former_ids(f"run-{len(runs) - 1}")
        once, next_id = tables(path), store.next_person_id()
        assert vectors_of(store, without_run=last) == before, "the repeated run meets what it met at first"
        commit(store, len(runs) - 1, runs[-1])
        assert tables(path) == once
        assert store.former_ids(last) == ids
        assert store.next_person_id() == next_id


def test_a_number_that_went_to_a_tracklet_of_another_time_has_no_former_id(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.commit_run("r", [sighting(n, directions(n, 1), track=n) for n in (1, 2, 3)], started=NOON)
        # a sighting of track n lasts from n to n + 2.5 s; frames are at 10 a second
        now = [
            tracklet("lobby", 1, range(12, 38)),
            tracklet("lobby", 2, range(32, 58)),
            tracklet("street", 3, range(30, 56)),
        ]
        assert store.former_ids("r", now) == {now[0].key: 1}
        assert store.former_ids("r", []) == {}
        assert store.former_ids("other", now) == {}


def test_a_repeated_run_that_finds_others_takes_its_people_away(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        commit(store, 2, [2, 3])
        store.rename(3, "Ann")
        commit(store, 2, [2, 2])
        assert [one.person_id for one in store.identities()] == [1, 2]
        assert store.next_person_id() == 4, "3 was somebody once, so nobody else becomes 3"
        assert [e.event for e in store.history(3)] == ["retracted"]
        assert "Ann" not in str(store.history())
        with pytest.raises(ValueError, match="P0003 is gone"):
            commit(store, 3, [3])


def test_the_same_run_again_keeps_labels(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        store.rename(2, "Ann")
        commit(store, 1, [1, 2])
        assert store.find("Ann") == 2


def test_prototypes_stay_bounded_and_varied(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=4) as store:
        for number in range(6):
            commit(store, number, [1, 1], vectors_each=5)
        assert len(store.identities()[0].prototypes) == 4
        assert store.people()[0].prototypes == 4
    db = sqlite3.connect(tmp_path / "site.db")
    assert db.execute("SELECT count(*) FROM prototypes").fetchone()[0] <= 8, "and what the last run displaced"
    db.close()
    spread = np.eye(4, dtype=np.float32)
    crowd = np.concatenate([np.repeat(spread[:1], 50, axis=0), spread])
    assert {int(np.argmax(crowd[row])) for row in most_varied(crowd, 4)} == {0, 1, 2, 3}
    assert len(most_varied(crowd, 20)) == 4, "equal vectors stand for nothing more"


def test_wrong_use_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1])
        before = tables(store.path)
        one, two = directions(1, 1), directions(2, 1, dimension=8)
        for wrong, message in (
            ([sighting(1, one), sighting(2, one)], "two sightings of one tracklet"),
            ([sighting(1, one, encoder_id="other")], "vectors of encoder other"),
            ([sighting(1, two)], "different sizes"),
            ([sighting(1, one, rival=77)], "not in this gallery"),
        ):
            with pytest.raises(ValueError, match=message):
                store.commit_run("wrong", wrong, started=NOON)
        with pytest.raises(ValueError, match="time zone"):
            store.commit_run("wrong", [sighting(1, one)], started=NOON.replace(tzinfo=None))
        assert tables(store.path) == before


def test_a_reader_sees_whole_runs_while_another_writes(tmp_path: Path) -> None:
    path, stop = tmp_path / "site.db", threading.Event()
    seen: list[tuple[int, int, int, int]] = []
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 0, [1, 1, 1])

        def read() -> None:
            while not stop.is_set():
                with open_store(path, encoder_id=None, read_only=True) as reader:
                    person, vectors = reader.people()[0], len(reader.prototypes()[1])
                seen.append((person.runs, person.sightings, person.prototypes, vectors))

        thread = threading.Thread(target=read)
        thread.start()
        # without vectors, so that the reader's two questions have one answer whatever is committed in between
        for number in range(1, 30):
            commit(store, number, [1, 1, 1], vectors_each=0)
        while len(seen) < 3 and thread.is_alive():
            time.sleep(0.01)
        stop.set()
        thread.join()
    assert len(seen) >= 3, "the reader failed or was shut out"
    assert all(sightings == 3 * runs and vectors == kept == 9 for runs, sightings, kept, vectors in seen)
    assert [runs for runs, *_ in seen] == sorted(runs for runs, *_ in seen)


def test_read_only_store_refuses_to_write(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1])
    with (
        open_store(path, encoder_id=None, read_only=True) as store,
        pytest.raises(InputError, match="for reading"),
    ):
        commit(store, 2, [1])
