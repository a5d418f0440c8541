"""The settings that tell runs apart."""

import shutil
from pathlib import Path

import pytest

from pipelines.recordings.run_id import settings_of
from reid.config import LinkingConfig, VideoConfig


def test_paths_tell_runs_apart_by_what_they_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "c.json").write_text("{}")

    def told(gallery: str, output: str, calibration: str = "c.json") -> dict[str, object]:
        linking = LinkingConfig(calibration=Path(calibration))
        return settings_of(VideoConfig(gallery=Path(gallery), output=Path(output), linking=linking))

    monkeypatch.chdir(site)
    typed = told("site.db", "day")
    assert told("./site.db", str(site / "day"), str(site / "c.json")) == typed
    assert told("other.db", "day") != typed
    monkeypatch.chdir(tmp_path)
    assert told("site/site.db", "site/day", "site/c.json") == typed
    shutil.move(site, tmp_path / "moved")
    assert told("moved/site.db", "moved/day", "moved/c.json") == typed
    (tmp_path / "moved" / "c.json").write_text("[]")
    assert told("moved/site.db", "moved/day", "moved/c.json") != typed
