"""Writers of a run, by the table of writers: what the run knows reaches the files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reid.config import OutputConfig
from reid.outputs.folder import ResultsFolder
from reid.outputs.writer import RunResults, Writer
from reid.owned_files import OwnedFiles
from reid.registry import NoSettings
from reid.tables import WRITERS
from reid.wall_clock import WallClock
from tests.outputs.scenes import identities, jpeg, match, tracklet
from tests.pipelines.test_static_things import thing


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder that all writers have written to."""
    tracklets = [tracklet("a", 1, range(9), crops=[jpeg(1)])]
    matches = [match(tracklets[0], 1)]
    results = RunResults(
        folder=ResultsFolder(tmp_path),
        files=OwnedFiles(tmp_path),
        outputs=OutputConfig(),
        tracklets=tracklets,
        matches=matches,
        identities=identities(tracklets, matches),
        tracks={},
        things=[replace(thing(), crop=jpeg(2))],
        clock=WallClock(zero_s=1_800_000_000.0, zone="UTC"),
        run={"warnings": ["the lamp flickers"]},
    )
    for name in WRITERS:
        WRITERS.make(name, Writer, NoSettings())(results)
    return tmp_path


def test_what_was_left_out_is_in_the_list_and_in_the_report(written: Path) -> None:
    (row,) = json.loads((written / "static.json").read_text())["things"]
    assert (row["first_s"], row["detections"]) == (0, 12)
    page = (written / "report.html").read_text("utf-8")
    assert '<section id="things">' in page
    assert "12 detections" in page
    assert "the lamp flickers" in page
