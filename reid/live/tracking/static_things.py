"""What the cameras of a site have learned of things that never move."""

from collections.abc import Iterable

from reid.camera_config import TrackletConfig
from reid.tracking.static import StaticPlaces
from reid.types import StaticThing, Tracklet


class Things:
    """One memory a camera, whatever happens to its stream. The engine's thread alone uses it.

    Args:
        sure: see `StaticPlaces`.
        known: from before this start of the program, of cameras that may never be opened again.
    """

    def __init__(self, config: TrackletConfig, *, sure: float, known: Iterable[StaticThing] = ()) -> None:
        self._config, self._sure = config, sure
        self._known: dict[str, list[StaticThing]] = {}
        for thing in known:
            self._known.setdefault(thing.camera_id, []).append(thing)
        self._places: dict[str, StaticPlaces] = {}

    def of(self, camera_id: str) -> StaticPlaces | None:
        """What a camera learns and has learned; None where nothing is to be left out."""
        if self._config.static_s is None:
            return None
        if camera_id not in self._places:
            known = self._known.pop(camera_id, [])
            self._places[camera_id] = StaticPlaces(camera_id, self._config, sure=self._sure, things=known)
        return self._places[camera_id]

    def shows_thing(self, tracklet: Tracklet) -> bool:
        """Whether a tracklet shows a thing of its camera, maybe from before it was known for one."""
        places = self._places.get(tracklet.camera_id)
        return places is not None and places.shows_thing(tracklet)

    def all(self) -> list[StaticThing]:
        """Everything that is left out, by camera."""
        found = {camera_id: places.things for camera_id, places in self._places.items()}
        return [thing for _, own in sorted((self._known | found).items()) for thing in own]
