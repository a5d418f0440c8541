"""What a gallery knows of people, and the journal of what was done to it.

Functions over an open gallery. Lines are only added to the journal, inside the caller's transaction, and go
only when the person they are about is erased.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reid import json_text
from reid.errors import InputError
from reid.store.sqlite.schema import has_clocks
from reid.text_file import parse_json
from reid.types import Match, TrackletKey, person_name
from reid.wall_clock import WallClock

LIVE = WallClock(zero_s=0.0, zone="UTC")  # live sites count in Unix time
LONGEST_S = 1e8  # three years: no recording's own seconds go so far, and Unix time is long past it

Event = Literal[
    "created",
    "seen",
    "merged",
    "forgotten",
    "renamed",
    "retracted",
    "identity_changed",
    "pruned",  # these are about no person, see `retention` and `conversion`
    "clock_doubted",
    "converted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: what happened (`event`), to whom, in which run if in one, and the event's own facts."""

    at: str  # UTC, ISO 8601
    event: str
    person_id: int | None
    run_id: str | None
    detail: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person in numbers."""

    person_id: int
    label: str | None
    sightings: int
    prototypes: int
    cameras: tuple[str, ...]
    runs: int
    last_run: str  # when the latest run that saw them started; UTC, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAt:
    """A stored sighting: where, when (seconds on the run's clock), and why it was linked to that person."""

    run_id: str
    match: Match
    start_s: float
    end_s: float
    clock: WallClock | None  # when second 0 of the run was; None: not known
    former_encoder: str | None = None  # that measured its distances; None: the gallery's


def utc(moment: datetime) -> str:
    """How moments are stored: one zone and one width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment must have a time zone, got {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


# the journal ---


def append(
    db: sqlite3.Connection,
    at: datetime,
    event: Event,
    *,
    person_id: int | None = None,
    run_id: str | None = None,
    **detail: object,
) -> None:
    """Add a line."""
    db.execute(
        "INSERT INTO journal (at, event, person_id, run_id, detail) VALUES (?, ?, ?, ?, ?)",
        (utc(at), event, person_id, run_id, json_text.dumps(detail)),
    )


def read(db: sqlite3.Connection, person_id: int | None = None) -> list[Entry]:
    """The lines, oldest first; of one person and of those merged into them, or of everybody."""
    query = "SELECT at, event, person_id, run_id, detail FROM journal"
    people: list[int] = []
    if person_id is not None:
        people = absorbed(db, person_id)
        query += f" WHERE person_id IN ({', '.join('?' * len(people))})"
    return [
        Entry(at=at, event=event, person_id=person, run_id=run, detail=_detail(detail))
        for at, event, person, run, detail in db.execute(query + " ORDER BY entry_id", people)
    ]


def _merges(db: sqlite3.Connection) -> dict[int, int]:
    """Who was merged (key) into whom."""
    gone = "json_extract(detail, '$.absorbed')"
    return dict(db.execute(f"SELECT {gone}, person_id FROM journal WHERE event = 'merged'").fetchall())


def absorbed(db: sqlite3.Connection, person_id: int) -> list[int]:
    """`person_id` and everybody who was merged into them, directly or not."""
    merges = _merges(db)
    found = [person_id]
    for person in found:  # grows while it is walked
        found += [gone for gone, kept in merges.items() if kept == person]
    return found


# reading ---


def _detail(text: str) -> dict[str, object]:
    """What an entry says; SQLite reads deeper nesting than Python."""
    try:
        detail: dict[str, object] = parse_json(text)
    except ValueError as error:
        raise sqlite3.DatabaseError(f"an entry of the journal cannot be read: {error}") from None
    return detail


def people(db: sqlite3.Connection) -> list[Person]:
    """Everybody, by id."""
    rows = db.execute(
        """SELECT person_id, label, count(*), json_group_array(DISTINCT camera_id), count(DISTINCT run_id),
                  max(started),
                  (SELECT count(*) FROM prototypes x JOIN sightings y USING (sighting_id)
                   WHERE y.person_id = p.person_id AND x.evicted_by IS NULL)
           FROM people p JOIN sightings s USING (person_id) JOIN runs USING (run_id)
           GROUP BY person_id ORDER BY person_id"""
    )
    return [
        Person(
            person_id=person_id,
            label=label,
            sightings=sightings,
            prototypes=prototypes,
            cameras=tuple(sorted(json.loads(cameras))),
            runs=runs,
            last_run=last_run,
        )
        for person_id, label, sightings, cameras, runs, last_run, prototypes in rows
    ]


def sightings(db: sqlite3.Connection, person_id: int) -> list[SeenAt]:
    """The sightings of one person, by run, time and camera."""
    clocks = _clocks(db)
    conversions = _conversions(db)
    rows = db.execute(
        """SELECT run_id, camera_id, track_id, distance, runner_up_id, runner_up_distance, start_s, end_s, started
           FROM sightings JOIN runs USING (run_id) WHERE person_id = ?
           ORDER BY started, run_id, start_s, camera_id, track_id""",
        (person_id,),
    )
    return [
        SeenAt(
            run_id=run_id,
            match=Match(
                tracklet=TrackletKey(camera_id=camera_id, track_id=track_id),
                person_id=person_id,
                distance=distance,
                runner_up_id=runner_up_id,
                runner_up_distance=runner_up_distance,
            ),
            start_s=start_s,
            end_s=end_s,
            clock=LIVE if start_s > LONGEST_S else clocks.get(run_id),
            former_encoder=next((former for at, former in conversions if started < at), None),
        )
        for run_id, camera_id, track_id, distance, runner_up_id, runner_up_distance, start_s, end_s, started in rows
    ]


def _conversions(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """When the gallery was converted to another encoder, and from which; oldest first."""
    former = "json_extract(detail, '$.former')"
    lines = db.execute(f"SELECT at, {former} FROM journal WHERE event = 'converted' ORDER BY entry_id")
    return [(at, former) for at, former in lines if isinstance(former, str)]


def _clocks(db: sqlite3.Connection) -> dict[str, WallClock]:
    if not has_clocks(db):
        return {}
    rows = db.execute("SELECT run_id, zero_s, zone FROM clocks")
    return {run_id: WallClock(zero_s=zero_s, zone=zone) for run_id, zero_s, zone in rows}


def find(db: sqlite3.Connection, who: str) -> int:
    """The id of who is called `who`: a label, `P0007` or `7`.

    Raises:
        InputError: nobody is called that (any more).
    """
    row = db.execute("SELECT person_id FROM people WHERE label = ?", (who,)).fetchone()
    if row is not None:
        return int(row[0])
    number = number_of(who)
    if number is not None and db.execute("SELECT 1 FROM people WHERE person_id = ?", (number,)).fetchone():
        return number
    merges = _merges(db)
    now = number
    while now in merges:
        now = merges[now]
    if number is not None and now is not None and now != number:
        raise InputError(f"{person_name(number)} was merged into {person_name(now)}; use that")
    raise InputError(f"the gallery has nobody called {who!r}; `reid gallery list` shows who is there")


def number_of(who: str) -> int | None:
    """The number in `P0007` or `7`; None if `who` is neither."""
    digits = who[1:] if who[:1] in ("P", "p") else who
    # 18 digits: what is longer does not fit SQLite's integers
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None
