"""The settings that tell runs apart."""

import shutil
from pathlib import Path

import pytest

from pipelines.recordings.run_id import settings_of
from reid.config import LinkingConfig, VideoConfig
from reid.zone_config import Purpose, ZoneConfig


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


def test_only_zones_to_ignore_make_another_run() -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))

    def told(*purposes: Purpose) -> dict[str, object]:
        own = tuple(ZoneConfig(name=purpose, purpose=purpose, polygon=corners) for purpose in purposes)
        return settings_of(VideoConfig(zones={"lobby": own}))

    assert told("count", "dwell") == settings_of(VideoConfig())
    assert told("count", "ignore")["zones"] == {"lobby": [corners]}
