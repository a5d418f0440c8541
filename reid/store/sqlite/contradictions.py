"""Which earlier decisions a new one contradicts: it counts more than they do, which is to be said when it is made.

Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from reid.store.records import Decision
from reid.store.rules import LONGEST_S
from reid.store.sqlite import decisions
from reid.track_segment import NEAR_S

Piece = tuple[str, str, float, float]  # run, camera, start and end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claims:
    """What a decision says of tracklets: those that show one person, and two groups that do not show the same."""

    one: list[Piece]
    own: list[Piece]
    other: list[Piece]


def overruled(db: sqlite3.Connection, number: int) -> list[Decision]:
    """The earlier decisions that hold and contradict decision `number`, oldest first."""
    known = decisions.read(db)
    new = next((one for one in known if one.number == number), None)
    if new is None:
        return []
    claims = _claims(db, new)
    return [
        one
        for one in known
        if one.number < number and one.undone is None and _contradict(claims, _claims(db, one))
    ]


def _claims(db: sqlite3.Connection, decision: Decision) -> _Claims:
    sides: dict[int, list[Piece]] = {0: [], 1: [], 2: []}
    for side, *piece in db.execute(
        """SELECT side, run_id, camera_id || '/' || track_id, start_s, end_s FROM decision_segments
           WHERE decision_id = ?""",
        (decision.number,),
    ):
        sides[side].append((piece[0], piece[1], piece[2], piece[3]))
    match decision.kind:
        case "same" | "confirmed":
            return _Claims(one=sides[0] + sides[1], own=[], other=[])
        case "different":
            return _Claims(one=[], own=sides[0], other=sides[1])
        case "moved":
            return _Claims(one=sides[1] + sides[2], own=sides[0], other=sides[1])
        case _:
            return _Claims(one=[], own=[], other=[])


def _contradict(a: _Claims, b: _Claims) -> bool:
    return _parts(a, b) or _parts(b, a)


def _parts(a: _Claims, b: _Claims) -> bool:
    """Whether tracklets that show one person by `b` do not by `a`."""
    return _share(b.one, a.own) and _share(b.one, a.other)


def _share(some: Sequence[Piece], others: Sequence[Piece]) -> bool:
    known: dict[tuple[str, str], list[Piece]] = {}
    for one in some:
        known.setdefault(one[:2], []).append(one)
    return any(_is_one(a, b) for b in others for a in known.get(b[:2], ()))


def _is_one(a: Piece, b: Piece) -> bool:
    """Whether two pieces of one number are one tracklet; that of a live site may have gone on in between."""
    if min(a[2], b[2]) > LONGEST_S:
        return True
    return abs(a[2] - b[2]) <= NEAR_S and abs(a[3] - b[3]) <= NEAR_S
