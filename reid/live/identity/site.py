"""All cameras of a site: tracks become visits of people, each with an answer that may change, and says so."""

from collections.abc import Callable, Collection, Iterable, Mapping

from reid.linking.answer import Answer
from reid.linking.online import OnlineGallery
from reid.linking.reclustering import Change, Refinement, changes
from reid.live.config import OnlineConfig
from reid.live.identity.appearance import Appearance, answer_facts, answer_match, iso, match_answer, name_of
from reid.live.identity.sighting_log import SightingLog
from reid.live.identity.unit_of_work import UnitOfWork
from reid.types import Array, Match, Tracklet, TrackletKey, person_name


class Site:
    """Everybody who is in view, and what is told of them. The engine's thread alone uses it.

    Args:
        shows_thing: whether a tracklet shows what never moves, see `StaticPlaces`.
        on_visit: told of every visit that has begun, changed or ended, with its tracklet while there is more of it.
        on_moved: told of every tracklet, maybe of a visit long over, that shows somebody else now; None: a thing.
    """

    def __init__(
        self,
        gallery: OnlineGallery,
        unit_of_work: UnitOfWork,
        config: OnlineConfig,
        *,
        shows_thing: Callable[[Tracklet], bool],
        on_visit: Callable[[Appearance, Tracklet | None], None],
        on_moved: Callable[[TrackletKey, int | None], None],
    ) -> None:
        self.gallery, self.unit_of_work = gallery, unit_of_work
        self._sightings = SightingLog(gallery, unit_of_work)
        self._config, self._shows_thing = config, shows_thing
        self._on_visit, self._on_moved = on_visit, on_moved
        self._visits: dict[tuple[str, int], Appearance] = {}

    def in_view(self, camera_id: str) -> list[Appearance]:
        """Who is being followed there."""
        return [visit for (camera, _), visit in self._visits.items() if camera == camera_id]

    # tracks ---

    def seen(
        self,
        camera_id: str,
        boxes: Mapping[int, Array],
        at_s: float,
        so_far: Callable[[int], Tracklet | None],
        decoded_s: float,
    ) -> None:
        """The tracks in one picture.

        Args:
            boxes: (4,) each, by the tracker's number.
            so_far: what is known of one, see `TrackletAssembler.so_far`.
            decoded_s: when the picture was decoded.
        """
        for tracker_id, box in boxes.items():
            place = camera_id, tracker_id
            if place not in self._visits:
                self._visits[place] = Appearance(
                    camera_id=camera_id, tracker_id=tracker_id, start_s=at_s, end_s=at_s, box=box
                )
            visit = self._visits[place]
            visit.end_s, visit.box = at_s, box
            if self._due(visit) and (tracklet := so_far(tracker_id)) is not None:
                visit.asked_s = at_s
                self._ask(visit, tracklet, decoded_s)

    def ended(
        self, camera_id: str, tracklets: Iterable[Tracklet], following: Collection[int], decoded_s: float
    ) -> None:
        """Tracklets that have ended in a camera, where these tracks are still followed."""
        for tracklet in tracklets:
            visit = self._visits.get((camera_id, tracklet.tracker_id))
            if visit is None or visit.key != tracklet.key:
                self._passage(tracklet, decoded_s)
                continue
            visit.growing = False
            if not visit.thing:
                self._last(visit, tracklet, decoded_s)
        for visit in self.in_view(camera_id):
            if visit.tracker_id not in following:
                del self._visits[camera_id, visit.tracker_id]
                self._left(visit)

    def _due(self, visit: Appearance) -> bool:
        if visit.thing or visit.end_s - visit.start_s < self._config.answer_after_s:
            return False
        unsure = visit.person_id is None or not visit.growing
        wait_s = self._config.again_s if unsure else self._config.update_s
        return visit.end_s - visit.asked_s >= wait_s

    def _ask(self, visit: Appearance, tracklet: Tracklet, decoded_s: float) -> None:
        """Answer, or take what more is known of somebody who has an answer."""
        visit.key, visit.growing = tracklet.key, True
        if visit.person_id is None:
            self._answer(visit, self.gallery.answer(tracklet), decoded_s)
        self._keep(visit, tracklet)

    def _last(self, visit: Appearance, tracklet: Tracklet, decoded_s: float) -> None:
        """All that will be known of a tracklet: it shows somebody, if nobody was certain so far."""
        if visit.person_id is None:
            self._answer(visit, self.gallery.answer(tracklet, final=True), decoded_s)
        self._keep(visit, tracklet)

    def _passage(self, tracklet: Tracklet, decoded_s: float) -> None:
        """A tracklet that nobody was asked about: too short until now, or cut off another person's."""
        visit = Appearance(
            camera_id=tracklet.camera_id,
            tracker_id=tracklet.tracker_id,
            start_s=tracklet.start_s,
            end_s=tracklet.end_s,
            box=tracklet.boxes[-1],
            key=tracklet.key,
        )
        self._last(visit, tracklet, decoded_s)
        self._left(visit)

    def _answer(self, visit: Appearance, answer: Answer, decoded_s: float) -> None:
        """Take an answer; it is told if it is the first, or the first with a person."""
        first, visit.answer, visit.person_id = visit.answer is None, answer, answer.person_id
        if not first and visit.person_id is None:
            return
        settled = {} if first else {"old": None, "new": name_of(visit.person_id), "reason": "settled"}
        self.unit_of_work.event(
            "seen" if first else "identity_changed",
            visit.end_s,
            camera_id=visit.camera_id,
            person_id=visit.person_id,
            decoded_s=decoded_s,
            **answer_facts(visit, answer),
            **settled,
        )

    def _keep(self, visit: Appearance, tracklet: Tracklet) -> None:
        self.gallery.remember(tracklet, visit.person_id, growing=visit.growing)
        if visit.person_id is not None and visit.answer is not None:
            self._sightings.write(tracklet, answer_match(tracklet.key, visit.person_id, visit.answer))
        self._on_visit(visit, tracklet)

    def _left(self, visit: Appearance) -> None:
        """Somebody is gone; without a tracklet that was worth keeping, the gallery does not have them."""
        if visit.growing and visit.key is not None:
            self._drop(visit.key)
        if visit.answer is None:
            return
        self._on_visit(visit, None)
        self.unit_of_work.event(
            "left",
            visit.end_s,
            camera_id=visit.camera_id,
            person_id=visit.person_id,
            track=str(visit.key),
            since=iso(visit.start_s),
            seconds=round(visit.end_s - visit.start_s, 2),
        )

    # second thoughts ---

    def apply(self, refinement: Refinement) -> int:
        """Change what a refinement changes; how many tracklets show somebody else now."""
        self._drop_things(refinement)
        self.gallery.use_bias(refinement.bias)
        found = changes(refinement, self.gallery)
        for change in found:
            self._change(change)
        for old, new in {(c.old, c.new) for c in found if c.reason == "merged"}:
            assert old is not None
            self.unit_of_work.merged(old, new)
        return len(found)

    def age(self, now_s: float) -> None:
        """What is older than the window of second thoughts is settled."""
        self.gallery.age(now_s - self._config.window_s)
        self._sightings.settle()

    def _change(self, change: Change) -> None:
        tracklet = self.gallery.recent[change.key].tracklet
        self.gallery.reassign(change.key, change.new)
        if change.old is None or not self._sightings.has(change.key):
            self._sightings.write(tracklet, change.match or _no_reason(change))
        elif change.reason != "merged":
            self._sightings.move(change, change.old)
        self.unit_of_work.event(
            "identity_changed",
            tracklet.end_s,
            camera_id=change.key.camera_id,
            person_id=change.new,
            track=str(change.key),
            old=name_of(change.old),
            new=person_name(change.new),
            reason=change.reason,
        )
        self._on_moved(change.key, change.new)
        for visit in self._visits.values():
            if visit.key == change.key:
                visit.person_id = change.new
                visit.answer = visit.answer if change.match is None else match_answer(change.match)
                self._on_visit(visit, tracklet)

    def _drop_things(self, refinement: Refinement) -> None:
        """What kept still all the time is nobody."""
        things = {one.key for one in refinement.snapshot.tracklets if self._shows_thing(one)}
        for key in things & self.gallery.recent.keys():
            self._drop(key)
            self._on_moved(key, None)
        for visit in self._visits.values():
            visit.thing |= visit.key in things

    def _drop(self, key: TrackletKey) -> None:
        self.gallery.recent.pop(key, None)
        self._sightings.drop(key)

    # what people ask for ---

    def merge(self, person_id: int, into: int) -> None:
        """Two people are one."""
        self.gallery.merge(person_id, into)
        for visit in self._visits.values():
            if visit.person_id == person_id:
                visit.person_id = into

    def forget(self, person_id: int) -> list[tuple[str, int]]:
        """Nothing of a person is known any more; cameras and tracker's numbers of the tracks that show them now."""
        for key in self.gallery.forget(person_id):
            self._sightings.forget(key)
        theirs = [place for place, visit in self._visits.items() if visit.person_id == person_id]
        for place in theirs:
            del self._visits[place]
        return theirs


def _no_reason(change: Change) -> Match:
    """It goes with the person whom it was taken for."""
    return Match(
        tracklet=change.key,
        person_id=change.new,
        distance=None,
        runner_up_id=None,
        runner_up_distance=None,
    )
