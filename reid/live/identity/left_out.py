"""What is kept, while a site runs, of what a person said to be none: to leave it out, and to take that back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reid.geometry import iou
from reid.linking.online import OnlineGallery, Recent
from reid.live.identity.appearance import Appearance
from reid.live.identity.known_tracklets import KnownTracklets
from reid.types import Array, Tracklet, TrackletKey

SAME_PLACE = 0.5  # intersection over union with a box of what was ignored: there it is not asked about again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """Where a tracklet was and what it looked like: all that is kept of what was ignored."""

    camera_id: str
    boxes: Array  # (T, 4)
    mean: Array  # (D,) unit, from the centre, normalised by camera

    def is_like(self, tracklet: Tracklet, mean: Array, max_distance: float) -> bool:
        """Whether a tracklet of that mean is at the same place, and as near as one person."""
        if tracklet.camera_id != self.camera_id:
            return False
        overlap = float(iou(tracklet.boxes.mean(axis=0, keepdims=True), self.boxes).max())
        return overlap >= SAME_PLACE and 1.0 - float(mean @ self.mean) <= max_distance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _NoPerson:
    """What was taken for a person, as it was when it was ignored."""

    person_id: int
    remembered: bool  # from before the last minutes
    recent: dict[TrackletKey, Recent]  # of the last minutes, which an undo puts back
    known: KnownTracklets
    looks: Sequence[_Look]  # which are not asked about again


class LeftOut:
    """What people said, while the site runs, to be no person: it is not shown, and not asked about again.

    Args:
        appearances: of the registry, by place; they are changed here.
    """

    def __init__(
        self,
        gallery: OnlineGallery,
        known: KnownTracklets,
        appearances: dict[tuple[str, int], Appearance],
    ) -> None:
        self._gallery, self._known, self._appearances = gallery, known, appearances
        self._ignored: dict[int, _NoPerson] = {}  # by the number of the decision

    @property
    def people(self) -> dict[int, int]:
        """The numbers that what is left out had, by decision."""
        return {number: one.person_id for number, one in self._ignored.items()}

    def add(self, number: int, person_id: int) -> None:
        """Leave out what a decision says is no person."""
        remembered = person_id in self._gallery.memory.people
        recent = self._gallery.ignore(person_id)
        self._ignored[number] = _NoPerson(
            person_id=person_id,
            remembered=remembered,
            recent=recent,
            known=self._known.take_out(recent.keys()),
            looks=[
                _Look(camera_id=one.tracklet.camera_id, boxes=one.tracklet.boxes, mean=one.mean)
                for one in recent.values()
            ],
        )
        for place, one in self._appearances.items():
            if one.person_id == person_id:
                self._appearances[place] = replace(one, thing=True, ignored_by=number, person_id=None)

    def take_back(self, number: int) -> bool:
        """Know again what was ignored; whether it was remembered from before."""
        ignored = self._ignored.pop(number, None)
        if ignored is None:  # before the start of the program
            return False
        self._known.put_back(ignored.known)
        growing = {one.key for one in self._appearances.values() if one.growing}
        for key, recent in ignored.recent.items():
            mean = self._gallery.mean_of(recent.tracklet)  # the normalisation may be another one by now
            self._gallery.recent[key] = replace(recent, growing=key in growing, mean=mean)
        for place, one in self._appearances.items():
            if one.ignored_by == number:
                was = None if one.answer is None else ignored.person_id  # else it was never asked about
                self._appearances[place] = replace(one, thing=False, ignored_by=None, person_id=was)
        return ignored.remembered

    def decision_on(self, tracklet: Tracklet) -> int | None:
        """Number of the decision that what a tracklet shows is no person; None: there is none.

        It shows what was ignored at the same place of its camera, where it is as near as one person.
        """
        if not self._ignored:
            return None
        mean, max_distance = self._gallery.mean_of(tracklet), self._gallery.policy.max_distance
        alike = (
            number
            for number, ignored in self._ignored.items()
            if any(one.is_like(tracklet, mean, max_distance) for one in ignored.looks)
        )
        return next(alike, None)

    def age(self, before_s: float) -> None:
        """What ended before that is not put back by an undo, which has the store's vectors instead."""
        for ignored in self._ignored.values():
            for key in [key for key, one in ignored.recent.items() if one.tracklet.end_s < before_s]:
                del ignored.recent[key]
                self._gallery.drop(key)
                ignored.known.drop(key)

    def forget(self, person_ids: Collection[int]) -> None:
        """Know nothing of people who are erased."""
        for number in [number for number, one in self._ignored.items() if one.person_id in person_ids]:
            for key in self._ignored.pop(number).recent:
                self._gallery.drop(key)
