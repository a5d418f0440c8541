"""Undo and redo of decisions, each in the order in which they were made.

Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from reid.errors import InputError
from reid.store.records import Decision, Event
from reid.store.sqlite import decisions, journal, undo

Told = dict[int, list[tuple[int, str]]]  # by decision: lines of the journal that end it or make it hold again


def take_back(
    db: sqlite3.Connection, at: datetime, number: int | None, by: str | None = None, *, max_prototypes: int
) -> Decision:
    """Undo a decision, the latest that holds where `number` is None; what it was.

    Raises:
        InputError: there is none, it was undone, it cannot be, or a later one is about the same people, or about
            tracklets that it would move.
    """
    known = decisions.read(db)
    holding = [one for one in known if one.undone is None]
    found = _chosen(holding[-1:] if number is None else known, number, "no decision to undo")
    if found.undone is not None:
        raise InputError(f"decision {found.number} was undone on {found.undone[:10]}")
    kept = db.execute("SELECT before FROM decisions WHERE decision_id = ?", (found.number,)).fetchone()[0]
    if kept is None:
        reason = "what is erased is gone" if found.kind == "erased" else "it is of an earlier version of reid"
        raise InputError(f"decision {found.number} ({found.kind}) cannot be undone: {reason}")
    touching = _touching(db, kept)
    for later in reversed([one for one in holding if one.number > found.number]):
        same = _people(later) & _people(found)
        if same or later.number in touching:
            raise InputError(
                f"decision {later.number} ({later.kind}) is later and about the same "
                f"{'people' if same else 'tracklets'}; undo that first"
            )
    _note(db, at, "undone", found, by)
    moves = bool(undo.people_of(kept))
    after = undo.present(db, kept, _people(found) if moves else ())
    made = found.other_id if found.kind == "different" and moves else None  # the person that a split made
    heir = None if made is None else found.person_id
    left_out = found.kind == "not_a_person"

    def apart() -> Collection[int]:
        """What is the person's that the split made by now, and not the other's by another decision."""
        if made is None or heir is None:
            return ()
        return decisions.kept_apart(db, made, heir, besides=found.number)

    undo.restore(
        db, kept, max_prototypes=max_prototypes, heir=heir, gone=made, apart=apart, left_out=left_out
    )
    for one in _ended(known, kept):
        _note(db, at, "redone", one, by)
        decisions.hold_again(db, one.number)
    decisions.end(db, at, found.number, after)
    return found


def put_back(
    db: sqlite3.Connection, at: datetime, number: int | None, by: str | None = None, *, max_prototypes: int
) -> Decision:
    """Make a decision hold again, the one that was undone last where `number` is None; what it is.

    Raises:
        InputError: there is none, it holds, it cannot be, or what was decided since about the same people has to be
            undone or redone first.
    """
    known, told = decisions.read(db), _told(db)
    restorable = {row[0] for row in db.execute("SELECT decision_id FROM decisions WHERE after IS NOT NULL")}
    undone = [one for one in known if one.undone is not None and one.number in restorable]
    undone.sort(key=lambda one: _last(told, one))
    found = _chosen(undone[-1:] if number is None else known, number, "no decision to redo")
    if found.undone is None:
        raise InputError(f"decision {found.number} ({found.kind}) holds; there is nothing to redo")
    kept = _after(db, found)
    if kept is None:
        raise InputError(
            f"decision {found.number} ({found.kind}) cannot be redone: it ended with a later decision, or was undone "
            "by an earlier version of reid; decide it again"
        )
    _check_order(found, known, told, undo.ended_by(kept), _touching(db, kept))
    _note(db, at, "redone", found, by)
    before = undo.present(db, kept, _people(found) if undo.people_of(kept) else ())
    undo.restore(
        db, kept, max_prototypes=max_prototypes, heir=found.person_id if found.kind == "same" else None
    )
    for one in _ended(known, kept):
        _note(db, at, "undone", one, by)
        decisions.end(db, at, one.number)
    decisions.hold_again(db, found.number, before)
    return found


def _check_order(
    found: Decision,
    known: Sequence[Decision],
    told: Told,
    besides: Collection[int],
    touching: Collection[int],
) -> None:
    """Refuse a redo where what else was decided about these people is not what it was when this was undone.

    Args:
        besides: numbers of decisions that this one ends.
        touching: numbers of decisions that are about tracklets which the redo moves.
    """
    since = _last(told, found)
    for other in known:
        if other.number in {found.number, *besides}:
            continue
        same = _people(other) & _people(found)
        if not same and other.number not in touching:
            continue
        events = [event for entry, event in told.get(other.number, ()) if entry < since]
        held = other.number < found.number and events[-1:] != ["undone"]
        if held and other.undone is not None:
            raise InputError(
                f"decision {other.number} ({other.kind}) is about the same people, and came before; redo that first"
            )
        if not held and other.undone is None:
            raise InputError(
                f"decision {other.number} ({other.kind}) was made since, about the same "
                f"{'people' if same else 'tracklets'}; undo that first"
            )


def _chosen(among: Sequence[Decision], number: int | None, none: str) -> Decision:
    """The decision of that number, or the only one."""
    found = next((one for one in among if number in (None, one.number)), None)
    if found is None:
        raise InputError(none if number is None else f"there is no decision {number}")
    return found


def _touching(db: sqlite3.Connection, kept: bytes) -> set[int]:
    """The decisions that hold and are about tracklets which `restore` of `kept` moves."""
    moved = undo.moving(db, kept)
    if not moved:
        return set()
    return {one.decision for one in decisions.bound(db) if (one.run_id, one.tracklet) in moved}


def _people(decision: Decision) -> set[int]:
    return {one for one in (decision.person_id, decision.other_id) if one is not None}


def _ended(known: Sequence[Decision], kept: bytes) -> list[Decision]:
    """The decisions that the one that `kept` is of has ended, or ends again."""
    numbers = undo.ended_by(kept)
    return [one for one in known if one.number in numbers]


def _after(db: sqlite3.Connection, decision: Decision) -> bytes | None:
    """What a redo restores."""
    row = db.execute("SELECT after FROM decisions WHERE decision_id = ?", (decision.number,)).fetchone()
    found: bytes | None = row[0]
    return found


def _told(db: sqlite3.Connection) -> Told:
    """Of each decision when it was undone and redone, by the journal."""
    rows = db.execute(
        """SELECT json_extract(detail, '$.decision') AS number, entry_id, event FROM journal
           WHERE event IN ('undone', 'redone') AND typeof(number) = 'integer' ORDER BY entry_id"""
    )
    told: Told = {}
    for number, entry, event in rows:
        told.setdefault(number, []).append((entry, event))
    return told


def _last(told: Told, decision: Decision) -> int:
    """Line of the journal that ended it; 0 where that went with a person who is in no run any more."""
    return told.get(decision.number, [(0, "")])[-1][0]


def _note(db: sqlite3.Connection, at: datetime, event: Event, decision: Decision, by: str | None) -> None:
    journal.append(
        db,
        at,
        event,
        person_id=decision.person_id,
        decision=decision.number,
        kind=decision.kind,
        absorbed=decision.other_id if decision.kind == "same" else None,
        by=by,
    )
