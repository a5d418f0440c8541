"""People who are said to be two, and tracklets that are confirmed one by one."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.store.opening import open_store
from reid.types import TrackletKey
from tests.store.site import ENCODER, commit, tables
from tests.store.walkers import linked, recording, who_is_who
from tests.tracklets import ENCODER as TOY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 1, 2, 3])
    return tmp_path / "site.db"


def key(track: int) -> tuple[str, TrackletKey]:
    return "run-1", TrackletKey(camera_id="lobby", track_id=track)


def test_two_people_are_told_apart_by_command(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(path)
    assert main(["gallery", "apart", str(path), "P0001", "2"]) == 0
    assert "P0001 and P0002 stay two people" in capsys.readouterr().out
    assert tables(path) == before, "nothing moves"
    with open_store(path, encoder_id=None) as store:
        assert store.told_apart() == {(1, 2)}
        with pytest.raises(InputError, match="P0002 and P0001 are different people by decision 1"):
            store.merge(2, into=1)
    assert main(["gallery", "apart", str(path), "2", "1"]) == 2
    assert "are different people already, by decision 1" in capsys.readouterr().err
    assert main(["gallery", "apart", str(path), "1", "1"]) == 2
    assert "cannot be told apart from itself" in capsys.readouterr().err
    assert main(["gallery", "undo", str(path)]) == 0
    assert tables(path) == before
    with open_store(path, encoder_id=None) as store:
        assert store.told_apart() == frozenset()
        store.merge(2, into=1)


def test_they_stay_two_when_their_recording_is_linked_again(tmp_path: Path) -> None:
    made = recording()
    alike = made | {
        (camera, 1): replace(made[camera, 1], embeddings=made[camera, 0].embeddings)
        for camera in ("lobby", "yard")
    }  # now 1 looks as 0 does
    with open_store(tmp_path / "site.db", encoder_id=TOY) as store:
        together = who_is_who(linked(store, list(alike.values())), alike)
        assert together["lobby", 0] == together["lobby", 1], "by looks they are one"
        first = who_is_who(linked(store, list(made.values())), made)
        a, b = first["lobby", 0], first["lobby", 1]
        assert a is not None
        assert b is not None
        store.apart(a, b)
        again = who_is_who(linked(store, list(alike.values())), alike)
        assert again["lobby", 0] != again["lobby", 1]
        assert again["yard", 0] != again["yard", 1]


def test_a_tracklet_is_confirmed_by_itself(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "confirm", str(path), "1", "lobby/0", "lobby/2"]) == 0
    assert "the 2 tracklets of P0001 stay one person" in capsys.readouterr().out
    with open_store(path, encoder_id=None) as store:
        found = [(one.kind, one.run_id, one.tracklet) for one in store.bound()]
        assert sorted(found) == [("confirmed", *key(0)), ("confirmed", *key(2))]
        with pytest.raises(InputError, match="lobby/3 of run run-1 is no tracklet of P0001"):
            store.confirm(1, tracklets=[key(3)])
        with pytest.raises(InputError, match="name at least one tracklet"):
            store.confirm(1, tracklets=[])
        store.undo()
        assert store.bound() == []


def test_a_tracklet_that_is_split_off_a_confirmed_person_is_not_theirs(tmp_path: Path) -> None:
    made = recording()
    with open_store(tmp_path / "site.db", encoder_id=TOY) as store:
        person = who_is_who(linked(store, list(made.values())), made)["lobby", 0]
        assert person is not None
        store.confirm(person)
        new = store.split(person, [("r", made["yard", 0].key)])
        now = who_is_who(linked(store, list(made.values())), made)
    assert now["lobby", 0] == person
    assert now["yard", 0] == new, "the later decision counts"
