import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from reid.outputs import tables
from reid.outputs.crops import write_crops
from reid.outputs.folder import ResultsFolder
from reid.outputs.sightings import find_sightings, seconds_seen
from reid.owned_files import LIST, OwnedFiles
from reid.types import TrackletKey
from tests.outputs.scenes import Scene, demo_scene, identities, jpeg, match, tracklet


def small() -> Scene:
    """One person in two cameras, seen twice in one of them, another once, and a tracklet of nobody."""
    items = [
        tracklet("a", 1, range(11), crops=[jpeg(1), jpeg(2)]),
        tracklet("a", 2, range(20, 31), crops=[jpeg(3)]),  # 1.0 s later
        tracklet("a", 3, range(90, 101)),
        tracklet("b", 1, range(5, 16), crops=[jpeg(4)] * 9),
        tracklet("b", 2, range(50, 61)),
        tracklet('<b>&"', 1, range(70, 72)),
    ]
    matches = [
        match(items[0], 4, 0.1, 9),
        match(items[1], 4, 0.15, 9),
        match(items[2], 4, 0.3, None),
        match(items[3], 4, 0.2),
        match(items[4], 9),
        match(items[5], None, 0.6, None),
    ]
    return Scene(items, matches, identities(items, matches, {9}), {})


def written(tmp_path: Path, scene: Scene) -> tuple[ResultsFolder, dict[TrackletKey, list[str]]]:
    folder = ResultsFolder(tmp_path)
    crops = write_crops(folder, OwnedFiles(tmp_path), scene.tracklets, scene.matches)
    shared: dict[str, Any] = {
        "tracklets": scene.tracklets, "matches": scene.matches, "identities": scene.identities
    }  # fmt: skip
    tables.write_tables(folder.tracklets_csv, folder.tracklets_parquet, **shared)
    tables.write_identities(folder.identities, **shared, join_gap_s=2.0, crops=crops)
    return folder, crops


def test_identities_say_who_was_where_when(tmp_path: Path) -> None:
    folder, _ = written(tmp_path, small())
    content = json.loads(folder.identities.read_text())
    first, second = content["persons"]
    sightings = first.pop("sightings")
    assert first == {
        "person_id": 4, "name": "P0004", "label": None, "known": False, "cameras": ["a", "b"],
        "first_seen_s": 0.0, "last_seen_s": 10.0, "total_s": 4.0,
    }  # fmt: skip
    assert sightings[0] == {
        "camera": "a", "start_s": 0.0, "end_s": 3.0, "track_ids": [1, 2], "distance": 0.15,
        "probability": None, "runner_up": "P0009", "runner_up_distance": 0.35, "margin": 0.2,
        "crop": "crops/P0004/a_1_1.jpg",
    }  # fmt: skip
    assert [(s["camera"], s["start_s"], s["track_ids"]) for s in sightings[1:]] == [
        ("b", 0.5, [1]),
        ("a", 9.0, [3]),
    ]
    assert sightings[2]["crop"] is None
    assert (second["name"], second["known"], second["sightings"][0]["distance"]) == ("P0009", True, None)
    assert content["unidentified"] == [{"camera": '<b>&"', "track_id": 1, "start_s": 7.0, "end_s": 7.1}]
    for sighting in sightings:
        assert sighting["crop"] is None or (folder.root / sighting["crop"]).is_file()


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    folder, _ = written(tmp_path, small())
    parquet = pa_parquet.read_table(folder.tracklets_parquet)
    read = pa_csv.read_csv(
        folder.tracklets_csv,
        convert_options=pa_csv.ConvertOptions(
            column_types=parquet.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    assert read.to_pylist() == parquet.to_pylist()
    assert len(parquet) == 6
    with folder.tracklets_csv.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["camera"] == '<b>&"'
    assert rows[0]["person_id"] == rows[0]["known"] == rows[0]["margin"] == ""
    assert (rows[2]["camera"], rows[2]["person"], rows[2]["margin"]) == ("a", "P0004", "0.2")
    documented = [
        line.split()[0].rstrip(",") for line in str(tables.__doc__).splitlines() if line.startswith("    ")
    ]
    assert set(documented) <= set(parquet.column_names)
    undocumented = set(parquet.column_names) - set(documented)
    assert undocumented == {"end_s"}  # shares a line with start_s


def test_nothing_makes_valid_files(tmp_path: Path) -> None:
    folder, crops = written(tmp_path, Scene([], [], [], {}))
    assert json.loads(folder.identities.read_text()) == {"persons": [], "unidentified": []}
    assert len(pa_parquet.read_table(folder.tracklets_parquet)) == 0
    assert folder.tracklets_csv.read_text().startswith('"camera","track_id"')
    assert crops == {}


@pytest.mark.slow
def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    def content(scene: Scene) -> dict[str, bytes]:
        folder, _ = written(tmp_path, scene)
        found = (path for path in folder.root.rglob("*") if path.is_file() and path.name != LIST)
        return {str(path): path.read_bytes() for path in found}

    once = content(small())
    assert content(demo_scene()) != once
    assert content(small()) == once


def test_crops_are_the_best_of_every_tracklet_first(tmp_path: Path) -> None:
    folder, crops = written(tmp_path, small())
    names = {path.relative_to(folder.crops).as_posix() for path in folder.crops.rglob("*.jpg")}
    assert names == {f"P0004/{name}.jpg" for name in
                     ("a_1_1", "a_2_2", "a_1_3", "b_1_1", "b_1_2", "b_1_3", "b_1_4")}  # fmt: skip
    assert (folder.crops / "P0004/a_1_1.jpg").read_bytes() == jpeg(1)
    assert crops[TrackletKey(camera_id="a", track_id=1)] == ["crops/P0004/a_1_1.jpg", "crops/P0004/a_1_3.jpg"]


@pytest.mark.slow
def test_sightings_do_not_depend_on_the_order_of_tracklets() -> None:
    scene = demo_scene()
    matches = {item.tracklet: item for item in scene.matches}
    found = find_sightings(scene.tracklets, matches, join_gap_s=1.0)
    again = find_sightings(scene.tracklets[::-1], matches, join_gap_s=1.0)
    assert list(found) == list(again)
    for person, sightings in found.items():
        assert [s.tracklets for s in sightings] == [s.tracklets for s in again[person]]
        ticks = {t for s in sightings for t in range(round(s.start_s * 1000), round(s.end_s * 1000))}
        assert abs(len(ticks) / 1000 - seconds_seen(sightings)) < 0.01


def test_probabilities_stand_beside_distances(tmp_path: Path) -> None:
    scene = small()
    matches = [replace(m, probability=None if m.distance is None else 0.87654) for m in scene.matches]
    folder, _ = written(tmp_path, replace(scene, matches=matches))
    rows = pa_parquet.read_table(folder.tracklets_parquet).to_pylist()
    assert {row["probability"] for row in rows if row["distance"] is not None} == {0.8765}
    assert {row["probability"] for row in rows if row["distance"] is None} == {None}
    persons = json.loads(folder.identities.read_text())["persons"]
    assert persons[0]["sightings"][0]["probability"] == 0.8765
