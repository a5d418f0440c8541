"""What cannot be decided, what contradicts another decision, and what is erased with people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.types import TrackletKey
from tests.store.kept import content_of
from tests.store.site import tables
from tests.store.walkers import again, fill, linked, moving, opened, recording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    fill(tmp_path / "site.db")
    return tmp_path / "site.db"


def test_a_move_back_says_that_it_contradicts_a_split(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    assert main(["gallery", "reassign", str(path), "2", "3", "yard/2"]) == 0
    assert "this counts more" not in capsys.readouterr().err
    assert main(["gallery", "merge", str(path), "2", "5"]) == 0
    assert main(["gallery", "reassign", str(path), "5", "1", "yard/1"]) == 0
    assert "decision 1 of" in capsys.readouterr().err
    assert again(path, 3)["yard", 0] == 1


def test_contradictions_are_told_when_they_are_made(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "split", str(path), "1", "yard/1"]) == 0
    assert main(["gallery", "merge", str(path), "5", "1"]) == 2
    said = capsys.readouterr().err
    assert "P0005 and P0001 are different people by decision 1 of " in said
    assert "`reid gallery undo GALLERY 1`" in said
    assert main(["gallery", "undo", str(path), "1"]) == 0
    assert main(["gallery", "decisions", str(path)]) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("split 1 yard/9", "yard/9 is no tracklet of P0001; write them as camera/number, as lobby/1"),
        ("split 1 yard/1 lobby/1", "a split needs some of their 2 tracklets, not all and not none"),
        ("reassign 1 1 yard/1", "these tracklets are P0001's already"),
        ("reassign 1 2 yard/1 lobby/1", "these are all tracklets of P0001; say that the two are one"),
        ("undo", "no decision to undo"),
        ("undo 7", "there is no decision 7"),
        ("undo x", "DECISION 'x': must be a number"),
        ("ignore 9", "the gallery has nobody called '9'"),
    ],
)
def test_what_cannot_be_decided(
    path: Path, capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    before = tables(path)
    command, *operands = words.split()
    assert main(["gallery", command, str(path), *operands]) == 2
    assert sentence in capsys.readouterr().err
    assert tables(path) == before


def test_a_merge_of_two_who_were_seen_at_once_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    walker = moving("lobby", 9, 0)
    beside = replace(walker, boxes=walker.boxes + 200, embeddings=moving("lobby", 9, 5).embeddings)
    with opened(path) as store:
        linked(store, [*recording().values(), beside])
    assert main(["gallery", "merge", str(path), "5", "1"]) == 0
    told = capsys.readouterr()
    assert "P0005 is now part of P0001" in told.out
    assert (
        "lobby/9 and lobby/1 show them in one camera at the same time, so they may be two people" in told.err
    )
    assert main(["gallery", "merge", str(path), "2", "1"]) == 0
    assert "may be two people" not in capsys.readouterr().err


def test_a_later_decision_is_undone_first(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as store:
        store.merge(2, into=1)
        store.rename(1, "Ada L.")
    assert main(["gallery", "undo", str(path), "1"]) == 2
    assert "decision 2 (named) is later and about the same people; undo that first" in capsys.readouterr().err
    assert main(["gallery", "undo", str(path)]) == 0
    assert main(["gallery", "undo", str(path)]) == 0
    assert "undone: decision 1, P0002 is P0001" in capsys.readouterr().out


def test_what_was_erased_is_in_no_decision(path: Path) -> None:
    with opened(path) as store:
        store.merge(2, into=1)
        store.split(3, [("r", TrackletKey(camera_id="yard", track_id=3))])
        store.forget(1)
        assert [one.kind for one in store.decisions()] == ["different", "erased"]
        with pytest.raises(InputError, match="what is erased is gone"):
            store.undo()


def test_what_ages_out_leaves_its_decisions(path: Path) -> None:
    with opened(path) as store:
        store.split(1, [("r", TrackletKey(camera_id="yard", track_id=1))])
        store.rename(2, "Ada L.")
        store.ignore(3)
        assert store.prune(datetime.now(UTC) + timedelta(days=1), named="erase")
        assert store.decisions() == []
    assert b"Ada L." not in content_of(path.parent)
