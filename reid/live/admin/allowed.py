"""Which cameras may be added from afar: who gives an address through the page need not see this machine's files."""

import re
from collections.abc import Sequence
from pathlib import Path

from reid.errors import InputError
from reid.live.capture.address import at_home, place_of

_DEVICE = re.compile(r"\d+|/dev/(video\d+|v4l/by-(id|path)/[^/]+)")


def check_allowed(argument: str, folders: Sequence[Path]) -> None:
    """Check an address before anything looks for it: streams, video devices, and files in these folders are allowed.

    Raises:
        InputError: another file or device; nothing tells whether it is there.
    """
    place = place_of(argument)
    if "://" in place or _DEVICE.fullmatch(place):
        return
    if place.startswith("/dev/"):
        raise InputError(
            "only video devices can be added through the page: /dev/video0, /dev/video1 and so on"
        )
    if any(_lies_in(at_home(place), folder) for folder in folders):
        return
    if not folders:
        raise InputError("files cannot be added through the page; page.folders names folders whose files can")
    raise InputError(f"files that are added through the page have to be in {', '.join(map(str, folders))}")


def _lies_in(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(at_home(str(folder)).resolve())  # where links lead to
    except (OSError, ValueError):  # no path at all: a zero byte in it, or links in a circle
        return False
