"""The README's first command, with what ships: the identities are right."""

import json
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording


@pytest.mark.slow
def test_the_demo_finds_the_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of the frames, which takes a third of the time; the README has the figures of all."""
    monkeypatch.chdir(tmp_path)
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    assert main(["demo", "--fps", "4", "--no-video", "--workers", "1", "--quiet"]) == 0
    assert main(["evaluate", "results", "--truth", str(demo_recording())]) == 0
    people = json.loads((tmp_path / "results" / "identities.json").read_text())["persons"]
    assert 7 <= len(people) <= 9, "eight people walk there"
    scores = json.loads((tmp_path / "results" / "scores.json").read_text())
    assert scores["global_ids"]["idf1"] > 0.85
