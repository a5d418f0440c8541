"""Who is or was here lately, as the board shows it: visits by person, with the best picture of each."""

from collections import deque
from dataclasses import dataclass, field

from reid.live.identity.appearance import Appearance
from reid.live.views import site_state as shown
from reid.live.views.site_state import VISITS, PersonNow, SiteState
from reid.types import Tracklet, TrackletKey

PEOPLE = 200  # at hand, of whom no more is told than the gallery keeps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    person_id: int
    visit: shown.AppearanceNow
    crop: bytes | None


@dataclass(slots=True, kw_only=True, eq=False)
class RecentPeople:
    """Collects visits; `publish` shows what has changed since the last time."""

    site_state: SiteState
    labels: dict[int, str] = field(default_factory=dict)
    _visits: dict[TrackletKey, _Seen] = field(default_factory=dict)  # oldest first
    _people: dict[int, deque[TrackletKey]] = field(default_factory=dict)
    _changed: dict[int, None] = field(default_factory=dict)

    def visit(self, visit: Appearance, tracklet: Tracklet | None) -> None:
        """A visit has begun, changed, or (without a tracklet) ended."""
        if visit.key is None or visit.answer is None:
            return
        before = self._visits.pop(visit.key, None)
        if before is not None and before.person_id != visit.person_id:
            self._take_from(before.person_id, visit.key)
        if visit.person_id is None:
            return
        crop = None if before is None else before.crop
        if tracklet is not None and len(tracklet.crops):
            crop = tracklet.crops[int(tracklet.qualities.argmax())]
        self._visits[visit.key] = _Seen(
            person_id=visit.person_id, visit=_now(visit, visit.key, tracklet is not None), crop=crop
        )
        own = self._people.setdefault(visit.person_id, deque())
        if visit.key not in own:
            own.appendleft(visit.key)
            while len(own) > VISITS:
                self._visits.pop(own.pop(), None)
        self._changed[visit.person_id] = None

    def moved(self, key: TrackletKey, new: int | None) -> None:
        """A visit, maybe an old one, is another person's, or no person's at all."""
        seen = self._visits.get(key)
        if seen is None or seen.person_id == new:
            return
        self._take_from(seen.person_id, key)
        if new is None:
            del self._visits[key]
            return
        self._visits[key] = _Seen(person_id=new, visit=seen.visit, crop=seen.crop)
        own = [*self._people.get(new, ()), key]
        own.sort(key=lambda one: -self._visits[one].visit.start_s)
        self._people[new] = deque(own[:VISITS])
        for gone in own[VISITS:]:
            del self._visits[gone]
        self._changed[new] = None

    def merge(self, person_id: int, into: int) -> None:
        """Two people are one."""
        label = self.labels.pop(person_id, None)
        if label is not None:
            self.labels.setdefault(into, label)  # as in the gallery
        for key in list(self._people.get(person_id, ())):
            self.moved(key, into)

    def rename(self, person_id: int, label: str | None) -> None:
        """Somebody is called otherwise, or by their number again."""
        self.labels.pop(person_id, None)
        if label is not None:
            self.labels[person_id] = label
        if person_id in self._people:
            self._changed[person_id] = None

    def forget(self, person_id: int) -> None:
        """Nothing is shown of somebody any more."""
        for key in self._people.pop(person_id, ()):
            self._visits.pop(key, None)
        self.labels.pop(person_id, None)
        self._changed.pop(person_id, None)
        self.site_state.remove_person(person_id)

    def publish(self) -> None:
        """Show what has changed."""
        changed, self._changed = self._changed, {}
        for person_id in changed:
            self._people[person_id] = own = self._people.pop(person_id, deque())  # the newest last
            if not own:  # they turned out to be somebody else
                del self._people[person_id]
                self.site_state.drop_person(person_id)
                continue
            self.site_state.set_person(
                PersonNow(
                    person_id=person_id,
                    label=self.labels.get(person_id),
                    visits=tuple(self._visits[key].visit for key in own),
                    crop=self._visits[own[0]].crop,
                )
            )
        while len(self._people) > PEOPLE:
            oldest = next(iter(self._people))
            for key in self._people.pop(oldest):
                self._visits.pop(key, None)
            self.site_state.drop_person(oldest)

    def _take_from(self, person_id: int, key: TrackletKey) -> None:
        own = self._people.get(person_id)
        if own is not None and key in own:
            own.remove(key)
            self._changed[person_id] = None


def _now(visit: Appearance, key: TrackletKey, present: bool) -> shown.AppearanceNow:
    answer = visit.answer
    assert answer is not None
    return shown.AppearanceNow(
        camera_id=visit.camera_id,
        track_id=key.track_id,
        start_s=visit.start_s,
        end_s=visit.end_s,
        present=present,
        answer=answer.verdict,
        nearest_id=answer.nearest_id,
        distance=answer.distance,
        probability=answer.probability,
        runner_up_id=answer.runner_up_id,
        runner_up_distance=answer.runner_up_distance,
    )
