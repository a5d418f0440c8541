"""What an erasure deletes: people, and all that the journal and other people's decisions keep of them.

Functions over an open gallery, inside the caller's transaction.
"""

import base64
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reid import json_text
from reid.store.sqlite import decisions, journal, undo
from reid.store.sqlite.sightings import SEGMENT, is_there, remove_person, segments
from reid.store.sqlite.undo import KEY, PERSON, RIVAL, Before
from reid.track_segment import TrackSegment, likeness
from reid.types import person_name

_COLUMNS = ("before", "after")
_TOLD_OF = ("old", "new", "other")  # how lines of the journal name a second person


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Traces:
    """What erased data is recognised by in what is kept beside it."""

    people: Collection[int] = frozenset()  # all numbers that they ever had
    runs: Collection[str] = frozenset()
    labels: Collection[str] = frozenset()
    segments: Sequence[TrackSegment] = ()
    _among: dict[tuple[str, str], list[TrackSegment]] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.segments:
            self._among.setdefault((one.run_id, one.camera_id), []).append(one)

    def shows(self, segment: TrackSegment) -> bool:
        """Whether a segment shows what an erased tracklet does, under whatever number."""
        return any(
            likeness(segment, one) > 0 for one in self._among.get((segment.run_id, segment.camera_id), ())
        )

    def has_key(self, row: Sequence[Any]) -> bool:
        """Whether a row that begins with run, camera and track is of a run or under a number that was erased."""
        return row[0] in self.runs or any(
            one.key.track_id == row[2] for one in self._among.get((row[0], row[1]), ())
        )

    def has(self, row: Sequence[Any]) -> bool:
        """Whether a sighting, as decisions keep it to be undone, is of what was erased."""
        if row[PERSON] in self.people or self.has_key(row):
            return True
        if (row[0], row[1]) not in self._among:
            return False
        known = (*row[KEY], *row[4:6])
        if known not in self._known:
            places = None if row[-1] is None else base64.b64decode(row[-1])
            self._known[known] = self.shows(segments([(*row[KEY], row[4], row[5], places)])[0])
        return self._known[known]


def retract(db: sqlite3.Connection, at: datetime, people: Iterable[int], why: str) -> None:
    """Remove people that nothing shows any more. What was decided about them stays: a repeated run may show them."""
    for person_id in sorted(people):
        own = [(one,) for one in journal.absorbed(db, person_id)]
        remove_person(db, person_id)
        # the order in which decisions were undone and redone is that of their lines
        db.executemany("DELETE FROM journal WHERE person_id = ? AND event NOT IN ('undone', 'redone')", own)
        journal.append(db, at, "retracted", person_id=person_id, why=why)


def erase(
    db: sqlite3.Connection,
    at: datetime,
    people: Collection[int],
    why: str,
    *,
    runs: Collection[str] = (),
    tracklets: Sequence[TrackSegment] = (),
) -> None:
    """Erase people with everything held on them; the journal keeps that there was a person of that id.

    Args:
        runs: that are erased, for what decisions keep of them.
        tracklets: that are erased beside those of the people.
    """
    into = journal.merges(db)
    numbers = {one for person_id in people for one in journal.numbers(into, person_id)}
    if not (numbers or runs or tracklets):
        return
    held = _held(db)
    traces = _Traces(
        people=numbers,
        runs=frozenset(runs),
        labels=_labels(db, numbers),
        segments=[*tracklets, *_segments(db, numbers, held)],
    )
    for person_id in sorted(people):
        remove_person(db, person_id)
    _delete_lines(db, traces)
    db.executemany("DELETE FROM decisions WHERE ? IN (person_id, other_id)", [(one,) for one in numbers])
    _delete_from_decisions(db, traces, held)
    for person_id in sorted(people):
        journal.append(db, at, "forgotten", person_id=person_id, why=why)
    db.execute("UPDATE gallery SET traces = 1")


def forget(db: sqlite3.Connection, at: datetime, person_id: int, by: str | None = None) -> int:
    """Erase one person at their request, the number of the decision; `clean` must follow."""
    erase(db, at, [person_id], "on request")
    return decisions.append(db, at, "erased", person_id, by=by)


def unseen(db: sqlite3.Connection) -> Collection[int]:
    """People without a sighting left: nothing can be said of them, so nothing should be kept."""
    rows = db.execute("SELECT person_id FROM people WHERE person_id NOT IN (SELECT person_id FROM sightings)")
    return [row[0] for row in rows]


def erasable(db: sqlite3.Connection, person_id: int) -> int:
    """The id itself, if something is held of that person: a decision that they are none holds it too.

    Raises:
        InputError: there is nothing.
    """
    return person_id if not_a_person(db, person_id) is not None else journal.existing(db, person_id)


def not_a_person(db: sqlite3.Connection, person_id: int) -> int | None:
    """The decision by which what had this number is no person."""
    if is_there(db, person_id):
        return None
    row = db.execute(
        "SELECT max(decision_id) FROM decisions WHERE kind = 'not_a_person' AND person_id = ?", (person_id,)
    ).fetchone()
    found: int | None = row[0]
    return found


Held = list[tuple[int, str, Before]]  # decision, column, and what it keeps to be undone or redone


def _held(db: sqlite3.Connection) -> Held:
    return [
        (number, column, undo.unpacked(kept))
        for column in _COLUMNS
        for number, kept in db.execute(
            f"SELECT decision_id, {column} FROM decisions WHERE {column} IS NOT NULL"
        )
    ]


def _labels(db: sqlite3.Connection, numbers: Collection[int]) -> set[str]:
    """Names that these people ever had, but for those that others have now."""
    among = f"({', '.join(str(int(one)) for one in numbers)})"
    had = db.execute(
        f"""SELECT label FROM people WHERE person_id IN {among}
            UNION SELECT label FROM decisions WHERE person_id IN {among}
            UNION SELECT json_extract(detail, '$.label') FROM journal
                  WHERE event = 'renamed' AND person_id IN {among}
            UNION SELECT json_extract(detail, '$.former') FROM journal
                  WHERE event = 'renamed' AND person_id IN {among}"""
    ).fetchall()
    others = db.execute(f"SELECT label FROM people WHERE person_id NOT IN {among}").fetchall()
    return {label for (label,) in had} - {label for (label,) in others} - {None}


def _segments(db: sqlite3.Connection, numbers: Collection[int], held: Held) -> list[TrackSegment]:
    """The tracklets of people: those of now, and those that only decisions still hold."""
    among = f"({', '.join(str(int(one)) for one in numbers)})"
    found = db.execute(f"SELECT {SEGMENT} FROM sightings WHERE person_id IN {among}").fetchall()
    there = set(db.execute("SELECT run_id, camera_id, track_id FROM sightings").fetchall())
    lost = {
        (*row[KEY], row[4], row[5], None if row[-1] is None else base64.b64decode(row[-1]))
        for _, _, was in held
        for row in was.get("sightings", [])
        if row[PERSON] in numbers and tuple(row[KEY]) not in there
    }
    return segments([*found, *lost])


def _delete_lines(db: sqlite3.Connection, traces: _Traces) -> None:
    """Delete lines of the journal about people, or that name them or one of their labels."""
    numbers = [(one,) for one in traces.people]
    db.executemany("DELETE FROM journal WHERE person_id = ?", numbers)
    # of merges that were undone: they tell the label
    db.executemany("DELETE FROM journal WHERE json_extract(detail, '$.absorbed') = ?", numbers)
    for fact in _TOLD_OF:
        db.executemany(
            f"DELETE FROM journal WHERE json_extract(detail, '$.{fact}') = ?",
            [(person_name(one),) for one in traces.people],
        )
    for fact in ("label", "former"):
        db.executemany(
            f"""UPDATE journal SET detail = json_set(detail, '$.{fact}', NULL)
                WHERE event IN ('renamed', 'merged') AND json_extract(detail, '$.{fact}') = ?""",
            [(label,) for label in traces.labels],
        )


def _delete_from_decisions(db: sqlite3.Connection, traces: _Traces, held: Held) -> None:
    """Take what is erased out of what decisions about other people keep."""
    db.executemany("DELETE FROM decisions WHERE label = ?", [(label,) for label in traces.labels])
    db.executemany("DELETE FROM decision_segments WHERE run_id = ?", [(run_id,) for run_id in traces.runs])
    runs = json_text.dumps(sorted({one.run_id for one in traces.segments}))
    rows = db.execute(
        f"""SELECT segment_id, {SEGMENT} FROM decision_segments
            WHERE run_id IN (SELECT value FROM json_each(?))""",
        (runs,),
    ).fetchall()
    over = [(row[0],) for row in rows if traces.shows(segments([row[1:]])[0])]
    db.executemany("DELETE FROM decision_segments WHERE segment_id = ?", over)
    for number, column, was in held:
        left = _without(was, traces)
        if left != was:
            db.execute(
                f"UPDATE decisions SET {column} = ? WHERE decision_id = ?", (undo.packed(left), number)
            )


def _without(was: Before, traces: _Traces) -> Before:
    """What a decision keeps, without what is erased."""
    gone = {tuple(row[KEY]) for row in was.get("sightings", []) if traces.has(row)}

    def stays(row: Sequence[Any]) -> bool:
        return tuple(row[KEY]) not in gone and not traces.has_key(row)

    left: Before = {
        part: [row for row in rows if stays(row)] for part, rows in was.items() if part in undo.BY_KEY
    }
    if "sightings" in left:
        left["sightings"] = [
            row if row[RIVAL] not in traces.people else [*row[:RIVAL], None, None, *row[RIVAL + 2 :]]
            for row in left["sightings"]
        ]
    if "rivals" in left:
        left["rivals"] = [row for row in left["rivals"] if not {row[3], row[5]} & set(traces.people)]
    if "absent" in was:
        left["absent"] = [row for row in was["absent"] if row[0] not in traces.people]
    if "people" in was:
        left["people"] = [
            [number, None if label in traces.labels else label]
            for number, label in was["people"]
            if number not in traces.people
        ]
    return {**was, **left}
