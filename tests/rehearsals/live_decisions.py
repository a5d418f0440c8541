"""Whether what a person decides while a site runs lasts: people walk, decisions are made, and nothing undoes them.

    python -m tests.rehearsals.live_decisions --output decisions.json --minutes 30

A film of people who come and go by a plan is played as a live camera through the whole line, with tracks cut every
five seconds and a re-clustering twice a second. Meanwhile people are merged, split, told apart, renamed, confirmed,
ignored and erased, single tracklets of any age are split off, reassigned and confirmed, as on the review page, and
some of that is undone and done again. After every second the gallery has to say what was decided, and no
event may name a person who was erased before, nor lack a name that was given. The networks are simple ones that find
blocks of colour, so re-clustering is sure of what it sees, also where a decision says the opposite. The gallery as
it was at the first miss is kept beside the output, with its decisions and its journal.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from reid.camera_config import TrackletConfig
from reid.errors import InputError
from reid.live.admin.control_service import ControlService
from reid.store.base import Store
from reid.store.opening import open_store
from reid.types import person_name
from tests.benchmarks.jobs import Report
from tests.live.running import Running, load_tracking
from tests.rehearsals.live_presence import write_film
from tests.rehearsals.live_run import about, conclude
from tests.rehearsals.presence import plan
from tests.rehearsals.said import Erased, Place, Said, Where

CUT_S = 5.0
LOOK_S = 1.0  # between looks at the gallery
DECIDE_EVERY = 6  # looks
MOST_IGNORED = 1  # of the few people of the film
RECENT_S = 90.0  # stays that may be split off


@dataclass(slots=True)
class Decider:
    """Decides now and then, and looks whether it lasts."""

    here: Running
    seconds: float
    rng: random.Random
    kept: Path | None = None  # where the gallery is copied to at the first miss
    said: Said = field(default_factory=Said)
    before: list[Said] = field(
        default_factory=list
    )  # what held before each decision that can be undone, in order
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    wrong: list[str] = field(default_factory=list)
    called: dict[int, str] = field(default_factory=dict)  # the names at the last look
    heard: int = 0  # events until then
    acts: list[str] = field(default_factory=list)  # with the look before

    def run(self, control: ControlService) -> None:
        """Until the film is over."""
        acts: dict[str, Callable[[ControlService], None]] = {
            "merge": self._merge,
            "split": self._split,
            "rename": self._rename,
            "confirm": self._confirm,
            "apart": self._apart,
            "split off a tracklet": self._split_off,
            "reassign": self._reassign,
            "confirm tracklets": self._confirm_some,
            "not a person": self._ignore,
            "erase": self._erase,
            "undo": self._undo,
            "undo and redo": self._undo_and_redo,
        }
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(LOOK_S)
            self._look()
            if self.looks % DECIDE_EVERY == 0:
                name = self.rng.choice([*acts, "split", "merge", "split"])
                held = deepcopy(self.said)
                try:
                    acts[name](control)
                except InputError as error:
                    self.refused[f"{name}: {str(error).split(':')[0][:60]}"] += 1
                    self.acts.append(f"{self.looks} {name} (refused)")
                else:
                    self.acts.append(f"{self.looks} {name}")
                    self.made[name] += 1
                    if name == "erase":
                        self.before.clear()  # nothing before it can be undone without a number
                    elif not name.startswith("undo"):
                        self.before.append(held)
                self._look()

    def _look(self) -> None:
        self.looks += 1
        with self._gallery() as store:
            where, labels = places(store), {one.person_id: one.label for one in store.people()}
        after = ", ".join(self.acts[-5:])
        wrong = [*self.said.wrong(where, labels), *self._misnamed()]
        if wrong and not self.wrong and self.kept is not None:
            with (
                closing(sqlite3.connect(self.here.store.path)) as own,
                closing(sqlite3.connect(self.kept)) as copy,
            ):
                own.backup(copy)
        self.wrong += [f"look {self.looks} after {after}: {one}" for one in wrong]

    def _misnamed(self) -> Iterator[str]:
        """Events since the last look that do not call a person what they were called all the time."""
        before, self.called = self.called, dict(self.said.labels)
        begin, self.heard = self.heard, len(self.here.told)
        for event, _ in self.here.told[begin : self.heard]:
            label = None if event.person_id is None else before.get(event.person_id)
            said = event.facts.get("label")
            if label is not None and label == self.called.get(event.person_id or 0) and said != label:
                yield f"{event.kind} calls {person_name(event.person_id or 0)} {said!r}, not {label!r}"

    def _gallery(self) -> Store:
        return open_store(self.here.store.path, encoder_id=None, read_only=True)

    def _where(self) -> Where:
        with self._gallery() as store:
            return places(store)

    def _of(self, person_id: int) -> frozenset[Place]:
        return frozenset(place for place, shown in self._where().items() if shown == person_id)

    def _someone(self, least: int = 1, but: int | None = None) -> int:
        """A person with so many tracklets."""
        counts = Counter(self._where().values())
        found = sorted(one for one, count in counts.items() if count >= least and one != but)
        if not found:
            raise InputError("nobody is there yet")
        return self.rng.choice(found)

    def _merge(self, control: ControlService) -> None:
        one = self._someone()
        into = self._someone(but=one)
        both = self._of(one), self._of(into)
        control.decisions.merge(one, into, instead=True)
        together = both[0] | both[1]
        self.said.different = [(a, b) for a, b in self.said.different if not (a & together and b & together)]
        self.said.same.append(together)
        self._relabel(one, into)

    def _relabel(self, gone: int, into: int) -> None:
        label = self.said.labels.pop(gone, None)
        if label is not None:
            self.said.labels.setdefault(into, label)

    def _split(self, control: ControlService) -> None:
        person_id = self._someone(least=2)
        before, people = self._of(person_id), set(self._where().values())
        since = self.here.engine.site.clock.now_s - RECENT_S
        stays = [
            str(event.facts["appearance"])
            for event, _ in self.here.told
            if event.kind == "seen" and event.camera_id is not None and event.at_s > since
        ]
        self.rng.shuffle(stays)
        for stay in stays:
            try:
                control.decisions.split_stays(person_id, [stay])
            except InputError:  # a stay of another person, or all that there is of this one
                continue
            break
        else:
            raise InputError("no recent stay of theirs beside others")
        new = max(set(self._where().values()) - people)
        self._taken_out(before, self._of(new) & before)

    def _taken_out(self, before: frozenset[Place], off: frozenset[Place]) -> None:
        """Some tracklets of a person show another one."""
        self.said.same = [part for one in self.said.same for part in (one - off, one & off) if part]
        self.said.different.append((before - off, off))

    def _some(self, places: frozenset[Place]) -> frozenset[Place]:
        return frozenset([self.rng.choice(sorted(places))])

    def _apart(self, control: ControlService) -> None:
        one = self._someone()
        other = self._someone(but=one)
        both = self._of(one), self._of(other)
        control.decisions.apart(one, other)
        self.said.different.append(both)

    def _split_off(self, control: ControlService) -> None:
        person_id = self._someone(least=2)
        before = self._of(person_id)
        off = self._some(before)
        control.decisions.split(person_id, off)
        self._taken_out(before, off)

    def _reassign(self, control: ControlService) -> None:
        person_id = self._someone(least=2)
        into = self._someone(but=person_id)
        before, had = self._of(person_id), self._of(into)
        off = self._some(before)
        control.decisions.reassign(person_id, off, into)
        together = off | had
        self.said.different = [(a, b) for a, b in self.said.different if not (a & together and b & together)]
        self._taken_out(before, off)
        self.said.same.append(together)

    def _confirm_some(self, control: ControlService) -> None:
        person_id = self._someone(least=2)
        some = self._some(self._of(person_id)) | self._some(self._of(person_id))
        control.decisions.confirm(person_id, tracklets=some)
        self.said.same.append(some)

    def _rename(self, control: ControlService) -> None:
        person_id, label = self._someone(), f"Ann {self.looks}"
        control.decisions.rename(person_id, label)
        self.said.labels[person_id] = label

    def _confirm(self, control: ControlService) -> None:
        number = control.decisions.confirm(self._someone(least=2))
        with self._gallery() as store:  # re-clustering may have moved some since they were looked at
            told = [(one.run_id, one.tracklet) for one in store.bound(numbers=[number])]
        self.said.same.append(frozenset(told))

    def _ignore(self, control: ControlService) -> None:
        if self.made["not a person"] >= MOST_IGNORED:  # what is ignored is left out at its place from then on
            raise InputError("enough was ignored")
        person_id = self._someone()
        before = self._of(person_id)
        control.decisions.ignore(person_id)
        self.said.no_person |= before
        self.said.labels.pop(person_id, None)

    def _erase(self, control: ControlService) -> None:
        person_id = self._someone()
        with self._gallery() as store:
            label = store.labels([person_id])[person_id]
        control.forget(person_id)
        self.said.erased[person_id] = Erased(events=len(self.here.told), label=label)
        self.said.labels.pop(person_id, None)

    def _undo(self, control: ControlService) -> None:
        if not self.before:
            raise InputError("nothing to undo")
        control.decisions.undo()
        self.said = self.before.pop()

    def _undo_and_redo(self, control: ControlService) -> None:
        if not self.before:
            raise InputError("nothing to undo")
        held, self.said = self.said, self.before[-1]
        control.decisions.undo()
        self._look()
        control.decisions.redo()
        self.said = held


def places(store: Store) -> Where:
    """Whom each tracklet of a gallery shows."""
    return {
        (seen.run_id, seen.match.tracklet): person.person_id
        for person in store.people()
        for seen in store.sightings(person.person_id)
    }


def wrong_events(decider: Decider) -> Iterator[str]:
    """Events that name people who were erased before, by number or by name; names are given once in a rehearsal."""
    for person_id, gone in decider.said.erased.items():
        for event, _ in decider.here.told[gone.events :]:
            if event.names(person_id):
                yield f"{event.kind} at {event.at_s:.1f} names {person_name(person_id)}, who was erased before"
            if gone.label is not None and gone.label in event.facts.values():
                yield f"{event.kind} at {event.at_s:.1f} says {gone.label!r}, who was erased before"


def rehearse(folder: Path, seconds: float, seed: int, kept: Path | None = None) -> Report:
    """One film, live; what was wrong is in `wrong`, and the gallery at the first such moment in `kept`."""
    stays = plan(seconds, seed)
    film = write_film(folder / "film.mp4", stays, seconds)
    load_tracking()
    here = Running(folder / "site.db", f"a={film}", tracklets=TrackletConfig(max_length_s=CUT_S))
    decider = Decider(here, seconds, random.Random(seed), kept)
    here.run(decider.run)
    events, decisions = [event for event, _ in here.told], here.store.decisions()
    here.store.close()
    return {
        "minutes": seconds / 60,
        "stays": len(stays),
        "events": len(events),
        "changes_of_identity": sum(event.kind == "identity_changed" for event in events),
        "decisions": len(decisions),
        "made": dict(decider.made),
        "refused": dict(decider.refused),
        "looks": decider.looks,
        "wrong": [*decider.wrong, *wrong_events(decider)],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    report = about()
    with tempfile.TemporaryDirectory() as folder:
        report |= rehearse(Path(folder), 60 * told.minutes, told.seed, told.output.with_suffix(".db"))
    print({name: value for name, value in report.items() if name not in ("machine", "versions", "wrong")})
    return conclude(told.output, report, report["wrong"][:50])


if __name__ == "__main__":
    sys.exit(main())
