"""What an erasure deletes: people, and all that the journal and other people's decisions keep of them.

Functions over an open gallery, inside the caller's transaction.
"""

import base64
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from reid import json_text
from reid.store.sqlite import decisions, journal, undo
from reid.store.sqlite.sightings import SEGMENT, is_there, remove_person, segments
from reid.store.sqlite.traces import Traces
from reid.store.sqlite.undo import KEY, PERSON, Before
from reid.track_segment import TrackSegment
from reid.types import person_name

_COLUMNS = ("before", "after")
_TOLD_OF = ("old", "new", "other")  # how lines of the journal name a second person


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
    gone = [*tracklets, *_segments(db, numbers, held)]
    traces = Traces(
        people=numbers,
        runs=frozenset(runs),
        labels=_labels(db, numbers),
        segments=gone,
        others=_beside(db, numbers, gone),
    )
    for person_id in sorted(people):
        remove_person(db, person_id)
    _delete_lines(db, traces)
    _delete_segments(db, traces)
    handed_on = _hand_on(db, numbers)
    db.executemany("DELETE FROM decisions WHERE ? IN (person_id, other_id)", [(one,) for one in numbers])
    _delete_from_decisions(db, traces, [one for one in held if one[0] not in handed_on])
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
    """The decision by which what had this number is no person; None: a person has it, or had it and was merged."""
    if is_there(db, person_id):
        return None
    row = db.execute(
        """SELECT decision_id, undone FROM decisions WHERE kind = 'not_a_person' AND person_id = ?
           ORDER BY undone IS NOT NULL, decision_id DESC""",
        (person_id,),
    ).fetchone()
    if row is None or (row[1] is not None and person_id in journal.merges(db)):
        return None
    return int(row[0])


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
    of_theirs = "person_id IN (SELECT value FROM json_each(:numbers))"
    had = db.execute(
        f"""SELECT label FROM people WHERE {of_theirs}
            UNION SELECT label FROM decisions WHERE {of_theirs}
            UNION SELECT json_extract(detail, '$.label') FROM journal WHERE event = 'renamed' AND {of_theirs}
            UNION SELECT json_extract(detail, '$.former') FROM journal WHERE event = 'renamed' AND {of_theirs}""",
        {"numbers": _list(numbers)},
    ).fetchall()
    others = db.execute(
        f"SELECT label FROM people WHERE NOT {of_theirs}", {"numbers": _list(numbers)}
    ).fetchall()
    return {label for (label,) in had} - {label for (label,) in others} - {None}


def _segments(db: sqlite3.Connection, numbers: Collection[int], held: Held) -> list[TrackSegment]:
    """The tracklets of people: those of now, and those that only decisions still hold."""
    own = "person_id IN (SELECT value FROM json_each(?))"
    found = db.execute(f"SELECT {SEGMENT} FROM sightings WHERE {own}", (_list(numbers),)).fetchall()
    there = set(db.execute("SELECT run_id, camera_id, track_id FROM sightings").fetchall())
    lost = {
        (*row[KEY], row[4], row[5], None if row[-1] is None else base64.b64decode(row[-1]))
        for _, _, was in held
        for row in was.get("sightings", [])
        if row[PERSON] in numbers and tuple(row[KEY]) not in there
    }
    return segments([*found, *lost])


def _beside(
    db: sqlite3.Connection, numbers: Collection[int], gone: Sequence[TrackSegment]
) -> list[TrackSegment]:
    """The tracklets of other people in the same runs."""
    rows = db.execute(
        f"""SELECT {SEGMENT} FROM sightings WHERE run_id IN (SELECT value FROM json_each(?))
            AND person_id NOT IN (SELECT value FROM json_each(?))""",
        (_list(one.run_id for one in gone), _list(numbers)),
    )
    return segments(rows.fetchall())


def _list(values: Iterable[int | str]) -> str:
    """Values as SQL takes them, each once."""
    return json_text.dumps(sorted(set(values), key=str))


def _delete_lines(db: sqlite3.Connection, traces: Traces) -> None:
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


def _hand_on(db: sqlite3.Connection, numbers: Collection[int]) -> set[int]:
    """Have decisions about these people be about those who show what is left of them; numbers of the decisions.

    That a tracklet shows the person whom it was given to, and that two tracklets do not show the same person, are
    decisions about people who stay, and last. Decisions of which too little is left are not touched.
    """
    gone = "(SELECT value FROM json_each(:numbers))"
    about = db.execute(
        f"""SELECT decision_id, kind, person_id, other_id FROM decisions
            WHERE undone IS NULL AND kind IN ('different', 'moved')
            AND (person_id IN {gone} OR other_id IN {gone})""",
        {"numbers": _list(numbers)},
    ).fetchall()
    shown: dict[tuple[int, int], Counter[int]] = {}
    for one in decisions.bound(db, numbers=[row[0] for row in about]):
        shown.setdefault((one.decision, one.side), Counter())[one.person_id] += 1

    def now(number: int, side: int, person_id: int) -> int | None:
        """The person of what is left of a side; None: nothing is."""
        left = shown.get((number, side))
        if left is None:
            return None
        return left.most_common(1)[0][0] if person_id in numbers else person_id

    handed_on = set()
    for number, kind, person_id, other_id in about:
        own, other = now(number, 0, person_id), now(number, 1, other_id)
        given = kind == "moved" and other_id not in numbers
        if given and other is not None and own in (None, other):
            _change(db, number, "confirmed", other, None)
            db.execute("DELETE FROM decision_segments WHERE decision_id = ? AND side = 0", (number,))
            db.execute("UPDATE decision_segments SET side = 0 WHERE decision_id = ?", (number,))
        elif own is not None and other is not None and own != other:
            _change(db, number, "moved" if given else "different", own, other)
            if not given:
                db.execute("DELETE FROM decision_segments WHERE decision_id = ? AND side = 2", (number,))
        else:
            continue
        handed_on.add(number)
    return handed_on


def _change(db: sqlite3.Connection, number: int, kind: str, person_id: int, other_id: int | None) -> None:
    """Have a decision be of another kind and about others; an undo of it moves nothing."""
    db.execute(
        "UPDATE decisions SET kind = ?, person_id = ?, other_id = ?, before = ?, after = NULL WHERE decision_id = ?",
        (kind, person_id, other_id, undo.before(db, []), number),
    )


def _delete_segments(db: sqlite3.Connection, traces: Traces) -> None:
    """Take the tracklets that are erased out of decisions."""
    db.executemany("DELETE FROM decision_segments WHERE run_id = ?", [(run_id,) for run_id in traces.runs])
    rows = db.execute(
        f"""SELECT segment_id, {SEGMENT} FROM decision_segments
            WHERE run_id IN (SELECT value FROM json_each(?))""",
        (_list(one.run_id for one in traces.segments),),
    ).fetchall()
    over = [(row[0],) for row in rows if traces.shows(segments([row[1:]])[0])]
    db.executemany("DELETE FROM decision_segments WHERE segment_id = ?", over)


def _delete_from_decisions(db: sqlite3.Connection, traces: Traces, held: Held) -> None:
    """Take what is erased out of what decisions about other people keep."""
    db.executemany("DELETE FROM decisions WHERE label = ?", [(label,) for label in traces.labels])
    for number, column, was in held:
        left = traces.taken_out_of(was)
        if left != was:
            db.execute(
                f"UPDATE decisions SET {column} = ? WHERE decision_id = ?", (undo.packed(left), number)
            )
