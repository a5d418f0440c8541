"""Recordings that say when they were made, through the whole job: what a user reads of their times."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording
from reid.store.opening import open_store
from tests.shared import shared

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "cases"
GAP = [f"cam2={CASES / f'cam2_20261126_1000{second}.mp4'}" for second in ("15", "00")]


def run(folder: Path, *words: str) -> int:
    fixed = ["--detector", str(CASES / "control-detect.onnx"), "--log-format", "json", "--workers", "1"]
    return main(["video", *words, *fixed, "--output", str(folder), "--no-crops"])


def facts(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run.json").read_text()))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "tracklets.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files with ten seconds between them, given in the wrong order, with a gallery beside."""
    folder = tmp_path_factory.mktemp("gap") / "results"
    assert run(folder, *GAP, "--gallery", str(folder.parent / "site.db"), "--timezone", "UTC") == 0
    return folder


def test_tables_and_identities_say_when_it_was_in_the_world(results: Path) -> None:
    found = [(row["person"], row["start_s"], row["start_at"], row["end_at"]) for row in rows(results)]
    first, second = "2026-11-26T10:00:00.000+00:00", "2026-11-26T10:00:15.000+00:00"
    ends = "2026-11-26T10:00:04.917+00:00", "2026-11-26T10:00:19.917+00:00"
    assert found == [
        ("P0001", "0", first, ends[0]),
        ("P0002", "0", first, ends[0]),
        ("P0001", "15", second, ends[1]),
        ("P0002", "15", second, ends[1]),
    ]
    person = json.loads((results / "identities.json").read_text())["persons"][0]
    assert (person["first_seen_at"], person["last_seen_at"]) == (first, ends[1])
    assert [(one["start_at"], one["end_at"]) for one in person["sightings"]] == [
        (first, ends[0]),
        (second, ends[1]),
    ]
    assert person["total_s"] == pytest.approx(2 * 59 / 12, abs=0.01)


def test_run_json_says_who_says_so(results: Path) -> None:
    said = facts(results)
    assert said["clock"] == {"zero": "2026-11-26T10:00:00.000+00:00", "zone": "UTC", "from": ["container"]}
    camera = said["cameras"]["cam2"]
    assert (camera["start"], camera["start_from"]) == (said["clock"]["zero"], "container")
    assert [file["begins_s"] for file in camera["files"]] == [0.0, 15.0]
    assert [Path(file["file"]).name[-6:] for file in camera["files"]] == ["00.mp4", "15.mp4"]
    assert camera["duration_s"] == pytest.approx(119 / 12, abs=0.01)  # without what was not recorded
    assert said["warnings"][0].startswith("cam2: its files are played in the order of their times")


def test_the_report_shows_the_day_the_zone_and_the_times(results: Path) -> None:
    page = (results / "report.html").read_text()
    assert "2026-11-26, UTC+00:00" in page
    assert '<td class="n">10:00:15.0<td class="n">10:00:19.9' in page
    assert "0:15.0" not in page.replace("10:00:15.0", "")


def test_the_video_shows_the_frames_at_their_times(results: Path) -> None:
    with av.open(str(results / "video" / "cam2.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) == 120
    assert times[60] - times[59] == pytest.approx(
        10, abs=0.01
    )  # 10.083 s, of which no more than 10 are shown


def test_the_gallery_shows_them_too(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "show", str(results.parent / "site.db"), "1"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert ["2026-11-26 10:00:00 – 10:00:04 +00:00" in line for line in lines] == [True, False]
    assert "2026-11-26 10:00:15 – 10:00:19 +00:00" in lines[1]


def test_evaluate_numbers_frames_over_all_files(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / "tracks", tmp_path / "truth")
    frames = [int(line.split(",")[0]) for line in (results / "tracks" / "cam2.txt").read_text().splitlines()]
    assert (min(frames), max(frames), len(frames)) == (1, 120, 240)
    assert main(["evaluate", str(results), "--truth", str(tmp_path / "truth")]) == 0
    assert json.loads((results / "scores.json").read_text())["global_ids"]["idf1"] == 1.0


def test_another_start_is_another_result_but_follows_nobody_again(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, given = tmp_path / "results", ["--started-at", "cam2=2026-11-26T08:00:00+01:00", "--no-video"]
    shutil.copytree(results, folder)
    shutil.copy(results.parent / "site.db", tmp_path / "site.db")
    same = ["--gallery", str(tmp_path / "site.db")]
    assert run(folder, *GAP, *same, *given) == 2
    assert "another run's results" in capsys.readouterr().err
    assert run(folder, *GAP, *same, *given, "--overwrite") == 0
    assert '"done before"' in capsys.readouterr().err
    assert rows(folder)[2]["start_at"] == "2026-11-26T08:00:15.000+01:00"
    assert facts(folder)["cameras"]["cam2"]["start_from"] == "source.started_at"
    shown = tmp_path / "site.db"
    with open_store(shown, encoder_id=None, read_only=True) as store:
        assert len(store.runs()) == 1, "the same recordings, at the same distances in time"
        seen = store.sightings(1)[1]
    assert seen.clock is not None
    assert seen.clock.iso(seen.start_s) == "2026-11-26T08:00:15.000+01:00"


def test_cameras_that_began_at_different_times_meet_on_one_clock(tmp_path: Path) -> None:
    early, late = (tmp_path / f"{name}.mp4" for name in ("a_20261126_100000", "b_20261126_100002"))
    for path in (early, late):
        shutil.copy(CASES / "next-segment.mp4", path)
    words = [
        f"a={early}",
        f"b={late}",
        "--offset",
        "b=0.25",
        "--timezone",
        "+01:00",
        "--no-video",
        "--fps",
        "4",
    ]
    assert run(tmp_path / "results", *words) == 0
    starts = {row["camera"]: (row["start_s"], row["start_at"]) for row in rows(tmp_path / "results")}
    assert starts == {
        "a": ("0", "2026-11-26T10:00:00.000+01:00"),
        "b": ("2.25", "2026-11-26T10:00:02.250+01:00"),
    }


def test_a_last_frame_of_hours_moves_nothing_and_warns_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["segment-with-absurd-duration.mp4", "next-segment.mp4"]
    assert run(tmp_path / "results", *(f"lobby={CASES / name}" for name in names), "--no-video") == 0
    assert "warning" not in capsys.readouterr().err
    found = rows(
        tmp_path / "results"
    )  # one or two a person: 8-bit networks differ from processor to processor
    assert (min(row["start_s"] for row in found), max(row["end_s"] for row in found)) == ("0", "7.917")
    assert sum(int(row["boxes"]) for row in found) == 2 * 96


@pytest.mark.shared
def test_a_raw_stream_takes_its_codecs_rate_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(shared("media/people-detection.264")), "--end", "2", "--fps", "3", "--no-video"]
    assert run(tmp_path / "results", *words) == 0
    said = "a raw stream, which carries no times: 12 frames a second, says its codec's header; source.raw_fps"
    assert said in capsys.readouterr().err
    assert {row["last_frame"] for row in rows(tmp_path / "results")} <= {"20"}
    assert facts(tmp_path / "results")["cameras"]["people-detection"]["processed_frames"] == [
        1,
        5,
        9,
        13,
        17,
        21,
    ]


def test_the_demo_says_nothing_of_when_it_was(tmp_path: Path) -> None:
    words = [str(demo_recording() / f"cam{number}.mp4") for number in (1, 2)]
    assert run(tmp_path / "results", *words, "--end", "1", "--fps", "4", "--no-video") == 0
    assert (facts(tmp_path / "results")["clock"], facts(tmp_path / "results")["warnings"]) == (None, [])
    assert {row["start_at"] for row in rows(tmp_path / "results")} == {""}
