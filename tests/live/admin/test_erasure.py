"""A person is erased everywhere, also where one place fails for a while, and every answer says what is left."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines import live
from pipelines.cli.main import main
from pipelines.runtime.ownership import OwnedFolder
from pipelines.site.live_config import LiveConfig
from reid.errors import InputError
from reid.events import Event
from reid.live.admin.erasure import AGAIN_S, Erasure
from reid.live.identity.changes import Left
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from tests.live.admin.test_retention import fill, people, still
from tests.live.running import Keeper
from tests.live.views.filmed import Camera
from tests.live.views.test_recent_people import appearance, appeared
from tests.small_disk import small_disk


def event(number: int, person_id: int, **facts: str) -> Event:
    return Event(
        event_id=f"live-1-{number}",
        kind="seen",
        at_s=1_700_000_000.0,
        camera_id="a",
        person_id=person_id,
        facts=facts,
    )


def test_a_full_disk_does_not_stop_an_erasure_and_it_is_finished_once_there_is_room(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", 1)
    here = still(tmp_path)
    with small_disk(tmp_path / "disk", 3_000) as place:
        events = EventFile(place.folder / "events.jsonl", OwnedFiles(place.folder), most_bytes=10**9, keep=2)
        for number in range(1000):
            events.send(event(number, 1 + number % 2, why="x" * 1000))
        filler, clips = place.fill(leave_kib=50), Keeper()
        erasure = Erasure(engine=here.engine, store=here.store, keepers=[events, clips])
        with pytest.raises(InputError) as caught:
            erasure.erase(1)
        told = str(caught.value)
        assert "P0001 is not erased everywhere yet: of P0001 events are left" in told
        assert "No space left on device" in told
        assert "events.jsonl" in told
        assert people(here) == [2, 3]
        assert clips.forgotten == [1]
        assert "events are left" in here.engine.site.state.notices()["erasure"]
        with pytest.raises(InputError, match="events are left"):
            erasure.erase(1)
        filler.unlink()
        erasure.tick(1000.0)
        assert b"P0001" not in (place.folder / "events.jsonl").read_bytes()
        assert b"P0002" in (place.folder / "events.jsonl").read_bytes()
        assert here.engine.site.state.notices() == {}
        assert clips.forgotten == [1], "what is done is done once"
        erasure.tick(1000.0 + 2 * AGAIN_S)
        events.close(1)
    with pytest.raises(InputError, match="nobody called"):
        erasure.erase(1)
    here.store.close()


def test_what_is_no_person_is_erased_by_its_number(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", 1)
    here, clips = still(tmp_path), Keeper()
    here.engine.site.registry.decisions.ignore(1)
    assert here.engine.site.registry.decisions.left_out.people == {1: 1}
    erasure = Erasure(engine=here.engine, store=here.store, keepers=[clips])
    erasure.erase(1)
    assert (clips.forgotten, here.engine.site.registry.decisions.left_out.people) == ([1], {})
    assert [one.kind for one in here.store.decisions()] == ["erased"]
    with pytest.raises(InputError, match="nobody called"):
        erasure.erase(1)
    here.store.close()


def test_who_is_on_the_page_and_not_in_the_gallery_is_erased(tmp_path: Path) -> None:
    """Of an appearance that was not worth keeping the gallery has nothing, but page, events and clips may."""
    here, clips = still(tmp_path), Keeper()
    one = appearance(7)
    here.engine.site.unit_of_work.add(appeared(one))
    here.engine.site.unit_of_work.add(Left(appearance=one))
    here.engine.site.unit_of_work.commit()
    erasure = Erasure(engine=here.engine, store=here.store, keepers=[clips])
    erasure.erase(7)
    assert clips.forgotten == [7]
    assert (here.engine.site.state.people(), here.engine.site.state.events()) == ([], [])
    with pytest.raises(InputError, match="nobody called"):
        erasure.erase(7)
    here.store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As a live site left it: P0002 is in a clip and in an event, and was merged into P0001 since."""
    output = tmp_path / "live"
    with OwnedFolder.open(output, job="live") as owned:
        camera = Camera(output / "clips")
        camera.film(2)
        camera.film(3)
        camera.clips.close(20)
        events = EventFile(output / "events.jsonl", owned.files, most_bytes=10**9, keep=2)
        for number in (1, 2, 3):
            events.send(event(number, number))
        events.close(1)
        fill(output / "gallery.db", 1)
        owned.files.record(output / "gallery.db")
    assert main(["gallery", "merge", str(output / "gallery.db"), "2", "1"]) == 0
    return output


def clips_of(folder: Path) -> list[list[str]]:
    return [json.loads(path.read_text())["people"] for path in sorted((folder / "clips").glob("*.json"))]


def test_gallery_forget_erases_events_and_clips_of_the_site(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["gallery", "forget", str(folder / "gallery.db"), "1"]) == 0
    told = f"nothing of them is left in {folder / 'gallery.db'}; 2 events and 1 clips erased from {folder}"
    assert told in capsys.readouterr().out
    assert clips_of(folder) == [["P0003"]]
    lines = (folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["person"] for line in lines] == ["P0003"]


def test_all_that_is_left_is_said_also_where_the_gallery_is_read_meanwhile(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = min((folder / "clips").glob("*.json"))
    damaged.write_text("{")
    with closing(sqlite3.connect(folder / "gallery.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM people").fetchone()
        assert main(["gallery", "forget", str(folder / "gallery.db"), "1"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "still reads the gallery" in told
    assert f"and not from {folder}: left are clips (" in told
    assert "delete by hand what names them" in told


def test_clips_of_earlier_starts_are_erased_where_this_start_records_none(
    folder: Path, tmp_path: Path
) -> None:
    config = LiveConfig.model_validate({"output": folder})
    assert config.clips.events == ()
    (tmp_path / "still").mkdir()
    (folder / "gallery.db").rename(tmp_path / "still" / "site.db")
    here = still(tmp_path / "still")
    keepers = live._clip_keepers(config, OwnedFiles(folder), None)
    Erasure(engine=here.engine, store=here.store, keepers=keepers).erase(1)
    assert clips_of(folder) == [["P0003"]]
    here.store.close()


def test_a_folder_that_is_not_a_live_site_s_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path / "site.db", 1)
    (tmp_path / "events.jsonl").write_text('{"person": "P0001"}\n')
    assert main(["gallery", "forget", str(tmp_path / "site.db"), "1"]) == 0
    assert (tmp_path / "events.jsonl").read_text() == '{"person": "P0001"}\n'
