"""Results written again after decisions."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.reviewing.opening import OpenSite, open_site
from pipelines.reviewing.up_to_date import says_all
from pipelines.reviewing.writing import link_again, write_again, write_linked
from pipelines.runtime.progress import reporter
from reid.errors import InputError
from reid.outputs import atomic
from reid.types import TrackletKey
from tests.pipelines.reviewing.results import make_results, put_videos

SEEN = {"a": {1: 0, 2: 1, 3: 0, 4: 2}, "b": {1: 1, 2: 2, 3: 3}}
QUIET = reporter(quiet=True, out=io.StringIO(), err=io.StringIO())


def who(root: Path) -> dict[str, str]:
    """The person of each tracklet by the table."""
    with (root / "tracklets.csv").open() as file:
        return {f"{row['camera']}/{row['track_id']}": row["person"] for row in csv.DictReader(file)}


def lie(root: Path) -> dict[str, set[str]]:
    """The tracklets of which crops lie in each folder."""
    found: dict[str, set[str]] = {}
    for path in (root / "crops").rglob("*.jpg"):
        camera, track, _ = path.stem.split("_")
        found.setdefault(path.parent.name, set()).add(f"{camera}/{track}")
    return found


@contextmanager
def opened(root: Path) -> Iterator[OpenSite]:
    with open_site([root], QUIET) as site:
        yield site


def place(site: OpenSite, text: str) -> tuple[str, TrackletKey]:
    camera, track = text.split("/")
    return site.runs[0].run.run_id, TrackletKey(camera_id=camera, track_id=int(track))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_results(tmp_path / "day", SEEN)


FIRST = {
    "a/1": "P0001", "a/2": "P0002", "a/3": "P0001", "a/4": "P0003",
    "b/1": "P0002", "b/2": "P0003", "b/3": "P0004",
}  # fmt: skip


def test_all_files_tell_what_was_decided_and_nothing_else_changes(root: Path) -> None:
    assert len(set(who(root).values())) == 4
    first = who(root)
    untouched = {p: p.stat().st_ino for p in (root / "cameras").iterdir()}
    with opened(root) as site:
        store, before = site.store, {p: p.read_bytes() for p in root.rglob("*.*") if p.is_file()}
        written = write_again(site.runs[0], store, QUIET)
        assert (written.files, written.tracklets) == (0, 0)
        assert "says everything that was decided already" in written.sentence
        assert {p: p.read_bytes() for p in before if "gallery" not in p.name} == {
            p: data for p, data in before.items() if "gallery" not in p.name
        }
        one = store.find(first["a/1"])
        new = store.split(one, [place(site, "a/3")])
        store.rename(one, "Ann")
        store.ignore(store.find(first["b/3"]))
        written = write_again(site.runs[0], store, QUIET)
        assert (written.changed, written.tracklets, written.people) == (("a", "b"), 2, 4)
        assert write_again(site.runs[0], store, QUIET).files == 0
    now = first | {"a/3": f"P{new:04d}", "b/3": ""}
    assert who(root) == now
    persons = {p["name"]: p for p in json.loads((root / "identities.json").read_text())["persons"]}
    assert persons[first["a/1"]]["label"] == "Ann"
    assert persons.keys() == set(now.values()) - {""}
    assert lie(root) == {
        name: {one for one, person in now.items() if person == name} for name in set(now.values()) - {""}
    }
    for camera in ("a", "b"):
        lines = (root / "tracks" / f"{camera}.txt").read_text().splitlines()
        ids = {f"P{int(line.split(',')[1]):04d}" for line in lines}
        assert ids == {person for one, person in now.items() if one[0] == camera and person}
    assert "Ann" in (root / "report.html").read_text()
    again = json.loads((root / "run.json").read_text())["written_again"]
    assert (again["decisions"], again["older_videos"]) == (3, [])
    assert {p: p.stat().st_ino for p in (root / "cameras").iterdir()} == untouched
    assert not list(root.glob(".reid-writing-*"))


def test_who_was_erased_is_not_brought_back(root: Path) -> None:
    with opened(root) as site:
        site.store.ignore(4)
        site.store.forget(2)
        written = write_again(site.runs[0], site.store, QUIET)
        assert (written.people, written.erased, written.tracklets) == (2, 2, 3)
        assert "2 tracklets of erased people erased here too" in written.sentence
        assert [p.person_id for p in site.store.people()] == [1, 3]
        site.store.undo(1)
        assert write_again(site.runs[0], site.store, QUIET).people == 3, "who was ignored comes back"
    assert who(root) == {one: person for one, person in FIRST.items() if person != "P0002"}
    assert "P0002" not in lie(root)
    assert "P0002" not in (root / "report.html").read_text()


def test_what_cannot_be_written_costs_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = who(root)
    with opened(root) as site:
        site.store.split(site.store.find(first["a/1"]), [place(site, "a/3")])
        before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and "gallery" not in p.name}

        def full(path: Path, text: str) -> None:
            raise InputError("the disk is full") if path.name == "report.html" else OSError(path)

        with monkeypatch.context() as broken:
            broken.setattr(atomic, "write_text", full)
            with pytest.raises((InputError, OSError)):
                write_again(site.runs[0], site.store, QUIET)
        mine = root / "crops" / "P0005" / "a_3_1.jpg"
        mine.parent.mkdir()
        mine.write_bytes(b"mine")
        with pytest.raises(InputError, match=r"a_3_1.jpg: is there already, and reid did not write it"):
            write_again(site.runs[0], site.store, QUIET)
        assert {p: p.read_bytes() for p in before} == before
        assert mine.read_bytes() == b"mine"
        mine.unlink()
        assert write_again(site.runs[0], site.store, QUIET).tracklets == 1
    assert who(root)["a/3"] == "P0005"


def test_a_recording_that_is_gone_leaves_the_video_as_it_was(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN, video=True, files={"a": tmp_path / "gone.mp4"})
    put_videos(root, b"video")
    first = who(root)
    with opened(root) as site:
        site.store.split(site.store.find(first["a/1"]), [place(site, "a/3")])
        written = write_again(site.runs[0], site.store, QUIET)
        assert (written.drawn, written.older) == ((), ("a",))
        assert (
            "the video of a stayed as before and shows the former people: its recording" in written.sentence
        )
        assert (root / "video" / "a.mp4").read_bytes() == b"video"
        assert json.loads((root / "run.json").read_text())["written_again"]["older_videos"] == ["a"]
        told = json.loads((root / ".reid.json").read_text())["told"]
        assert told["video"] != told["tracks"], "a repeated run draws them again"
        assert says_all(site.runs[0], site.store), (
            "the recording is not there, so nothing more can be written"
        )
        assert write_again(site.runs[0], site.store, QUIET).files == 0


def test_results_without_tables_say_what_was_decided_too(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    root = make_results(tmp_path / "day", SEEN, gallery=gallery, tables=False)
    with opened(root) as site:
        assert says_all(site.runs[0], site.store)
        assert write_again(site.runs[0], site.store, QUIET).files == 0
        assert write_linked(link_again(site.runs[0], site.store), QUIET).files == 0
        site.store.merge(4, into=3)
        assert not says_all(site.runs[0], site.store)
        assert write_again(site.runs[0], site.store, QUIET).files
        assert says_all(site.runs[0], site.store)
        site.store.rename(3, "Ann")
        assert not says_all(site.runs[0], site.store)
    assert "P0004" not in lie(root)
    assert not (root / "tracklets.csv").exists()


def test_results_whose_mark_does_not_say_who_is_who_are_compared_by_their_tables(root: Path) -> None:
    with opened(root) as site:
        site.runs[0].owned.note(people=None)
        assert says_all(site.runs[0], site.store)
        site.store.merge(4, into=3)
        assert not says_all(site.runs[0], site.store)


def test_runs_of_one_gallery_are_written_each(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    roots = [
        make_results(tmp_path / name, SEEN, gallery=gallery, run_id=f"{name}-0123456789abcdef")
        for name in ("monday", "tuesday")
    ]
    assert who(roots[1]) == FIRST, "the people of monday are known on tuesday"
    with open_site(roots, QUIET) as site:
        first, second = site.runs
        for one in site.runs:
            assert write_again(one, site.store, QUIET).files == 0
        site.store.merge(4, into=3)
        key = TrackletKey(camera_id="a", track_id=3)
        assert site.store.split(1, [(second.run.run_id, key)]) == 5
        written = [write_again(one, site.store, QUIET) for one in site.runs]
        assert [(one.changed, one.tracklets) for one in written] == [(("b",), 1), (("a", "b"), 2)]
        assert [write_again(one, site.store, QUIET).files for one in (second, first)] == [0, 0]
    assert who(roots[0]) == FIRST | {"b/3": "P0003"}
    assert who(roots[1]) == FIRST | {"b/3": "P0003", "a/3": "P0005"}
