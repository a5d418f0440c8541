"""The zones and lines of a live site: who goes in, out and across, told with the site's other changes.

A person is followed from track to track: one who is lost inside a zone and found again within JOIN_S, with the same
answer, has not left it. What is told are tracks that have an answer; who they show may be corrected later, as that of
every event (`identity_changed`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reid.errors import InputError
from reid.linking.online import OnlineGallery
from reid.live.identity.appearance import Appearance
from reid.live.identity.changes import ZoneStepped
from reid.live.identity.unit_of_work import UnitOfWork
from reid.live.tracking.camera_update import CameraUpdate
from reid.zone_config import ZoneConfig
from reid.zones.counts import ZoneCounts, ZoneNow
from reid.zones.ignored import IgnoredZones
from reid.zones.passage import Passage, ZoneStep
from reid.zones.shapes import CameraShapes, Positions

JOIN_S = 2.0  # a person found again so soon in the same camera has not been away
HOLD_S = 4.0  # after a person was seen last: by then it is known who was found again, see `OnlineConfig`
MOST_ZONES = 50  # of one camera

ZonesOf = Mapping[str, Sequence[ZoneConfig]]
Track = tuple[str, int]  # a camera, and the tracker's number of a track in it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ZoneSettings:
    """The zones of a site at its start.

    Args:
        fixed: of the settings; the page cannot change them.
        drawn: on the page.
        keep: writes those drawn on the page, so that the next start has them; raises a ReidError where it cannot.
    """

    fixed: ZonesOf = field(default_factory=dict)
    drawn: ZonesOf = field(default_factory=dict)
    keep: Callable[[ZonesOf], None] = lambda _: None


@dataclass(slots=True, kw_only=True, eq=False)
class _Followed:
    """One track and its way through the zones."""

    start_s: float
    last_s: float
    passage: Passage = field(default_factory=Passage)
    appearance: Appearance | None = None  # None: no answer yet
    waiting: list[tuple[float, Positions, int]] = field(default_factory=list)  # until there is one


class SiteZones:
    """Follows people through the zones of all cameras; the engine's thread alone uses it."""

    def __init__(self, gallery: OnlineGallery, unit_of_work: UnitOfWork, settings: ZoneSettings) -> None:
        self._gallery, self._unit_of_work, self._keep = gallery, unit_of_work, settings.keep
        self._fixed = {camera_id: list(own) for camera_id, own in settings.fixed.items()}
        self._drawn = {camera_id: list(own) for camera_id, own in settings.drawn.items()}
        self._zones = self._all()
        self.ignored = IgnoredZones(self._zones)
        self._shapes: dict[str, CameraShapes] = {}
        self._tracks: dict[Track, _Followed] = {}
        self._held: list[tuple[str, _Followed]] = []  # not in view any more, maybe found again
        self._counts: dict[tuple[str, str], ZoneCounts] = {}

    # what cameras send ---

    def take(self, update: CameraUpdate, appearances: Mapping[Track, Appearance]) -> None:
        """Take where the people of one frame are."""
        shapes = self._shapes_of(update)
        if shapes is None or not update.boxes:
            return
        positions = shapes.positions(np.stack(list(update.boxes.values())))
        for row, tracker_id in enumerate(update.boxes):
            place = update.camera_id, tracker_id
            appearance = appearances[place]
            if appearance.thing:
                self._tracks.pop(place, None)
                continue
            track = self._tracks.setdefault(place, _Followed(start_s=update.at_s, last_s=update.at_s))
            track.last_s = update.at_s
            track.waiting.append((update.at_s, positions, row))
            if appearance.answer is not None:
                self._go_on(update.camera_id, track, appearance)

    def left(self, appearance: Appearance) -> None:
        """An appearance is over."""
        place = appearance.camera_id, appearance.tracker_id
        track = self._tracks.get(place)
        if track is None:
            return
        known = track.appearance
        if known is not None and known.appearance_id != appearance.appearance_id:
            return  # a piece of the track that showed another person
        if appearance.answer is not None:
            self._go_on(appearance.camera_id, track, appearance)
            self._held.append((appearance.camera_id, track))
        del self._tracks[place]

    def age(self, now_s: float) -> None:
        """Tell that people have left who were not found again."""
        over = [(camera, track) for camera, track in self._held if now_s - track.last_s > HOLD_S]
        self._held = [(camera, track) for camera, track in self._held if now_s - track.last_s <= HOLD_S]
        for camera_id, track in over:
            self._correct(track)
            self._tell(camera_id, track, track.passage.finish())

    def finish(self) -> None:
        """Tell that all people have left who are out of view."""
        self.age(float("inf"))

    def forget(self, person_ids: Collection[int]) -> None:
        """Know nothing of these people any more; the counts stay."""

        def theirs(track: _Followed) -> bool:
            return track.appearance is not None and track.appearance.person_id in person_ids

        self._tracks = {place: track for place, track in self._tracks.items() if not theirs(track)}
        self._held = [(camera, track) for camera, track in self._held if not theirs(track)]

    def now(self) -> list[ZoneNow]:
        """All zones and lines, by camera."""
        return [
            ZoneNow(
                camera_id=camera_id,
                zone=zone,
                fixed=zone in self._fixed.get(camera_id, ()),
                people=self._people_in(camera_id, zone.name),
                counts=replace(self._counts.get((camera_id, zone.name), ZoneCounts())),
            )
            for camera_id, own in self._zones.items()
            for zone in own
        ]

    # what people draw ---

    def add(self, camera_id: str, zone: ZoneConfig) -> None:
        """Add a zone or line that was drawn.

        Raises:
            InputError: there is one of that name, or there are too many; or it cannot be kept.
        """
        own = self._zones.get(camera_id, [])
        if zone.name in {one.name for one in own}:
            raise InputError(f"{camera_id} has a zone called '{zone.name}' already; give it another name")
        if len(own) >= MOST_ZONES:
            raise InputError(f"{camera_id} has {len(own)} zones, and {MOST_ZONES} is the most; delete one")
        self._draw(camera_id, [*self._drawn.get(camera_id, []), zone], changed=[])

    def remove(self, camera_id: str, name: str) -> None:
        """Remove a zone or line that was drawn.

        Raises:
            InputError: there is none, or it comes from the settings; or that cannot be kept.
        """
        if name in {one.name for one in self._fixed.get(camera_id, ())}:
            raise InputError(
                f"'{name}' of {camera_id} comes from the settings of reid live; remove it there, and start it again"
            )
        drawn = self._drawn.get(camera_id, [])
        left = [one for one in drawn if one.name != name]
        if len(left) == len(drawn):
            names = ", ".join(one.name for one in drawn)
            raise InputError(f"{camera_id} has no zone called '{name}'; it has {names or 'none'}")
        self._draw(camera_id, left, changed=[name])
        self._counts.pop((camera_id, name), None)

    def _draw(self, camera_id: str, own: list[ZoneConfig], *, changed: Iterable[str]) -> None:
        drawn = {name: zones for name, zones in (self._drawn | {camera_id: own}).items() if zones}
        self._keep(drawn)
        self._drawn = drawn
        self._zones = self._all()
        self._shapes.pop(camera_id, None)
        self.ignored.set(self._zones)
        for track in self._of_camera(camera_id):
            track.passage.drop(changed)
            track.waiting.clear()  # they know the former zones

    # the way of one person ---

    def _go_on(self, camera_id: str, track: _Followed, appearance: Appearance) -> None:
        """Take where a person with an answer was since the last time."""
        if track.appearance is None and appearance.person_id is not None:
            track.passage = self._earlier(camera_id, track, appearance.person_id) or track.passage
        track.appearance = appearance
        shapes, waiting, track.waiting = self._shapes.get(camera_id), track.waiting, []
        if shapes is not None:
            for at_s, positions, row in waiting:
                self._tell(camera_id, track, track.passage.step(shapes, at_s, positions, row))

    def _earlier(self, camera_id: str, track: _Followed, person_id: int) -> Passage | None:
        """The passage of the same person until just before, which the track continues; it is nothing else's then."""
        found = [
            one
            for one in self._of_camera(camera_id)
            if one is not track
            and one.appearance is not None
            and one.appearance.person_id == person_id
            and 0 <= track.start_s - one.last_s <= JOIN_S
        ]
        if not found:
            return None
        earlier = max(found, key=lambda one: one.last_s)
        self._held = [(camera, one) for camera, one in self._held if one is not earlier]
        self._tracks = {place: one for place, one in self._tracks.items() if one is not earlier}
        return earlier.passage

    def _correct(self, track: _Followed) -> None:
        """Name the person that a track that is over is said to show by now."""
        one = track.appearance
        if (
            one is not None
            and one.key is not None
            and (recent := self._gallery.recent.get(one.key)) is not None
        ):
            track.appearance = replace(one, person_id=recent.person_id)

    def _tell(self, camera_id: str, track: _Followed, steps: Sequence[ZoneStep]) -> None:
        assert track.appearance is not None
        for step in steps:
            self._counts.setdefault((camera_id, step.zone), ZoneCounts()).add(step)
            people = None if step.step == "crossed" else self._people_in(camera_id, step.zone)
            self._unit_of_work.add(ZoneStepped(appearance=track.appearance, step=step, people=people))

    def _people_in(self, camera_id: str, name: str) -> int:
        return sum(name in track.passage.inside() for track in self._of_camera(camera_id))

    def _of_camera(self, camera_id: str) -> list[_Followed]:
        held = [track for camera, track in self._held if camera == camera_id]
        return [track for place, track in self._tracks.items() if place[0] == camera_id] + held

    def _all(self) -> dict[str, list[ZoneConfig]]:
        cameras = dict.fromkeys([*self._fixed, *self._drawn])
        return {name: [*self._fixed.get(name, ()), *self._drawn.get(name, ())] for name in cameras}

    def _shapes_of(self, update: CameraUpdate) -> CameraShapes | None:
        """The zones of a camera that are counted, in its frames' pixels; None where there are none."""
        own = self._zones.get(update.camera_id)
        if not own or update.size is None:
            return None
        shapes = self._shapes.get(update.camera_id)
        if shapes is None or shapes.size != update.size:
            shapes = self._shapes[update.camera_id] = CameraShapes(own, update.size)
        return shapes if shapes.shapes else None
