"""Which cameras may be added through the page."""

from pathlib import Path

import pytest

from reid.errors import InputError
from reid.live.admin.allowed import check_allowed
from reid.live.capture.address import parse_cameras

ALWAYS = [
    "rtsp://10.0.0.1/a",
    "door=https://host/x.m3u8",
    "0",
    "desk=/dev/video2",
    "/dev/v4l/by-id/usb-cam-0",
]
NEVER = [
    "/etc/passwd", "a=/etc/passwd", "~/film.mp4", "~nobody-of-this-name/film.mp4", "/dev/../etc/passwd", "/dev/zero",
    "/dev/video0/../../etc/passwd", "x" * 1999, "/" + "x" * 300, "a\0b", "\ud800", "film.mp4", ".", "",
]  # fmt: skip


@pytest.mark.parametrize("argument", ALWAYS)
def test_streams_and_video_devices(argument: str) -> None:
    check_allowed(argument, [])


@pytest.mark.parametrize("argument", NEVER)
def test_files_only_from_folders_that_the_config_names(argument: str, tmp_path: Path) -> None:
    for folders in ([], [tmp_path]):
        with pytest.raises(InputError, match="through the page"):
            check_allowed(argument, folders)


def test_folders_links_and_what_is_not_there(tmp_path: Path) -> None:
    inside, outside = tmp_path / "films", tmp_path / "private"
    inside.mkdir()
    outside.mkdir()
    (inside / "a.mp4").touch()
    (outside / "b.mp4").touch()
    (inside / "link.mp4").symlink_to(outside / "b.mp4")
    check_allowed(f"a={inside}/a.mp4", [inside])
    said = set()
    for place in ("../private/b.mp4", "../private/not-there.mp4", "link.mp4", "../films-2/a.mp4"):
        with pytest.raises(InputError) as caught:
            check_allowed(f"{inside}/{place}", [inside])
        said.add(str(caught.value))
    assert said == {f"files that are added through the page have to be in {inside}"}, (
        "not whether they are there"
    )


@pytest.mark.parametrize("argument", [*NEVER[3:4], *NEVER[7:11]])
def test_what_is_no_path_costs_the_command_line_a_sentence(argument: str) -> None:
    with pytest.raises(InputError, match="neither an address"):
        parse_cameras([argument])
