"""What a job reports, on a terminal, in a log file, and as JSON."""

import io
import json
import logging
from typing import Any

import pytest

from pipelines.runtime.displays import Bars, Json, Lines, table
from pipelines.runtime.logs import routed
from pipelines.runtime.progress import Progress, reporter


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def streams() -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO(), io.StringIO()


def run(progress: Progress, clock: Clock) -> None:
    """Waits 60 s, then 25 frames a second for 20 s, and the container had promised 900."""
    with progress:
        lobby = progress.task("lobby", 900)
        clock.now_s += 60
        for _ in range(21):
            lobby.advance(25)
            clock.now_s += 1
        progress.message("lobby.mp4: damaged at 21.0 s; kept what came before", "warning")
        progress.message("linking")
        lobby.finish("damaged")
        progress.summary("results", [("people", 3), ("report", "results/report.html")])


def test_lines_come_every_ten_seconds(clock: Clock, streams: tuple[io.StringIO, io.StringIO]) -> None:
    out, err = streams
    run(Progress(Lines(out, err, clock=clock), clock=clock), clock)
    assert err.getvalue().splitlines() == [
        "lobby: started, 900 frames",
        "lobby: 25/900 frames (3%)",
        "lobby: 275/900 frames (31%), 25.0 frames/s, 0:25 left",
        "lobby: 525/900 frames (58%), 25.0 frames/s, 0:15 left",
        "warning: lobby.mp4: damaged at 21.0 s; kept what came before",
        "linking",
        "lobby: done, 525 frames, 23.8 frames/s; damaged",
    ]
    assert out.getvalue() == "results\n  people  3\n  report  results/report.html\n"


def test_json_is_one_object_a_line(clock: Clock, streams: tuple[io.StringIO, io.StringIO]) -> None:
    out, err = streams
    run(Progress(Json(out, err, clock=clock), clock=clock), clock)
    events: list[dict[str, Any]] = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["start", *["progress"] * 3, "message", "message", "done"]
    wanted = {"event": "progress", "camera": "lobby", "frames": 275, "total": 900, "fps": 25.0, "eta_s": 25.0}
    assert events[2] == wanted
    assert json.loads(out.getvalue()) == {
        "event": "summary",
        "title": "results",
        "header": [],
        "rows": [["people", 3], ["report", "results/report.html"]],
    }


def test_quiet_keeps_warnings_and_what_was_asked_for(
    clock: Clock, streams: tuple[io.StringIO, io.StringIO]
) -> None:
    out, err = streams
    run(Progress(Lines(out, err, clock=clock), quiet=True, clock=clock), clock)
    assert err.getvalue() == "warning: lobby.mp4: damaged at 21.0 s; kept what came before\n"
    assert out.getvalue() == ""
    progress = Progress(Lines(out, err), quiet=True)
    progress.answer("one person", [("P0001", 3)], ("person", "sightings"))
    progress.text("# Card")
    assert out.getvalue().splitlines() == [
        "one person",
        "  person  sightings",
        "  P0001           3",
        "# Card",
    ]


def test_bars_show_any_camera_name_and_leave_results_to_standard_output(clock: Clock) -> None:
    out, err = io.StringIO(), Terminal()
    progress = Progress(Bars(out, err), clock=clock)
    with progress:
        progress.task("[red]lobby[/]", None).advance(3)
        progress.task("street", 10, unit="crops").finish()
    run(progress, clock)
    assert "[red]lobby[/]" in err.getvalue()
    assert "525 frames" in err.getvalue()
    assert out.getvalue() == "results\n  people  3\n  report  results/report.html\n"


def test_the_view_suits_the_streams() -> None:
    views = [
        reporter(err=Terminal()),
        reporter(err=io.StringIO()),
        reporter(err=Terminal(), log_format="json"),
        reporter(err=Terminal(), quiet=True),
    ]
    assert [type(progress._view) for progress in views] == [Bars, Lines, Json, Lines]


def test_a_table_aligns_its_columns_and_never_cuts_them() -> None:
    path = "results/" + "long/" * 40
    told = table("cameras", ("camera", "people", "tracks"), [("ロビー", 12, None), ("b", 3, path)])
    assert told.splitlines()[2:] == [
        "  ロビー      12",
        f"  b            3  {path}",
    ]


def test_a_cell_stays_on_its_line() -> None:
    """Labels of a gallery may hold line breaks and what a terminal takes for commands."""
    assert table("people", (), [("Ann\n\x1b[2Jnext", 1)]).splitlines() == [
        "people",
        "  Ann\\n\\x1b[2Jnext  1",
    ]


def test_logging_goes_through_the_reporter(streams: tuple[io.StringIO, io.StringIO]) -> None:
    out, err = streams
    with Progress(Lines(out, err)) as progress, routed(progress):
        logging.getLogger("reid.video").info("opened %s", "a.mp4")
        logging.getLogger("reid.video").debug("unseen")
        logging.getLogger("elsewhere").info("unseen")
        logging.getLogger("elsewhere").warning("seen")
    logging.getLogger("reid.video").info("after the run")
    assert err.getvalue() == "opened a.mp4\nwarning: seen\n"
