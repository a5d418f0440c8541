"""Crops that were moved by hand, taken as decisions: once, step by step, and only where a person moved them."""

import io
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.recordings.results_folder import bring_in_line
from pipelines.reviewing.importing import import_moved
from pipelines.reviewing.opening import OpenSite, open_site
from pipelines.reviewing.run_gallery import RunGallery
from pipelines.reviewing.writing import link_again, write_again
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import reporter
from reid.config import OutputConfig, VideoConfig
from reid.errors import InputError
from tests.pipelines.reviewing import results
from tests.pipelines.reviewing.results import make_results
from tests.pipelines.reviewing.test_writing import FIRST, QUIET, SEEN, lie, opened, place, who
from tests.tracklets import ENCODER

RUN = "0123456789abcdef01234567"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_results(tmp_path / "day", SEEN)


def took(site: OpenSite) -> tuple[int, str]:
    """How many decisions what was moved makes, and what is said of it."""
    said = io.StringIO()
    count = import_moved(site.runs[0], site.store, reporter(out=io.StringIO(), err=said))
    return count, " ".join(said.getvalue().split())


def move(root: Path, tracklet: str, to: str) -> None:
    camera, track = tracklet.split("/")
    (root / "crops" / to).mkdir(exist_ok=True)
    for path in list((root / "crops").rglob(f"{camera}_{track}_*.jpg")):
        path.rename(root / "crops" / to / path.name)


def test_moved_crops_are_decisions_once(root: Path) -> None:
    first = who(root)
    assert first == FIRST
    move(root, "a/1", "P0002")  # one of two of P0001: reassigned
    move(root, "b/3", "P0003")  # the only one of P0004: merged
    move(root, "b/1", "Ann")  # one of two of P0002: a new person
    said = io.StringIO()
    with open_site([root], QUIET) as site:
        progress = reporter(out=io.StringIO(), err=said)
        assert import_moved(site.runs[0], site.store, progress) == 4
        assert "crops were moved by hand, which is kept as 4 decisions" in said.getvalue()
        assert {one.by for one in site.store.decisions()} == {"moved crops"}
        assert [one.kind for one in site.store.decisions()] == ["different", "named", "moved", "same"]
    with open_site([root], QUIET) as site:
        assert import_moved(site.runs[0], site.store, progress) == 0
        write_again(site.runs[0], site.store, QUIET)
        assert import_moved(site.runs[0], site.store, progress) == 0
    assert who(root) == first | {"a/1": "P0002", "b/3": "P0003", "b/1": "P0005"}
    assert lie(root) == {
        "P0001": {"a/3"}, "P0002": {"a/1", "a/2"}, "P0003": {"a/4", "b/2", "b/3"}, "P0005": {"b/1"},
    }  # fmt: skip
    assert not (root / "crops" / "Ann").exists()
    persons = json.loads((root / "identities.json").read_text())["persons"]
    assert {p["name"]: p["label"] for p in persons}["P0005"] == "Ann"


def test_folders_that_were_renamed_or_thrown_out(root: Path) -> None:
    crops = root / "crops"
    (crops / "P0001").rename(crops / "Bob")
    shutil.move(crops / "P0004", crops / "-")
    move(root, "b/2", "-")
    with opened(root) as site:
        assert import_moved(site.runs[0], site.store, QUIET) == 3
        assert [p.label for p in site.store.people()] == ["Bob", None, None]
        assert import_moved(site.runs[0], site.store, QUIET) == 0
        write_again(site.runs[0], site.store, QUIET)
    assert who(root) == {**FIRST, "b/2": "", "b/3": ""}
    assert set(os.listdir(crops)) == {"P0001", "P0002", "P0003"}


def test_divided_crops_are_told_and_not_imported(root: Path) -> None:
    (root / "crops" / "P0001" / "a_1_1.jpg").rename(root / "crops" / "P0002" / "a_1_1.jpg")
    said = io.StringIO()
    with opened(root) as site:
        assert import_moved(site.runs[0], site.store, reporter(out=io.StringIO(), err=said)) == 0
        assert "crops of a/1 lie in P0001 and P0002, so it is not known whom it shows" in said.getvalue()
        assert site.store.decisions() == []


def test_names_with_blanks_are_taken_whole(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", {"front door": {1: 0, 2: 1, 3: 0}})
    (root / "crops" / "Ann Lee  Smith").mkdir()
    for path in (root / "crops" / "P0001").glob("front door_3_*"):
        path.rename(root / "crops" / "Ann Lee  Smith" / path.name)
    with opened(root) as site:
        assert took(site)[0] == 2
        noted = json.loads((root / ".reid.json").read_text())["moved_crops"]
        assert noted == ["front door/3 Ann Lee  Smith"]
        assert took(site) == (0, "")
        write_again(site.runs[0], site.store, QUIET)
    assert who(root) == {"front door/1": "P0001", "front door/2": "P0002", "front door/3": "P0003"}
    assert set(os.listdir(root / "crops")) == {"P0001", "P0002", "P0003"}, (
        "what was taken over is put in order"
    )


def test_what_is_moved_back_is_a_decision_too(root: Path) -> None:
    with opened(root) as site:
        for folder, person in (("P0002", 2), ("P0001", 1), ("P0002", 2), ("P0003", 3), ("P0001", 1)):
            move(root, "a/1", folder)
            assert took(site)[0] == 1, folder
            assert site.store.former_ids(RUN)[place(site, "a/1")[1]] == person
            assert took(site) == (0, "")


def test_what_is_moved_back_after_a_merge_is_a_person_of_its_own_again(root: Path) -> None:
    with opened(root) as site:
        move(root, "b/3", "P0003")
        assert took(site)[0] == 1
        move(root, "b/3", "P0004")
        count, said = took(site)
        assert count == 1
        assert "b/3 of P0003 is P0005, a new person" in said
        assert "what was moved counts more than decision 1 of " in said
        assert took(site) == (0, "")
        assert site.store.former_ids(RUN)[place(site, "b/3")[1]] == 5


def test_what_was_decided_before_a_refusal_is_kept_once(root: Path) -> None:
    with opened(root) as site:
        site.store.apart(2, 4)  # so b/3 cannot be P0002's
        move(root, "a/1", "P0002")
        move(root, "b/3", "P0002")
        move(root, "b/1", "x" * 101)
        count, said = took(site)
        assert count == 1
        assert "a/1 is P0002's" in said
        assert "not kept: crops/P0002: " in said
        assert "must be 1 to 100 printable characters" in said
        assert len(site.store.decisions()) == 2, "b/1 is not split off without its name"
        assert json.loads((root / ".reid.json").read_text())["moved_crops"] == ["a/1 P0002"]
        count, said = took(site)
        assert count == 0
        assert "a/1" not in said


def test_files_that_a_kill_left_are_no_decisions(root: Path) -> None:
    with opened(root) as site:
        site.runs[0].owned.note(told={})  # as while files are put in place
        move(root, "a/1", "P0002")
        assert took(site) == (0, "")
        assert site.store.decisions() == []


def test_a_repeated_run_that_cannot_keep_what_was_moved_is_refused(root: Path) -> None:
    move(root, "a/1", "P0002")
    (root / "gallery.db").write_bytes(b"mine")
    before = {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file() and path.name[0] != "."}
    gallery = RunGallery(VideoConfig(output=root), RUN, ENCODER, None, QUIET)
    with OwnedFolder.open(root, job="video") as owned:
        with pytest.raises(InputError, match=r"gallery.db: is there already, and reid did not write it"):
            gallery.keep_moved(owned)
        assert {path: path.read_bytes() for path in before} == before
        (root / "gallery.db").unlink()
        (root / "tracklets.csv").write_text("damaged")
        assert gallery.keep_moved(owned) is False, "damage must not keep the run from being repeated"
    gallery.close()


def test_what_was_moved_in_an_older_processing_says_nothing_of_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = tmp_path / "site.db"
    root = make_results(tmp_path / "day", SEEN, gallery=gallery)
    move(root, "a/1", "P0002")
    monkeypatch.setattr(results, "STARTED", results.STARTED + timedelta(hours=1))
    other = {"a": {1: 3, 2: 2, 3: 1, 4: 0}, "b": SEEN["b"]}  # of the same recordings, with other settings
    make_results(tmp_path / "again", other, gallery=gallery)
    said = io.StringIO()
    mine = RunGallery(
        VideoConfig(output=root, gallery=gallery), RUN, ENCODER, None, reporter(out=io.StringIO(), err=said)
    )
    with OwnedFolder.open(root, job="video") as owned:
        assert mine.keep_moved(owned) is False
    assert mine.store is not None
    assert mine.store.decisions() == []
    mine.close()
    assert "crops were moved by hand, which is not kept, and the files stay where they are" in said.getvalue()
    assert "holds the processing of the same recordings that started at" in said.getvalue()
    assert (root / "crops" / "P0002" / "a_1_1.jpg").exists()


@pytest.mark.parametrize("crops", [False, True], ids=["no crops", "killed"])
def test_a_move_that_was_undone_stays_undone_where_crops_were_not_written_again(
    root: Path, crops: bool
) -> None:
    move(root, "a/1", "P0002")
    with opened(root) as site:
        assert took(site)[0] == 1
        site.store.undo()
        linked = link_again(site.runs[0], site.store)
        # what a repeated `reid video` does before it writes
        bring_in_line(site.runs[0].owned, linked.linking, OutputConfig(crops=crops))
        assert (root / "crops" / "P0002" / "a_1_1.jpg").exists()
        assert took(site) == (0, "")
        assert all(one.undone for one in site.store.decisions())
