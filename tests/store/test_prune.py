"""`reid gallery prune` as its users call it: what goes is said before it goes, and people with a name are spared."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.store.opening import open_store
from tests.store.site import ENCODER, directions, sighting, tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Seen 40 days ago: 1 to 4; and 1 again yesterday. 2 and 3 have names; 3 was seen 40 times, with 40 vectors."""
    made = tmp_path / "site.db"
    with open_store(made, encoder_id=ENCODER) as store:
        for days, numbers in ((41, [1, 2, 3, 4]), (40, [3] * 40), (1, [1])):
            seen = [
                sighting(person, directions(100 * days + track, 1), track=track, rival=None)
                for track, person in enumerate(numbers)
            ]
            store.commit_run(f"run-{days}", seen, started=datetime.now(UTC) - timedelta(days=days))
        store.rename(2, "Ada")
        store.rename(3, "Bob")
    return made


def kept(path: Path) -> dict[int, int]:
    """Sightings by person."""
    with open_store(path, encoder_id=None, read_only=True) as store:
        return {person.person_id: person.sightings for person in store.people()}


def test_people_with_a_name_stay_with_what_they_are_recognised_by(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(path, encoder_id=None, read_only=True) as store:
        vectors = {one.person_id: len(one.prototypes) for one in store.identities()}
    assert main(["gallery", "prune", str(path), "30"]) == 0
    first, last = " ".join(capsys.readouterr().out.split()).split(" UTC", 1)
    assert (
        f"to be erased from {path}: 10 sightings and 1 person (P0004), but not Ada, Bob, for the name"
        in first
    )
    assert last.strip().endswith(f"10 sightings and 1 person erased from {path}")
    assert kept(path) == {1: 1, 2: 1, 3: 33}, "those of 32 vectors, and the last one"
    with open_store(path, encoder_id=None, read_only=True) as store:
        found = {one.person_id: len(one.prototypes) for one in store.identities()}
        assert found == {1: 1, 2: vectors[2], 3: vectors[3]}
        assert [entry.event for entry in store.history()][-1] == "pruned"
    assert main(["gallery", "prune", str(path), "30"]) == 0
    assert "to be erased" in (said := capsys.readouterr().out)
    assert "0 sightings and 0 people" in said, "what stays is not counted again"


def test_all_are_erased_equally_where_that_is_asked_for(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", "prune", str(path), "30", "--named", "erase"]) == 0
    assert "3 people (Ada, Bob, P0004)" in " ".join(capsys.readouterr().out.split())
    assert kept(path) == {1: 1}


def test_a_dry_run_erases_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(path)
    assert main(["gallery", "prune", str(path), "30", "--dry-run"]) == 0
    assert "would be erased" in capsys.readouterr().out
    assert tables(path) == before


def test_who_pruned_has_confirmed_the_clock(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.doubt_clock("live-1")
        late = datetime.now(UTC) + timedelta(days=400)
        store.commit_run("live-1-17", [sighting(1, directions(7, 1))], started=late)
        moment = store.newest()
        assert moment is not None
        assert moment < datetime.now(UTC) - timedelta(hours=23), "what a doubted clock dated tells nothing"
    assert main(["gallery", "prune", str(path), "30"]) == 0
    with open_store(path, encoder_id=None, read_only=True) as store:
        moment = store.newest()
        assert moment is not None
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)
