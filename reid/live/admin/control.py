"""Commands to a live site while it runs, and what a keeper of events or frames must be able to erase."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from reid.errors import ReidError
from reid.live.admin.site_decisions import SiteDecisions
from reid.live.identity.decisions import Place
from reid.types import Array, Tracklet
from reid.zone_config import ZoneConfig


class Control(Protocol):
    """Each call returns when it is done, from whatever thread; ReidError where it cannot be done."""

    def forget(self, person_id: int) -> None:
        """Erase everything kept about one person; InputError also says what is left for now."""

    @property
    def decisions(self) -> SiteDecisions:
        """What makes decisions about the people of the site."""

    def at_hand(self) -> tuple[Mapping[Place, Tracklet], Mapping[Place, Array]]:
        """Tracklets of the last minutes on the wall clock, and their means, by run and key; see `Decisions`."""

    def add_camera(self, argument: str) -> None:
        """Begin to read `name=address`."""

    def remove_camera(self, camera_id: str) -> None:
        """Stop reading a camera, and forget that it was there."""

    def pause_camera(self, camera_id: str, paused: bool) -> None:
        """Take no frames of a camera, or take them again."""

    def add_zone(self, camera_id: str, zone: ZoneConfig) -> None:
        """Add a zone or line to a camera, and keep it for the next start."""

    def remove_zone(self, camera_id: str, name: str) -> None:
        """Remove a zone or line that was added so."""

    def confirm_clock(self) -> None:
        """Take the clock for right, where retention waits for that: what is old by it is erased."""


class Keeper(Protocol):
    """Keeps events or frames, so it must be able to lose them."""

    keeps: str  # what, in a word for metrics and the log

    def forget(self, person_id: int) -> object:
        """Erase what names or shows a person; OSError or ReidError where that failed."""

    def prune(self, before_s: float, /) -> int:
        """Erase what is older, seconds since 1970, and say how much that was; raises as `forget` does."""


def do_all(jobs: Iterable[Callable[[], object]]) -> None:
    """Do every one of them, also where another fails: what is to be erased goes where it can.

    Raises:
        ReidError, OSError: the first that was raised.
    """
    failed = []
    for job in jobs:
        try:
            job()
        except (ReidError, OSError) as error:
            failed.append(error)
    if failed:
        raise failed[0]
