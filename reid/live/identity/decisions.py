"""Decisions about a site that runs, and undo and redo of them."""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from reid.errors import InputError
from reid.linking.online import OnlineGallery
from reid.live.clock import SiteClock
from reid.live.identity.appearance import Appearance
from reid.live.identity.changes import Confirmed, Followed, How, Ignored, Merged, Moved
from reid.live.identity.known_tracklets import KnownTracklets
from reid.live.identity.left_out import LeftOut
from reid.live.identity.reassigned import split_of
from reid.live.identity.unit_of_work import BY, UnitOfWork
from reid.store.base import Store
from reid.store.records import Decision
from reid.types import Array, Tracklet, TrackletKey, person_name

Place = tuple[str, TrackletKey]  # run and key


class Decisions:
    """Has the store decide, and what is known of the last minutes follow it; the engine's thread alone uses it.

    Args:
        appearances: of the registry, by place; they are changed here.
        window_s: of re-clustering.
    """

    def __init__(
        self,
        gallery: OnlineGallery,
        unit_of_work: UnitOfWork,
        known: KnownTracklets,
        appearances: dict[tuple[str, int], Appearance],
        clock: SiteClock,
        *,
        window_s: float,
    ) -> None:
        self._gallery, self._unit_of_work, self._known = gallery, unit_of_work, known
        self._appearances, self._clock, self._window_s = appearances, clock, window_s
        self.left_out = LeftOut(gallery, known, appearances)

    def merge(self, person_id: int, into: int, *, instead: bool = True) -> int:
        """Merge two people in store and gallery, and tell it; raises as `Store.merge`, see there for `instead`."""
        change = Merged(old=person_id, new=into, at_s=self._clock.now_s, instead=instead)
        number = self._unit_of_work.perform(change)
        self._gallery.merge(person_id, into, number)
        spare = self._gallery.spare
        self._gallery.spare = {key: number for key, number in spare.items() if number != person_id}
        for place, one in self._appearances.items():
            if one.person_id == person_id:
                self._appearances[place] = replace(one, person_id=into)
        self.hold()
        return number

    def split(self, person_id: int, appearance_ids: Collection[str]) -> int:
        """Say that some appearances of a person show another one, who is new; their id.

        Their tracklets that are older than the window of reclustering go along in the store.

        Raises:
            InputError: the last minutes have no such appearance of the person, or the person has no other tracklet.
        """
        self._unit_of_work.settle()
        stored = {
            (seen.run_id, seen.match.tracklet) for seen in self._unit_of_work.store.sightings(person_id)
        }
        chosen = {
            key: named
            for key, named in self._known.of(appearance_ids).items()
            if (self._known.run_of(key), key) in stored
        }
        if unknown := set(appearance_ids) - set(chosen.values()):
            raise InputError(
                f"{', '.join(sorted(unknown))}: no stay of {person_name(person_id)} in the last "
                f"{self._window_s / 60:g} minutes; older ones are split with `reid gallery split`, while "
                "the site is stopped"
            )
        if len(chosen) == len(stored):
            raise InputError(f"these are all stays of {person_name(person_id)}; leave one with them")
        new = self._gallery.new_person()
        number = self._unit_of_work.perform(
            split_of(person_id, new, chosen, self._known, self._gallery, self._clock.now_s)
        )
        recent = chosen.keys() & self._gallery.recent.keys()
        self._gallery.split(recent, person_id, new, number)
        if recent != chosen.keys():  # what is older stands for the new person, and not for the former one
            self._know_anew({person_id, new})
        self.hold()
        for place, shown in self._appearances.items():
            if shown.key in chosen:
                self._appearances[place] = replace(shown, person_id=new)
        return new

    def split_tracklets(self, person_id: int, places: Collection[Place]) -> int:
        """Say that some tracklets of a person, however old, show another one, who is new; their id.

        Raises:
            InputError: as `Store.split`, or the store cannot be written.
        """
        new = self._gallery.new_person()

        def split(store: Store) -> int:
            store.split(person_id, places, new=new, by=BY)
            return store.decisions(new)[-1].number  # the only one about the new person

        number = self._made(split)
        self._gallery.split(self._recent(places), person_id, new, number)
        self.hold()
        return new

    def reassign(self, person_id: int, places: Collection[Place], into: int) -> int:
        """Say that some tracklets of a person show another one, who is there; raises as `Store.reassign`."""
        number = self._made(lambda store: store.reassign(person_id, places, into, by=BY))
        self._gallery.split(self._recent(places), person_id, into, number)
        self._gallery.confirm(into, number)
        self.hold()
        return number

    def apart(self, person_id: int, other_id: int) -> int:
        """Say that two people are two; raises as `Store.apart`."""
        number = self._made(lambda store: store.apart(person_id, other_id, by=BY))
        self._gallery.apart(person_id, other_id, number)
        self.hold()
        return number

    def confirm(self, person_id: int, places: Collection[Place] | None = None) -> int:
        """Say that tracklets of a person show that person, None: all of theirs; raises as `Store.confirm`."""
        if places is None:
            number = self._unit_of_work.perform(Confirmed(person_id=person_id, at_s=self._clock.now_s))
            self._gallery.confirm(person_id, number)
        else:
            number = self._made(lambda store: store.confirm(person_id, tracklets=places, by=BY))
            self._gallery.by_hand.same(self._recent(places), person_id, number)
        self.hold()
        return number

    def ignore(self, person_id: int) -> int:
        """Say that what was taken for a person is none; raises as `UnitOfWork.perform`."""
        number = self._unit_of_work.perform(Ignored(person_id=person_id, at_s=self._clock.now_s))
        self.left_out.add(number, person_id)
        self.hold()
        return number

    def undo(self, number: int | None) -> Decision:
        """Take back a decision; raises as `Store.undo`, and InputError where the store cannot be written."""
        self._unit_of_work.settle()
        undone = self._follow(self._unit_of_work.store.undo(number, by=BY), "undone")
        self.hold()
        return undone

    def redo(self, number: int | None) -> Decision:
        """Put back a decision that was undone; raises as `Store.redo`, and as `undo`."""
        self._unit_of_work.settle()
        redone = self._follow(self._unit_of_work.store.redo(number, by=BY), "redone")
        self.hold()
        return redone

    def hold(self) -> None:
        """Have only those decisions bind that hold, about the people that all tracklets show now."""
        store, by_hand, recent = self._unit_of_work.store, self._gallery.by_hand, self._gallery.recent
        settled: dict[int, tuple[set[int], set[int]]] = {
            number: (set(), set()) for number in by_hand.decisions
        }
        for one in store.bound(numbers=by_hand.decisions):
            if one.side < 2 and not self._recent([(one.run_id, one.tracklet)]):
                settled[one.decision][one.side].add(one.person_id)
        by_hand.hold(
            {one.number for one in store.decisions() if one.undone is None},
            {key: one.person_id for key, one in recent.items() if one.person_id is not None},
            settled,
        )

    def at_hand(self) -> dict[Place, Tracklet]:
        """The tracklets of the last minutes that are in the store, as they are known now, on the wall clock."""
        found = {}
        for key, recent in self._gallery.recent.items():
            if recent.person_id is not None and (run_id := self._known.run_of(key)) is not None:
                own = recent.tracklet
                later_s = self._clock.wall_s(own.start_s) - own.start_s
                found[run_id, key] = replace(own, times_s=own.times_s + later_s)
        return found

    def means(self) -> dict[Place, Array]:
        """(D,) unit mean of each of `at_hand`, from the centre, normalised by camera."""
        return {
            (run_id, key): recent.mean
            for key, recent in self._gallery.recent.items()
            if (run_id := self._known.run_of(key)) is not None
        }

    def _recent(self, places: Collection[Place]) -> set[TrackletKey]:
        """Those of these tracklets that may still change."""
        return {
            key for run_id, key in places if key in self._gallery.recent and self._known.run_of(key) == run_id
        }

    def _made(self, decide: Callable[[Store], int]) -> int:
        """Have the store decide, and what is known of the last minutes follow; the number of the decision."""
        self._unit_of_work.settle()
        store = self._unit_of_work.store
        number = decide(store)
        self._follow(next(one for one in store.decisions() if one.number == number), "made")
        return number

    def _follow(self, decision: Decision, how: How) -> Decision:
        """Have what is known follow the store, after a decision was made, undone or redone there."""
        store, at_s = self._unit_of_work.store, self._clock.now_s
        named = {one for one in (decision.person_id, decision.other_id) if one is not None}
        known_before = {one.person_id for one in self._gallery.recent.values()} | {
            *self._gallery.memory.people
        }
        remembered = False
        if decision.kind == "not_a_person":
            if how == "redone":
                self.left_out.add(decision.number, decision.person_id)
            else:
                remembered = self.left_out.take_back(decision.number)
        moved = self._moved()
        # before the undo, re-clustering may have given tracklets to other people; a redo gives them back to those
        people = named | {one.person_id for one in store.bound(numbers=[decision.number])}
        people |= {person_id for one in moved for person_id in (one.old, one.new) if person_id is not None}
        labels = store.labels(people)
        shows = {
            (seen.run_id, seen.match.tracklet): person_id
            for person_id in labels
            for seen in store.sightings(person_id, session=self._unit_of_work.session)
        }
        # two people who are told apart, without a split: neither is new, and neither is gone
        apart = decision.kind == "different" and named <= known_before and named <= labels.keys()
        if decision.kind not in ("named", "confirmed") and not apart:
            self._know_anew(people, remembered=remembered)
        change = Followed(
            decision=decision,
            how=how,
            at_s=at_s,
            tracklets=tuple(moved),
            shows={key: person_id for (_, key), person_id in shows.items()},
            labels={one: labels.get(one) for one in people},
        )
        self._unit_of_work.tell(change)
        return decision

    def _know_anew(self, people: Collection[int], *, remembered: bool = False) -> None:
        """Remember people by what the store has of them now, see `OnlineGallery.know_anew`."""
        known = {
            one.person_id: one.prototypes.vectors
            for one in self._unit_of_work.store.identities(people=people)
        }
        none = np.zeros((0, 0), dtype=np.float32)
        self._gallery.know_anew({one: known.get(one, none) for one in people}, remembered=remembered)

    def _moved(self) -> list[Moved]:
        """Give tracklets to the people that they show in the store; those that show another one now."""
        runs = {self._known.run_of(key) for key in self._gallery.recent}
        shows = {run_id: self._unit_of_work.store.former_ids(run_id) for run_id in runs if run_id is not None}
        moved = []
        for key, recent in list(self._gallery.recent.items()):
            run_id = self._known.run_of(key)
            new = None if run_id is None else shows[run_id].get(key)
            if new is None or recent.person_id is None or new == recent.person_id:
                continue
            self._gallery.reassign(key, new)
            moved.append(
                Moved(
                    key=key,
                    appearance_id=self._known.appearance_of(key),
                    at_s=recent.tracklet.end_s,
                    old=recent.person_id,
                    new=new,
                    run_id=run_id,
                )
            )
        now = {one.key: one.new for one in moved}
        for place, shown in self._appearances.items():
            if shown.key in now:
                self._appearances[place] = replace(shown, person_id=now[shown.key])
        return moved
