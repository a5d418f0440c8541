"""zones.json: what was drawn on the page is there at the next start, and can be used for recordings."""

from pathlib import Path

import pytest

from pipelines.settings.loading import load
from pipelines.site.zones_file import zone_settings
from reid.config import VideoConfig
from reid.errors import InputError
from reid.owned_files import OwnedFiles
from reid.zone_config import ZoneConfig

DESK = ZoneConfig(name="desk", purpose="dwell", polygon=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
GATE = ZoneConfig(name="gate", purpose="count", line=((0.5, 0.0), (0.5, 1.0)))


def test_what_is_drawn_is_there_again(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    settings = zone_settings(tmp_path, files, {"door": (GATE,)})
    assert (settings.fixed, settings.drawn) == ({"door": (GATE,)}, {})
    settings.keep({"door": [DESK], "hall": [GATE, DESK]})
    again = zone_settings(tmp_path, OwnedFiles(tmp_path), {})
    assert again.drawn == {"door": (DESK,), "hall": (GATE, DESK)}
    assert load(VideoConfig, tmp_path / "zones.json").zones == again.drawn
    again.keep({})
    assert zone_settings(tmp_path, OwnedFiles(tmp_path), {}).drawn == {}


def test_a_name_in_both_is_refused(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    zone_settings(tmp_path, files, {}).keep({"door": [GATE]})
    with pytest.raises(InputError, match="'gate' of door was drawn on the page and is in the settings, too"):
        zone_settings(tmp_path, files, {"door": (DESK, GATE)})


def test_a_file_of_the_user_is_neither_read_nor_written(tmp_path: Path) -> None:
    (tmp_path / "zones.json").write_text("mine")
    settings = zone_settings(tmp_path, OwnedFiles(tmp_path), {})
    assert settings.drawn == {}
    with pytest.raises(InputError, match=r"zones\.json"):
        settings.keep({"door": [GATE]})
    assert (tmp_path / "zones.json").read_text() == "mine"


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"zones": {"door": [{"name": "x"}]}}', '{"zones": 3}', "no JSON"]
)
def test_a_damaged_file_costs_a_sentence(tmp_path: Path, text: str) -> None:
    files = OwnedFiles(tmp_path)
    zone_settings(tmp_path, files, {}).keep({"door": [GATE]})
    (tmp_path / "zones.json").write_text(text)
    with pytest.raises(InputError, match=r"zones\.json: .*delete it, and draw its zones anew"):
        zone_settings(tmp_path, files, {})
