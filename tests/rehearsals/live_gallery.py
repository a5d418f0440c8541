"""Whether what a killed `reid live` has left behind is whole, and whether people kept their ids."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from reid.store.opening import open_store
from reid.store.records import JournalEntry, SeenAt
from tests.benchmarks.jobs import Report
from tests.rehearsals.kill import sightings
from tests.rehearsals.live_run import read_events

_PERSON = re.compile(r"P\d{4,}")
_ABOUT = {"id", "event", "at", "camera", "track", "why"}  # of an event: these name no person
SAME, OTHER = 0.6, 0.3  # overlap in time of what may be one passage, and of what may not


@dataclass(frozen=True, slots=True)
class Left:
    """All that a gallery says."""

    people: frozenset[int]
    seen: dict[str, list[SeenAt]]  # by run
    history: list[JournalEntry]

    @property
    def merges(self) -> dict[int, int]:
        """Who became whom."""
        merged = [entry for entry in self.history if entry.event == "merged"]
        return {int(str(entry.detail["absorbed"])): entry.person_id or 0 for entry in merged}

    def now(self, person_id: int) -> int:
        """Who somebody is by now."""
        while person_id in self.merges:
            person_id = self.merges[person_id]
        return person_id


def read(gallery: Path) -> Left:
    """AssertionError or a library's own where the gallery cannot be opened or is damaged."""
    seen = sightings(gallery)
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        people = frozenset(person.person_id for person in store.people())
        return Left(people, seen, store.history())


def check(gallery: Path, output: Path) -> Report:
    """AssertionError where journal, sightings and events disagree."""
    left, events = read(gallery), read_events(output)
    _check_people(left)
    moves = _check_moves(left)
    named = _check_events(left, events)
    return {
        "people": len(left.people),
        "sightings": sum(map(len, left.seen.values())),
        "journal": len(left.history),
        "moves_checked": moves,
        "events": len(events),
        "people_in_events": len(named),
    }


def _check_people(left: Left) -> None:
    seen = {one.match.person_id for own in left.seen.values() for one in own}
    assert seen == left.people, f"people and sightings differ: {seen ^ left.people}"
    created = Counter(entry.person_id for entry in left.history if entry.event == "created")
    assert max(created.values(), default=1) == 1, f"created twice: {created}"
    gone = set(left.merges)
    assert set(created) - gone == left.people, f"journal and people differ: {set(created) ^ left.people}"


def _check_moves(left: Left) -> int:
    """The last move of a tracklet says whom it shows; how many there were."""
    where: dict[tuple[str | None, str], int | None] = {
        (run, str(one.match.tracklet)): one.match.person_id for run, own in left.seen.items() for one in own
    }
    last = {
        (entry.run_id, str(entry.detail["tracklet"])): entry.person_id
        for entry in left.history
        if entry.event == "identity_changed"
    }
    there = {place: person_id for place, person_id in last.items() if place in where}
    for place, person_id in there.items():
        shown = where[place]
        assert shown == left.now(person_id or 0), f"{place} shows {shown}, by the journal {person_id}"
    return len(there)


def _check_events(left: Left, events: Sequence[dict[str, Any]]) -> set[int]:
    ids = [event["id"] for event in events]
    assert len(set(ids)) == len(ids), "an event was told twice"
    values = [value for event in events for key, value in event.items() if key not in _ABOUT]
    named = {int(value[1:]) for value in values if isinstance(value, str) and _PERSON.fullmatch(value)}
    ever = {entry.person_id for entry in left.history} | set(left.merges) | left.people
    assert named <= ever, f"events name people whom the gallery never had: {sorted(named - ever)}"
    return named


def kept_ids(gallery: Path) -> Report:
    """How far the last start of the program took people for those who they were in the first; same films."""
    left = read(gallery)
    sessions: dict[str, list[SeenAt]] = {}
    for run, own in left.seen.items():
        sessions.setdefault(run.rpartition("-")[0], []).extend(own)
    first, *_, last = [sessions[name] for name in sorted(sessions)]
    before = {one.match.person_id for name in sorted(sessions)[:-1] for one in sessions[name]}
    pairs = same_passages(first, last)
    seconds = sum(one.end_s - one.start_s for one in last)
    known = sum(one.end_s - one.start_s for one in last if one.match.person_id in before)
    return {
        "people_first": len({one.match.person_id for one in first}),
        "people_last": len({one.match.person_id for one in last}),
        "people_new_in_last": len({one.match.person_id for one in last} - before),
        "share_of_seconds_of_known_people": round(known / seconds, 3),
        "passages_compared": len(pairs),
        "share_with_the_same_id": round(
            sum(a.match.person_id == b.match.person_id for a, b in pairs) / len(pairs), 3
        )
        if pairs
        else None,
    }


def same_passages(first: Sequence[SeenAt], last: Sequence[SeenAt]) -> list[tuple[SeenAt, SeenAt]]:
    """Sightings that are of one moment of the films in one camera, where no other could be meant."""
    begun = min(one.start_s for one in first), min(one.start_s for one in last)
    found = []
    for one in first:
        ranked = sorted(
            ((_overlap(one, begun[0], other, begun[1]), other) for other in last), key=lambda pair: -pair[0]
        )
        back = [_overlap(other, begun[0], ranked[0][1], begun[1]) for other in first if other is not one]
        runner_up = max(ranked[1][0] if len(ranked) > 1 else 0.0, max(back, default=0.0))
        if ranked[0][0] >= SAME and runner_up < OTHER:
            found.append((one, ranked[0][1]))
    return found


def _overlap(one: SeenAt, origin: float, other: SeenAt, other_origin: float) -> float:
    """Intersection over union in film time; 0 for different cameras."""
    if one.match.tracklet.camera_id != other.match.tracklet.camera_id:
        return 0.0
    spans = sorted(
        [
            (one.start_s - origin, one.end_s - origin),
            (other.start_s - other_origin, other.end_s - other_origin),
        ]
    )
    (_, end), (start, other_end) = next(pairwise(spans))
    common = min(end, other_end) - start
    return max(0.0, common) / (max(end, other_end) - spans[0][0])
