"""The identity registry of a site: what cameras send becomes appearances of people, and every change is told once."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from reid.linking.online import OnlineGallery
from reid.linking.reclustering import Reassignment, Refinement, changes
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig
from reid.live.identity.appearance import Appearance, answer_match, match_answer
from reid.live.identity.changes import (
    Appeared,
    Decided,
    Forgotten,
    Left,
    Merged,
    Moved,
    Updated,
)
from reid.live.identity.decisions import Decisions
from reid.live.identity.hysteresis import Hysteresis
from reid.live.identity.known_tracklets import KnownTracklets
from reid.live.identity.reassigned import best_crop, change_of
from reid.live.identity.unit_of_work import UnitOfWork
from reid.live.identity.zones import SiteZones, ZoneSettings
from reid.live.tracking.camera_update import CameraUpdate
from reid.store.records import Live
from reid.types import Tracklet, TrackletKey

Place = tuple[str, int]  # a camera, and the tracker's number of a track in it


class IdentityRegistry:
    """Knows who is in view and who the tracklets of the last minutes show; the engine's thread alone uses it.

    Args:
        shows_thing: whether a tracklet shows what never moves, see `StaticPlaces`.
    """

    def __init__(
        self,
        gallery: OnlineGallery,
        unit_of_work: UnitOfWork,
        config: OnlineConfig,
        *,
        clock: SiteClock,
        shows_thing: Callable[[Tracklet], bool],
        zones: ZoneSettings,
    ) -> None:
        self.gallery, self.unit_of_work = gallery, unit_of_work
        self.zones = SiteZones(gallery, unit_of_work, zones)
        self._config, self._clock, self._shows_thing = config, clock, shows_thing
        self._appearances: dict[Place, Appearance] = {}
        self._known = KnownTracklets(gallery, unit_of_work.session, clock)
        self._hysteresis = Hysteresis()
        self._split_off: set[int] = set()  # people whom a split made
        self.decisions = Decisions(
            gallery, unit_of_work, self._known, self._appearances, clock, window_s=config.window_s
        )

    def in_view(self, camera_id: str) -> list[Appearance]:
        """Tracks that are followed there."""
        return [one for (camera, _), one in self._appearances.items() if camera == camera_id]

    # what cameras send ---

    def take(self, update: CameraUpdate) -> None:
        """One camera's frame, or what ended in it without one."""
        self._end(update)
        for tracker_id, box in update.boxes.items():
            place = update.camera_id, tracker_id
            before = self._appearances.get(place)
            self._appearances[place] = (
                Appearance(
                    camera_id=update.camera_id,
                    tracker_id=tracker_id,
                    start_s=update.at_s,
                    end_s=update.at_s,
                    box=box,
                )
                if before is None
                else replace(before, end_s=update.at_s, box=box)
            )
        for tracker_id, tracklet in update.growing.items():
            appearance = self._appearances[update.camera_id, tracker_id]
            if not appearance.thing:
                looked = replace(appearance, key=tracklet.key, growing=True)
                looked = self._look(looked, tracklet, update.decoded_s, former=appearance.key)
                self._appearances[update.camera_id, tracker_id] = looked
        self.zones.take(update, self._appearances)

    def _end(self, update: CameraUpdate) -> None:
        """Tracklets that have ended, and appearances that are over."""
        cut = {place for place, one in self._appearances.items() if one.answer and not one.growing}
        for tracklet in update.ended:
            place = update.camera_id, tracklet.tracker_id
            appearance = self._appearances.get(place)
            goes_on = place in cut  # it is what came after the cut, too short to be asked about
            if appearance is None or not (goes_on or appearance.key == tracklet.key):
                self._passage(tracklet, update.decoded_s)
                continue
            cut.discard(place)
            former, appearance = appearance.key, replace(appearance, key=tracklet.key, growing=False)
            if not appearance.thing:
                appearance = self._look(appearance, tracklet, update.decoded_s, former=former, final=True)
            self._appearances[place] = appearance
        for place, appearance in list(self._appearances.items()):
            if place[0] == update.camera_id and place[1] not in update.following:
                del self._appearances[place]
                self._left(appearance)

    def _passage(self, tracklet: Tracklet, decoded_s: float) -> None:
        """A tracklet that is an appearance of its own: too short until now, or cut off another person's."""
        appearance = Appearance(
            camera_id=tracklet.camera_id,
            tracker_id=tracklet.tracker_id,
            start_s=tracklet.start_s,
            end_s=tracklet.end_s,
            box=tracklet.boxes[-1],
            key=tracklet.key,
        )
        self._left(self._look(appearance, tracklet, decoded_s, final=True))

    def _look(
        self,
        appearance: Appearance,
        tracklet: Tracklet,
        decoded_s: float,
        *,
        former: TrackletKey | None = None,
        final: bool = False,
    ) -> Appearance:
        """Answer, or take what more is known of an appearance that has an answer.

        Args:
            former: the tracklet that the appearance had before.
            final: no more will be seen of the tracklet.
        """
        before, key = appearance, tracklet.key
        if (
            appearance.answer is None
            and (number := self.decisions.left_out.decision_on(tracklet)) is not None
        ):
            return replace(appearance, thing=True, ignored_by=number)
        if appearance.person_id is None:
            answer = self.gallery.answer(tracklet, final=final)
            named = appearance.appearance_id or str(key)
            appearance = replace(appearance, appearance_id=named, answer=answer, person_id=answer.person_id)
        assert appearance.appearance_id is not None
        self._known.add(key, appearance.appearance_id)
        self.gallery.remember(tracklet, appearance.person_id, growing=appearance.growing)
        if former is not None and former != key:
            self.gallery.follow(former, key)
        sighting, crop = self._sighting(appearance, tracklet), best_crop(tracklet)
        if before.answer is None:
            change: Appeared | Decided | Updated = Appeared(
                appearance=appearance, decoded_s=decoded_s, sighting=sighting, crop=crop
            )
        elif before.person_id is None and appearance.person_id is not None:
            change = Decided(
                key=key,
                appearance_id=appearance.appearance_id,
                at_s=appearance.end_s,
                new=appearance.person_id,
                appearance=appearance,
                decoded_s=decoded_s,
                sighting=sighting,
                crop=crop,
            )
        else:
            change = Updated(appearance=appearance, sighting=sighting, crop=crop)
        self.unit_of_work.add(change)
        return appearance

    def _left(self, appearance: Appearance) -> None:
        """An appearance is over; without a tracklet that was worth keeping, the store does not have it."""
        dropped = None
        if appearance.growing and appearance.key is not None:
            dropped = self._drop(appearance.key)
        self.zones.left(appearance)
        if appearance.answer is not None:
            self.unit_of_work.add(Left(appearance=replace(appearance, growing=False), dropped=dropped))

    # reclustering ---

    def apply(self, refinement: Refinement) -> int:
        """Change what a refinement changes; how many tracklets show another person now."""
        self._drop_things(refinement)
        self.gallery.use_normalisations(refinement.normalisations)
        found = changes(refinement, self.gallery)
        for one in found:
            if one.reason == "split":
                self.gallery.spare[one.key] = one.new
                self._split_off.add(one.new)
        made = self._hysteresis.steady(found, self.gallery.by_hand.together)
        merges: dict[tuple[int, int], list[Moved]] = {}
        gone = set[tuple[int, int]]()
        for one in made:
            change = self._change(one)
            if one.old is not None and one.reason == "merged":
                gone.add((one.old, one.new))
            if isinstance(change, Moved) and one.reason == "merged" and one.old not in self._split_off:
                merges.setdefault((change.old, one.new), []).append(change)
            else:
                self.unit_of_work.add(change)
        for (old, new), moved in merges.items():
            self.unit_of_work.add(Merged(old=old, new=new, at_s=self._clock.now_s, tracklets=tuple(moved)))
        for old, new in gone:
            self.gallery.by_hand.renumbered(old, new)
        return len(made)

    def age(self, now_s: float) -> None:
        """What is older than the window of reclustering is settled."""
        self.gallery.age(now_s - self._config.window_s)
        self.decisions.left_out.age(now_s - self._config.window_s)
        recent = self.gallery.recent
        in_view = {one.key for one in self._appearances.values() if one.key is not None}
        self._known.keep(recent.keys() | in_view)
        self._hysteresis.keep(recent.keys())
        self.zones.age(now_s)
        self._split_off &= {one.person_id for one in recent.values()} | set(self.gallery.spare.values())

    def _change(self, one: Reassignment) -> Moved | Decided:
        """Give a tracklet to another person, and its appearance where it is still in view."""
        tracklet = self.gallery.recent[one.key].tracklet
        self.gallery.reassign(one.key, one.new)
        appearance = None
        for place, shown in self._appearances.items():
            if shown.key == one.key:
                answer = shown.answer if one.match is None else match_answer(one.match)
                appearance = self._appearances[place] = replace(shown, person_id=one.new, answer=answer)
        return change_of(one, tracklet, self._known, appearance)

    def _drop_things(self, refinement: Refinement) -> None:
        """What kept still all the time is no person."""
        things = {one.key for one in refinement.snapshot.tracklets if self._shows_thing(one)}
        for place, one in self._appearances.items():
            if one.key in things:
                self._appearances[place] = replace(one, thing=True, person_id=None)
        for key in things & self.gallery.recent.keys():
            recent = self.gallery.recent[key]
            named = self._known.appearance_of(key)
            dropped = self._drop(key)
            if recent.person_id is None:
                continue
            self.unit_of_work.add(
                Moved(
                    key=key,
                    appearance_id=named,
                    at_s=recent.tracklet.end_s,
                    old=recent.person_id,
                    new=None,
                    run_id=None if dropped is None else dropped[0],
                )
            )

    def _drop(self, key: TrackletKey) -> tuple[str, TrackletKey] | None:
        """Know nothing of a tracklet any more; its place in the store, if it has one."""
        self.gallery.drop(key)
        return self._known.drop(key)

    # what people ask for ---

    def forget(self, person_ids: Iterable[int]) -> list[Place]:
        """Know nothing of a person any more; the tracks that show them now, of which each camera must forget all.

        The store is not touched.
        """
        numbers = tuple(person_ids)
        for person_id in numbers:
            for key in self.gallery.forget(person_id):
                self._known.drop(key)
        theirs = [place for place, one in self._appearances.items() if one.person_id in numbers]
        for place in theirs:
            del self._appearances[place]
        self.decisions.left_out.forget(numbers)
        self.zones.forget(numbers)
        self.unit_of_work.forget(Forgotten(person_ids=numbers))
        return theirs

    def _sighting(self, appearance: Appearance, tracklet: Tracklet) -> Live | None:
        """What the store keeps of it; None where it is of no person yet."""
        person_id, answer = appearance.person_id, appearance.answer
        if person_id is None or answer is None:
            return None
        return self._known.sighting(tracklet, answer_match(tracklet.key, person_id, answer))
