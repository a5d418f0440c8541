"""What live cameras have learned of things outlives the program."""

import json
from pathlib import Path

from pipelines.site.things_file import ThingsKeeper, known_things
from reid.camera_config import TrackletConfig
from reid.live.tracking.static_things import Things
from reid.live.views.site_state import SiteState
from reid.owned_files import OwnedFiles
from tests.tracking.test_static import watch


def start(root: Path) -> tuple[Things, ThingsKeeper, SiteState]:
    """As `reid live` does."""
    files, site_state = OwnedFiles(root), SiteState()
    things = Things(TrackletConfig(), sure=0.4, known=known_things(root, files))
    return things, ThingsKeeper(root, files, things, site_state), site_state


def test_the_next_start_knows_what_the_last_one_learned(tmp_path: Path) -> None:
    things, keeper, board = start(tmp_path)
    keeper.tick()
    assert board.things("a") == []
    assert not (tmp_path / "static.json").exists()
    door = things.of("a")
    assert door is not None
    watch(door, 35)
    keeper.tick()
    (row,) = json.loads((tmp_path / "static.json").read_text())["things"]
    assert (row["camera"], row["first_s"]) == ("a", 0.0)
    assert (tmp_path / row["crop"]).read_bytes().startswith(b"\xff\xd8")

    assert [thing.first_s for thing in board.things("a")] == [0.0]

    again, keeper, board = start(tmp_path)  # camera a is not there this time
    assert len(board.things("a")) == 1, "shown from the start"
    assert again.of("b") is not None
    keeper.write()
    later, _, _ = start(tmp_path)
    assert [thing.camera_id for thing in later.all()] == ["a"]
    door = later.of("a")
    assert door is not None
    assert not any(kept for _, kept in watch(door, 2, begun=500))


def test_a_file_of_the_users_is_left_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "static.json").write_text("mine")
    things, keeper, site_state = start(tmp_path)
    door = things.of("a")
    assert door is not None
    watch(door, 35)
    keeper.tick()
    assert (tmp_path / "static.json").read_text() == "mine"
    assert "reid did not write it" in site_state.troubles()["static things"]


def test_switched_off_nothing_is_learned() -> None:
    assert Things(TrackletConfig(static_s=None), sure=0.4).of("a") is None
