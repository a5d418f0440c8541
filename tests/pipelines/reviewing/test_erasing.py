"""A person erased on the page of review: from the gallery, and from events and clips in the folder it lies in."""

from functools import partial
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reviewing.opening import open_site
from pipelines.reviewing.under_review import review_of
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import reporter
from pipelines.site.erased_outputs import erase_person
from reid.errors import InputError
from reid.outputs.events.event_file import EventFile
from tests.outputs.events.event_files import ids
from tests.outputs.events.made import event
from tests.pipelines.reviewing.results import make_results

QUIET = reporter(quiet=True)


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """The gallery of a live site that is stopped, with events of P0001 and P0002 and a run of a recording."""
    folder = tmp_path / "live"
    with OwnedFolder.open(folder, job="live") as owned:
        events = EventFile(folder / "events.jsonl", owned.files, most_bytes=10**6, keep=2)
        for number in range(6):
            events.send(event(number, person=1 + number % 2))
    make_results(tmp_path / "day", {"a": {1: 0, 2: 1}}, gallery=folder / "gallery.db")
    return folder / "gallery.db"


def test_an_erased_person_is_in_no_event_any_more(gallery: Path) -> None:
    assert ids(gallery.parent) == [f"e{number}" for number in range(6)]
    with open_site([gallery], QUIET) as site:
        review = review_of(site, by="ann", erase=partial(erase_person, site.store, by="ann"))
        review.forget(1)
        assert [person.person_id for person in review.people()] == [2]
        assert [(one.kind, one.by) for one in review.decisions()] == [("erased", "ann")]
    assert ids(gallery.parent) == ["e1", "e3", "e5"]


def test_what_is_pruned_is_in_no_event_any_more(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "prune", str(gallery), "30", "--dry-run"]) == 0
    assert f"and events and clips of {gallery.parent}, from before" in capsys.readouterr().out
    assert len(ids(gallery.parent)) == 6
    assert main(["gallery", "prune", str(gallery), "30"]) == 0
    assert capsys.readouterr().out.endswith(f"; 6 events erased from {gallery.parent}\n")
    assert ids(gallery.parent) == []


def test_what_cannot_be_erased_beside_is_said_and_all_else_is_erased(gallery: Path) -> None:
    aside = gallery.parent / "clips" / "unreadable"
    with OwnedFolder.open(gallery.parent, job="live") as owned:
        owned.files.claim(aside / "20231114T221320-a.json", aside / "20231114T221320-a.mp4")
        aside.mkdir(parents=True)
        for suffix in ("json", "mp4"):
            (aside / f"20231114T221320-a.{suffix}").write_text("{")
    with open_site([gallery], QUIET) as site:
        review = review_of(site, by="ann", erase=partial(erase_person, site.store, by="ann"))
        with pytest.raises(InputError, match=r"P0001 is erased from .*, but not from .*: left are clips \("):
            review.forget(1)
        assert [person.person_id for person in review.people()] == [2]
    assert ids(gallery.parent) == ["e1", "e3", "e5"]
