"""Results of `reid video` as images to learn from, after a reviewer has been at them."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reid.config import VideoConfig
from reid.datasets.records import Split
from reid.datasets.results import Corrections, read_results
from reid.datasets.sources import combine, open_sources
from reid.errors import InputError
from reid.outputs.folder import ResultsFolder
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.sqlite.people_now import people_now
from tests.datasets.trees import touch
from tests.store.site import ENCODER, directions, sighting

STARTED = datetime(2024, 5, 1, 12, 30, 15, 987_654, tzinfo=UTC)
DOOR, YARD = "front: door/1", "yard_2"  # what a file name cannot hold, and what looks like a track in one


def results(
    root: Path, people: dict[int, dict[str, int]], *, gallery: Path | None = None, started: datetime = STARTED
) -> Path:
    """A results folder with two images of the tracks 10 * person + n of every camera."""
    folder = ResultsFolder(root)
    for person, cameras in people.items():
        for camera, tracks in cameras.items():
            for track in range(tracks):
                for number in (1, 2):
                    path = folder.crop(person, camera, 10 * person + track, number)
                    touch(path.parent, [path.name])
    run = {
        "started": started.isoformat(timespec="seconds"),
        "cameras": {camera: {} for camera in (YARD, DOOR)},
        "config": VideoConfig(gallery=gallery).model_dump(mode="json"),
    }
    folder.run.write_text(json.dumps(run))
    return root


def commit(store: Store, run_id: str, people: list[int], started: datetime = STARTED) -> None:
    made = [sighting(person, directions(person, 2), track=person) for person in people]
    store.commit_run(run_id, made, started=started, cameras=[DOOR, YARD])


def corrections_of(gallery: Path) -> Corrections:
    now = people_now(gallery)
    return Corrections(gallery=gallery, people=now.people, runs=now.runs)


def who(split: Split) -> dict[str, int]:
    """Images of every person by name."""
    persons, counts = np.unique(split.persons, return_counts=True)
    return {
        split.person_name(person): count
        for person, count in zip(persons.tolist(), counts.tolist(), strict=True)
    }


def test_as_written(tmp_path: Path) -> None:
    read = read_results(results(tmp_path, {1: {DOOR: 1, YARD: 2}, 2: {YARD: 1}}), "day", None)
    assert who(read.split) == {"P0001": 6, "P0002": 2}
    assert set(read.split.camera_names) == {DOOR, YARD}
    assert len(np.unique(read.split.tracklets)) == 4
    assert (read.shared, read.notes) == (False, ())


def test_what_a_reviewer_did_in_the_folder(tmp_path: Path) -> None:
    crops = results(tmp_path, {one: {DOOR: 1, YARD: 1} for one in (1, 2, 3, 4, 5)}) / "crops"
    for path in list((crops / "P0002").iterdir()):  # merged
        path.rename(crops / "P0001" / path.name)
    shutil.rmtree(crops / "P0003")
    (crops / "Ann").mkdir()
    moved = next((crops / "P0004").glob("yard*_1.jpg"))
    moved.rename(crops / "Ann" / moved.name)
    shutil.move(crops / "P0005", crops / "P0004" / "P0005")  # merged, folder and all
    touch(
        crops,
        [
            "spare.jpg",
            "-/yard_2_1_1.jpg",
            "P0001/portrait.jpg",
            "P0001/yard_2_10_1 (2).jpg",
            "P0001/.DS_Store",
        ],
    )
    read = read_results(tmp_path, "day", None)
    assert who(read.split) == {"Ann": 1, "P0001": 9, "P0004": 7}
    assert set(read.split.camera_names) == {DOOR, YARD}
    assert set(read.notes) == {
        "2 crops left out: they lie in no person's folder, or in -",
        "1 crop left out: their names are not <camera>_<track>_<n>.jpg",
        "4 crops in folders within a person's folder count as that person's",
    }


def test_what_a_reviewer_did_in_the_gallery(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    root = results(tmp_path / "day", {one: {YARD: 1} for one in (1, 2, 3, 4, 5)}, gallery=gallery)
    shutil.move(root / "crops" / "P0004", root / "crops" / "P0005" / "P0004")
    touch(root / "crops", ["Ann/yard_2_77_1.jpg", "Stranger/yard_2_78_1.jpg"])
    with open_store(gallery, encoder_id=ENCODER) as store:
        commit(store, "run", [1, 2, 3, 4, 5])
        store.merge(2, into=1)
        store.rename(3, "Ann")
        store.forget(4)
    read = read_results(root, "day", corrections_of(gallery))
    assert who(read.split) == {"P0001": 4, "Ann": 3, "P0005": 2, "Stranger (day)": 1}
    assert read.shared
    assert "2 crops left out: their people are not in the gallery any more" in read.notes[0]


def test_two_days_of_a_site_are_one_data_set(tmp_path: Path) -> None:
    gallery, later = tmp_path / "site.db", STARTED.replace(day=2)
    first = results(tmp_path / "monday", {1: {DOOR: 1}, 2: {DOOR: 1}}, gallery=gallery)
    second = results(tmp_path / "tuesday", {1: {DOOR: 1}, 3: {YARD: 1}}, gallery=gallery, started=later)
    other = results(tmp_path / "other", {1: {DOOR: 1}})
    for root in (first, second):
        touch(root / "crops", ["New/yard_2_99_1.jpg"])
    with open_store(gallery, encoder_id=ENCODER) as store:
        commit(store, "monday", [1, 2])
        commit(store, "tuesday", [1, 3], later)
        store.merge(3, into=2)
    texts = [str(root) for root in (first, second, other)]
    split = combine(open_sources(texts, corrections=corrections_of(gallery)))
    assert who(split) == {
        "site/New (monday)": 1,
        "site/New (tuesday)": 1,
        "site/P0001": 4,
        "site/P0002": 4,
        "other/P0001": 2,
    }
    assert set(split.camera_names) == {f"site/{DOOR}", f"site/{YARD}", f"other/{DOOR}"}
    shown = [path.parts[len(tmp_path.parts)] for path in split.paths]
    tracks = set(zip(shown, split.tracklets.tolist(), strict=True))
    assert len({track for _, track in tracks}) == len(tracks), "a tracklet of two days"
    apart = combine(open_sources(texts[:2]))
    assert apart.people == 6, "without the gallery nobody can know that they are the same"


def test_whose_corrections_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gallery = Path("site.db")
    with open_store(gallery, encoder_id=ENCODER) as store:
        commit(store, "run", [1, 2])
        store.merge(2, into=1)
    corrections = corrections_of(gallery)
    people, later = {1: {DOOR: 1}, 2: {DOOR: 1}}, STARTED.replace(day=2)
    cases = {
        "this run, whatever the gallery was called": (Path("old/name.db"), STARTED, True),
        "a run that was pruned": (gallery.resolve(), later, True),
        "another gallery": (Path("another.db"), later, False),
        "no gallery": (None, later, False),
    }
    for name, (linked_with, started, shared) in cases.items():
        read = read_results(
            results(tmp_path / name, people, gallery=linked_with, started=started), "x", corrections
        )
        assert read.shared == shared, name
        assert who(read.split) == ({"P0001": 4} if shared else {"P0001": 2, "P0002": 2})
        assert ["corrections of site.db are not about it" in note for note in read.notes] == [True] * (
            not shared
        )
    doubtful = results(tmp_path / "doubtful", people, gallery=gallery, started=later)
    with pytest.raises(InputError, match=r"doubtful: site\.db does not know the run, so it cannot be told"):
        read_results(doubtful, "x", corrections)
    # as a copied site: its gallery lay at the same place, and is another one
    copied = results(tmp_path / "copied", people, gallery=tmp_path / "old" / "site.db", started=later)
    told = json.loads((copied / "run.json").read_text())
    told["config"]["output"] = str(tmp_path / "old" / "copied")
    (copied / "run.json").write_text(json.dumps(told))
    away = Corrections(gallery=gallery.resolve(), people=corrections.people, runs=corrections.runs)
    with pytest.raises(InputError, match="does not know the run, so it cannot be told"):
        read_results(copied, "x", away)
    (note,) = read_results(doubtful, "x", None).notes
    assert note == "linked with the gallery site.db, whose corrections count only where data.gallery names it"


def test_results_that_cannot_be_used(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    corrections = Corrections(gallery=gallery, people={1: None}, runs=frozenset())
    root = results(tmp_path / "day", {1: {DOOR: 1}}, gallery=gallery)
    with pytest.raises(
        InputError, match="no crops of people that may be learned from; of 2 crops their people"
    ):
        read_results(root, "day", corrections)
    run = root / "run.json"
    for content, why in (
        ("{", "cannot be read"),
        ("[]", "not as"),
        ('{"config": {"gallery": "x"}}', "no start and"),
    ):
        run.write_text(content)
        with pytest.raises(InputError, match=why):
            read_results(root, "day", corrections)
    run.unlink()
    with pytest.raises(InputError, match="not a results folder"):
        read_results(root, "day", None)
    touch(root, ["identities.json"])
    assert who(read_results(root, "day", None).split) == {"P0001": 2}
    with pytest.raises(InputError, match=r"there is no run\.json, so it cannot be told"):
        read_results(root, "day", corrections)
    shutil.rmtree(root / "crops" / "P0001")
    with pytest.raises(
        InputError, match=r"learned from; `reid video` writes them where outputs\.crops is on"
    ):
        read_results(root, "day", None)
