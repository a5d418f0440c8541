"""`reid gallery ...`: what the functions behind it print and do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.store.opening import open_store
from tests.store.site import ENCODER, NOON, commit, directions, sighting, tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 1])
        rival = sighting(3, directions(5, 1), camera="street [north]", track=4, rival=1)
        store.commit_run("night", [rival], started=NOON)
    return path


Said = Callable[..., str]


@pytest.fixture
def said(path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """What `reid gallery` prints of a command on the gallery."""

    def run(command: str, *words: str, gallery: Path = path) -> str:
        assert main(["gallery", command, str(gallery), *words]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


def test_list(path: Path, said: Said, tmp_path: Path) -> None:
    lines = said("list").splitlines()
    assert lines[0] == f"3 people in {path}, encoder {ENCODER}"
    assert lines[2].split() == ["P0001", "2", "lobby", "1", "2024-05-01", "13:00:00", "6"]
    assert "street [north]" in lines[4], "brackets are no markup"
    open_store(tmp_path / "new.db", encoder_id=ENCODER).close()
    empty = said("list", gallery=tmp_path / "new.db")
    assert empty == f"0 people in {tmp_path / 'new.db'}, encoder {ENCODER}\n"


def test_show(path: Path, said: Said) -> None:
    assert said("rename", "3", "Ann [bold]") == "P0003 is now called Ann [bold]\n"
    for name in ("P0003", "3", "Ann [bold]"):
        lines = said("show", name).splitlines()
        assert lines[0] == f"P0003 (Ann [bold]): 1 sighting in {path}"
        expected = ["night", "street", "[north]/4", "4.0", "6.5", "0.125", "P0001", "0.500"]
        assert lines[2].split() == expected
    assert said("rename", "3", "") == "P0003 has no label any more\n"


def test_merge_forget_history_prune(path: Path, said: Said) -> None:
    assert said("merge", "P0003", "P0001") == "P0003 is now part of P0001\n"
    assert said("forget", "2") == (
        f"P0002 forgotten: nothing of them is left in {path}; "
        "results folders keep crops, videos and tables of them, where none was named with --results; "
        "`reid video` on the same recordings finds them again, under a new id (--suppress leaves them out)\n"
    )
    events = [line[23:].split()[:2] for line in said("history").splitlines()[2:]]
    assert ["merged", "P0001"] in events
    assert events[-1] == ["forgotten", "P0002"]
    assert "P0002" not in said("history", "P0001")
    assert said("prune", "36500").splitlines()[1] == f"0 sightings and 0 people erased from {path}"
    assert said("prune", "1").splitlines()[1].endswith(f"and 1 person erased from {path}")


@pytest.mark.parametrize("days", ["-1", "soon", "nan", "inf", "1e300", ""])
def test_wrong_days_erase_nothing(path: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(path)
    assert main(["gallery", "prune", str(path), "--", days]) == 2
    assert f"DAYS {days!r}: must be a number of days" in capsys.readouterr().err
    assert tables(path) == before


def test_wrong_names_get_a_sentence(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = str(tmp_path / "none.db")
    for words, complaint in (
        (("show", str(path), "Bob"), "site.db: the gallery has nobody called 'Bob'"),
        (("forget", str(path), "P0009"), "nobody called 'P0009'"),
        (("list", none), "none.db: no such gallery"),
        (("history", none), "none.db: no such gallery"),
        (("forget", none, "1"), "none.db: no such gallery"),
    ):
        assert main(["gallery", *words]) == 2
        assert complaint in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
