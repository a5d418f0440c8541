"""`reid gallery ...`: what the functions behind it print and do."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import gallery as job
from reid.errors import InputError
from reid.gallery.store import Store
from tests.gallery.site import ENCODER, NOON, commit, directions, sighting, tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    with Store.open(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 1])
        rival = sighting(3, directions(5, 1), camera="street [north]", track=4, rival=1)
        store.commit_run("night", [rival], started=NOON)
    return path


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=160)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    console.file.truncate(0)
    console.file.seek(0)
    return text


def test_list(path: Path, console: Console, tmp_path: Path) -> None:
    assert job.list_people(path, console=console) == 0
    lines = printed(console).splitlines()
    assert lines[1].split() == ["P0001", "2", "lobby", "1", "2024-05-01", "13:00:00", "6"]
    assert "street [north]" in lines[3], "brackets are no markup"
    assert lines[4] == f"3 people in {path}, encoder {ENCODER}"
    Store.open(tmp_path / "new.db", encoder_id=ENCODER).close()
    assert job.list_people(tmp_path / "new.db", console=console) == 0
    assert printed(console).startswith("0 people in")


def test_show(path: Path, console: Console) -> None:
    job.rename(path, "3", "Ann [bold]", console=console)
    assert printed(console) == "P0003 is now called Ann [bold]\n"
    for name in ("P0003", "3", "Ann [bold]"):
        assert job.show(path, name, console=console) == 0
        lines = printed(console).splitlines()
        assert lines[0] == f"P0003 (Ann [bold]): 1 sighting in {path}"
        expected = ["night", "street", "[north]/4", "4.0", "6.5", "0.125", "P0001", "0.500"]
        assert lines[2].split() == expected
    job.rename(path, "3", "", console=console)
    assert printed(console) == "P0003 has no label any more\n"


def test_merge_forget_history_prune(path: Path, console: Console) -> None:
    assert job.merge(path, "P0003", "P0001", console=console) == 0
    assert printed(console) == "P0003 is now part of P0001\n"
    assert job.forget(path, "2", console=console) == 0
    assert printed(console) == f"P0002 forgotten: nothing of them is left in {path}\n"
    assert job.history(path, console=console) == 0
    events = [line[21:].split()[:2] for line in printed(console).splitlines()[1:]]
    assert ["merged", "P0001"] in events
    assert events[-1] == ["forgotten", "P0002"]
    assert job.history(path, "P0001", console=console) == 0
    assert "P0002" not in printed(console)
    assert job.prune(path, "36500", console=console) == 0
    assert printed(console).splitlines()[1] == f"0 sightings and 0 people erased from {path}"
    assert job.prune(path, "1", console=console) == 0
    assert printed(console).splitlines()[1].endswith(f"and 1 person erased from {path}")


@pytest.mark.parametrize("days", ["-1", "soon", "nan", "inf", "1e300", ""])
def test_wrong_days_erase_nothing(path: Path, days: str) -> None:
    before = tables(path)
    with pytest.raises(InputError, match=r"DAYS '.*': must be a number of days"):
        job.prune(path, days)
    assert tables(path) == before


def test_wrong_names_get_a_sentence(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"site\.db: the gallery has nobody called 'Bob'"):
        job.show(path, "Bob")
    with pytest.raises(InputError, match=r"site\.db: .*nobody called 'P0009'"):
        job.forget(path, "P0009")
    for function in (job.list_people, job.history):
        with pytest.raises(InputError, match=r"none\.db: no such gallery"):
            function(tmp_path / "none.db")
    with pytest.raises(InputError, match=r"none\.db: no such gallery"):
        job.forget(tmp_path / "none.db", "1")
    assert not (tmp_path / "none.db").exists()
