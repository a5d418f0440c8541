"""Things that never move, kept in the output folder of `reid live`, so that each start knows them at once."""

import time
from pathlib import Path

from reid.errors import InputError
from reid.live.tracking.static_things import Things
from reid.live.views.site_state import SiteState
from reid.outputs.static_things import FILE, read_things, write_things
from reid.owned_files import OwnedFiles
from reid.types import StaticThing

EVERY_S = 600.0  # between writes where only the times of known things change


class ThingsKeeper:
    """Writes what the cameras have learned, when something was learned or forgotten, and now and then."""

    def __init__(self, root: Path, files: OwnedFiles, things: Things, site_state: SiteState) -> None:
        self._root, self._files, self._things, self._site_state = root, files, things, site_state
        self._written = _places(things.all())
        self._written_s = time.monotonic()
        site_state.set_things(things.all())

    def tick(self) -> None:
        """To be called about once a second."""
        things = self._things.all()
        self._site_state.set_things(things)
        new = _places(things) != self._written
        if new or (self._written and time.monotonic() - self._written_s > EVERY_S):
            self.write()

    def write(self) -> None:
        """Write, or tell in the site state why that is not possible; the next tick tries again."""
        things = self._things.all()
        if not things and not self._written and not (self._root / FILE).exists():
            return
        try:
            write_things(self._root, self._files, things, state=True)
        except (InputError, OSError) as error:
            self._site_state.set_trouble("static things", str(error))
            return
        self._site_state.set_trouble("static things", None)
        self._written, self._written_s = _places(things), time.monotonic()


def known_things(root: Path, files: OwnedFiles) -> list[StaticThing]:
    """What earlier starts have learned."""
    path = root / FILE
    return read_things(path) if files.owns(path) else []


def _places(things: list[StaticThing]) -> list[tuple[str, tuple[float, ...]]]:
    return [(thing.camera_id, tuple(thing.box.tolist())) for thing in things]
