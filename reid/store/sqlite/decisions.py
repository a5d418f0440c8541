"""What people decided about identities, as rows of the gallery.

The journal tells all that happened, by hand or by itself; a decision is what a person said, and whatever computes
identities anew has to respect it. Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby

from reid import json_text
from reid.link_constraints import LinkConstraints
from reid.store.records import Bound, Decision, DecisionKind
from reid.store.rules import LONGEST_S, utc
from reid.store.sqlite import journal
from reid.store.sqlite.sightings import SEGMENT, segments
from reid.track_segment import TrackSegment, best_segments
from reid.types import Tracklet, TrackletKey


def append(
    db: sqlite3.Connection,
    at: datetime,
    kind: DecisionKind,
    person_id: int,
    *,
    other_id: int | None = None,
    label: str | None = None,
    by: str | None = None,
    sides: Sequence[Collection[int]] = (),
    before: bytes | None = None,
) -> int:
    """Add a decision; its number.

    Args:
        sides: the sightings that it is about, by side.
        before: what undoes it.
    """
    row = db.execute(
        """INSERT INTO decisions (at, kind, person_id, other_id, label, by, before) VALUES (?, ?, ?, ?, ?, ?, ?)
           RETURNING decision_id""",
        (utc(at), kind, person_id, other_id, label, by, before),
    ).fetchone()
    number = int(row[0])
    for side, sightings in enumerate(sides):
        db.executemany(
            """INSERT INTO decision_segments
                   (decision_id, side, run_id, camera_id, track_id, start_s, end_s, places)
               SELECT ?, ?, run_id, camera_id, track_id, start_s, end_s, places FROM sightings
               WHERE sighting_id = ?""",
            [(number, side, sighting) for sighting in sorted(sightings)],
        )
    return number


def read(db: sqlite3.Connection, person_id: int | None = None) -> list[Decision]:
    """The decisions, oldest first; about one person and those merged into them, or about all."""
    query = "SELECT decision_id, at, kind, person_id, other_id, label, by, undone FROM decisions"
    people: list[int] = []
    if person_id is not None:
        people = journal.absorbed(db, person_id)
        among = f"IN ({', '.join('?' * len(people))})"
        query += f" WHERE person_id {among} OR other_id {among}"
    return [
        Decision(
            number=number,
            at=at,
            kind=kind,
            person_id=person,
            other_id=other,
            label=label,
            by=by,
            undone=undone,
        )
        for number, at, kind, person, other, label, by, undone in db.execute(
            f"{query} ORDER BY decision_id", people * 2
        )
    ]


def name_of(db: sqlite3.Connection, person_id: int) -> str | None:
    """The name that the latest decision which holds gives a person, else those merged into them."""
    named = [one for one in read(db, person_id) if one.kind == "named" and one.undone is None]
    latest = sorted(named, key=lambda one: one.person_id == person_id)[-1:]
    return latest[0].label if latest else None


def age(db: sqlite3.Connection, older_than: datetime) -> None:
    """Delete older decisions that are about nothing any more."""
    into, people = journal.merges(db), {row[0] for row in db.execute("SELECT person_id FROM people")}
    bound = {row[0] for row in db.execute("SELECT DISTINCT decision_id FROM decision_segments")}
    over = [
        (one.number,)
        for one in read(db)
        if one.kind != "erased"
        and one.at < utc(older_than)
        and one.number not in bound
        and not {journal.now(into, who) for who in (one.person_id, one.other_id) if who is not None} & people
    ]
    db.executemany("DELETE FROM decisions WHERE decision_id = ?", over)


def against_merge(db: sqlite3.Connection, person_id: int, into: int) -> list[Decision]:
    """The decisions that hold and say that these two are different people."""
    merges = journal.merges(db)
    return [
        one
        for one in read(db)
        if one.kind in ("different", "moved")
        and one.undone is None
        and one.other_id is not None
        and {journal.now(merges, one.person_id), journal.now(merges, one.other_id)} == {person_id, into}
    ]


def end(db: sqlite3.Connection, at: datetime, number: int, after: bytes | None = None) -> None:
    """Note that a decision holds no more.

    Args:
        after: what `redo` restores; None: it ended with another decision, and holds again when that is undone.
    """
    db.execute("UPDATE decisions SET undone = ?, after = ? WHERE decision_id = ?", (utc(at), after, number))


def hold_again(db: sqlite3.Connection, number: int, before: bytes | None = None) -> None:
    """Note that a decision holds again.

    Args:
        before: what undoes it; None: the same as before.
    """
    db.execute(
        "UPDATE decisions SET undone = NULL, after = NULL, before = coalesce(?, before) WHERE decision_id = ?",
        (before, number),
    )


def constraints(db: sqlite3.Connection, run_id: str, tracklets: Sequence[Tracklet]) -> LinkConstraints:
    """What was decided about these tracklets of a run; they are found by content, whatever their numbers are."""
    into = journal.merges(db)
    people = {row[0] for row in db.execute("SELECT person_id FROM people")}
    same: dict[TrackletKey, int] = {}
    different: set[tuple[TrackletKey, TrackletKey]] = set()
    not_of: set[tuple[TrackletKey, int]] = set()
    no_person: set[TrackletKey] = set()

    def number_of(person_id: int) -> int:
        now = journal.now(into, person_id)
        return now if now in people else -now

    shown = _shown_elsewhere(db, run_id)
    for one in read(db):
        if one.undone is not None or one.kind in ("named", "erased"):
            continue
        sides = _sides(db, one.number, run_id, tracklets)
        own, other, had = ({key for key, side in sides.items() if side == wanted} for wanted in (0, 1, 2))
        match one.kind:
            case "same" | "confirmed":
                same |= dict.fromkeys(sides, number_of(one.person_id))
            case "moved":
                assert one.other_id is not None
                same |= dict.fromkeys(other | had, number_of(one.other_id))
            case "different":  # what was said before to show one person shows two
                assert one.other_id is not None
                same |= dict.fromkeys(same.keys() & other, number_of(one.other_id))
            case "not_a_person":
                no_person |= own
        if one.kind in ("different", "moved"):
            assert one.other_id is not None
            different |= {(a, b) for a in own for b in other}
            not_of |= {(key, number_of(one.other_id)) for key in own}
            not_of |= {(key, number_of(one.person_id)) for key in other}
            # a tracklet of another run may have been given to a third person since
            not_of |= {(key, who) for key in own for who in shown.get((one.number, 1), ())}
            not_of |= {(key, who) for key in other for who in shown.get((one.number, 0), ())}
    return LinkConstraints(
        same=same,
        different=frozenset(different),
        not_of=frozenset(not_of),
        no_person=frozenset(no_person),
    )


def _shown_elsewhere(db: sqlite3.Connection, run_id: str) -> dict[tuple[int, int], set[int]]:
    """The people whom the tracklets of other runs show now, by decision that keeps two apart, and side."""
    apart = [one.number for one in read(db) if one.kind in ("different", "moved") and one.undone is None]
    found: dict[tuple[int, int], set[int]] = {}
    for one in bound(db, numbers=apart):
        if one.run_id != run_id:
            found.setdefault((one.decision, one.side), set()).add(one.person_id)
    return found


def kept_apart(db: sqlite3.Connection, person_id: int, other_id: int, *, besides: int) -> set[int]:
    """The sightings of a person that a decision keeps apart from one of another person.

    Args:
        besides: number of a decision that does not count.
    """
    found: set[int] = set()
    of_two = [one for one in bound(db) if one.kind in ("different", "moved") and one.decision != besides]
    theirs = {(one.decision, 1 - one.side) for one in of_two if one.person_id == other_id and one.side < 2}
    for one in of_two:
        if one.person_id == person_id and (one.decision, one.side) in theirs:
            found |= {
                row[0]
                for row in db.execute(
                    "SELECT sighting_id FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ?",
                    (one.run_id, one.tracklet.camera_id, one.tracklet.track_id),
                )
            }
    return found


def told_apart(db: sqlite3.Connection) -> frozenset[tuple[int, int]]:
    """Pairs of people as numbered now, smaller id first, that a decision which holds says to be two."""
    into = journal.merges(db)
    pairs = (
        sorted((journal.now(into, one.person_id), journal.now(into, one.other_id)))
        for one in read(db)
        if one.kind in ("different", "moved") and one.undone is None and one.other_id is not None
    )
    return frozenset((first, second) for first, second in pairs if first != second)


def bound(db: sqlite3.Connection, session: str = "", numbers: Collection[int] | None = None) -> list[Bound]:
    """The sightings that decisions are about which hold, found by content where a run was replaced.

    Those of live sites are found by run and key: none is replaced, and they may have gone on since.

    Args:
        session: only those of this start of a live site.
        numbers: only those that these decisions are about; None: all decisions.
    """
    shown: dict[tuple[str, TrackletKey], int] = {}
    seen: dict[str, dict[tuple[TrackletKey, float, float], TrackSegment]] = {}
    of_session, first, last = journal.in_session(session)
    among = "TRUE" if numbers is None else "decision_id IN (SELECT value FROM json_each(:numbers))"
    values = {"first": first, "last": last, "numbers": json_text.dumps(sorted(numbers or ()))}
    of_runs = f"run_id IN (SELECT run_id FROM decision_segments WHERE {among})"
    rows = db.execute(
        f"SELECT person_id, {SEGMENT} FROM sightings WHERE {of_runs} AND {of_session}", values
    ).fetchall()
    for (person_id, *_), one in zip(rows, segments(row[1:] for row in rows), strict=True):
        seen.setdefault(one.run_id, {})[one.key, one.start_s, one.end_s] = one
        shown[one.run_id, one.key] = person_id
    rows = db.execute(
        f"""SELECT decision_id, kind, side, {SEGMENT} FROM decision_segments JOIN decisions USING (decision_id)
            WHERE undone IS NULL AND kind NOT IN ('named', 'erased') AND {among} AND {of_session}
            ORDER BY decision_id, run_id, segment_id""",
        values,
    ).fetchall()
    found = []
    for (number, kind, run_id), group in groupby(rows, key=lambda row: (row[0], row[1], row[3])):
        own = list(group)
        parts = segments(row[3:] for row in own)
        side_of = {id(part): row[2] for part, row in zip(parts, own, strict=True)}
        now = seen.get(run_id, {})
        keys = {key for key, _, _ in now}
        same = {
            part.key: part
            for part in parts
            if (part.key, part.start_s, part.end_s) in now or (part.start_s > LONGEST_S and part.key in keys)
        }
        left = [part for part in parts if same.get(part.key) is not part]
        if left:
            others = [one for one in now.values() if one.key not in same]
            same |= best_segments(left, others)
        found += [
            Bound(
                decision=number,
                kind=kind,
                side=side_of[id(part)],
                run_id=run_id,
                tracklet=key,
                person_id=shown[run_id, key],
            )
            for key, part in same.items()
        ]
    return found


def _sides(
    db: sqlite3.Connection, number: int, run_id: str, tracklets: Sequence[Tracklet]
) -> dict[TrackletKey, int]:
    """On which side of a decision each tracklet is; those that it is not about are left out."""
    rows = db.execute(
        f"""SELECT side, {SEGMENT} FROM decision_segments
           WHERE decision_id = ? AND run_id = ? ORDER BY segment_id""",
        (number, run_id),
    ).fetchall()
    if not rows:
        return {}
    stored = segments(row[1:] for row in rows)
    side_of = {id(segment): row[0] for segment, row in zip(stored, rows, strict=True)}
    return {key: side_of[id(segment)] for key, segment in best_segments(stored, tracklets).items()}
