"""What was undone is put back exactly, in the order in which it was decided."""

from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.store.opening import open_store
from reid.types import TrackletKey
from tests.store.site import ENCODER, commit, tables

TRACKLET = [("run-1", TrackletKey(camera_id="lobby", track_id=0))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 2, 3])
        store.rename(3, "Ada L.")
    return tmp_path / "site.db"


@pytest.mark.parametrize(
    "words",
    [
        "merge 2 1",
        "merge 3 1",
        "split 1 lobby/0",
        "apart 1 2",
        "reassign 1 2 lobby/0",
        "confirm 1",
        "ignore 3",
        "rename 3 Bob",
    ],
)
def test_each_kind_is_undone_and_redone_exactly(
    path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    before = tables(path)
    command, *operands = words.split()
    assert main(["gallery", command, str(path), *operands]) == 0
    after = tables(path)
    for _ in range(3):
        assert main(["gallery", "undo", str(path)]) == 0
        assert tables(path) == before
        assert main(["gallery", "redo", str(path)]) == 0
        assert tables(path) == after
    assert "redone: decision 2, " in capsys.readouterr().out
    with open_store(path, encoder_id=None, read_only=True) as store:
        events = [entry.event for entry in store.history()]
        assert events[-4:] == ["undone", "redone", "undone", "redone"]
        assert [one.undone for one in store.decisions()] == [None, None]


def test_a_merge_that_takes_back_a_split_gives_it_back(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        new = store.split(1, TRACKLET)
        apart = tables(path)
        store.merge(new, into=1, instead=True)
        together = tables(path)
        assert [one.undone is None for one in store.decisions()] == [True, False, True]
        with pytest.raises(InputError, match="it ended with a later decision"):
            store.redo(2)
        store.undo()
        assert tables(path) == apart
        assert [one.undone is None for one in store.decisions()] == [True, True, False]
        with pytest.raises(InputError, match="are different people by decision 2"):
            store.merge(new, into=1)
        store.redo()
        assert tables(path) == together
        assert [one.undone is None for one in store.decisions()] == [True, False, True]


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        ("", "no decision to redo"),
        ("1", "decision 1 (named) holds; there is nothing to redo"),
        ("9", "there is no decision 9"),
        ("x", "DECISION 'x': must be a number"),
    ],
)
def test_what_cannot_be_redone(
    path: Path, capsys: pytest.CaptureFixture[str], decision: str, sentence: str
) -> None:
    before = tables(path)
    assert main(["gallery", "redo", str(path), *decision.split()]) == 2
    assert sentence in capsys.readouterr().err
    assert tables(path) == before


def test_decisions_about_the_same_people_are_redone_in_their_order(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.merge(2, into=1)
        store.rename(1, "Bob")
        both = tables(path)
        store.undo()
        store.undo()
        with pytest.raises(InputError, match=r"decision 2 \(same\) .* came before; redo that first"):
            store.redo(3)
        store.redo()
        store.redo()
        assert tables(path) == both
        store.undo()
        store.confirm(1)
        with pytest.raises(InputError, match=r"decision 4 \(confirmed\) was made since"):
            store.redo()
        store.undo()
        store.redo(3)
        assert tables(path) == both


def test_what_is_erased_is_in_nothing_that_is_kept_to_redo(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.reassign(1, TRACKLET, 3)
        store.undo()
        store.merge(3, into=2)
        store.undo()
        store.forget(3)
    assert b"Ada L." not in path.read_bytes()
    with open_store(path, encoder_id=None) as store, pytest.raises(InputError, match="no decision to redo"):
        store.redo()
