"""What a gallery knows of people, and the journal of what was done to it.

Functions over an open gallery. Lines are only added to the journal, inside the caller's transaction, and go
only when the person they are about is erased.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime

from reid import json_text
from reid.errors import InputError
from reid.store.records import Event, JournalEntry, PersonSummary, SeenAt
from reid.store.rules import LIVE, LONGEST_S, number_of, utc
from reid.text_file import parse_json
from reid.types import Match, TrackletKey, person_name
from reid.wall_clock import WallClock

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


def read(db: sqlite3.Connection, person_id: int | None = None) -> list[JournalEntry]:
    """The lines, oldest first; of one person and of those merged into them, or of all."""
    query = "SELECT at, event, person_id, run_id, detail FROM journal"
    people: list[int] = []
    if person_id is not None:
        people = absorbed(db, person_id)
        query += f" WHERE person_id IN ({', '.join('?' * len(people))})"
    return [
        JournalEntry(at=at, event=event, person_id=person, run_id=run, detail=_detail(detail))
        for at, event, person, run, detail in db.execute(query + " ORDER BY entry_id", people)
    ]


def merges(db: sqlite3.Connection) -> dict[int, int]:
    """The person that each merged person (key) became part of; those who are there again, by whatever, are not."""
    there = {row[0] for row in db.execute("SELECT person_id FROM people")}
    return {gone: kept for gone, kept in told_merges(db).items() if gone not in there}


def told_merges(db: sqlite3.Connection) -> dict[int, int]:
    """The merges of the journal by the person who is gone; those that were undone are left out."""
    rows = db.execute(
        """SELECT event, json_extract(detail, '$.absorbed') AS gone, person_id FROM journal
           WHERE event = 'merged' OR event IN ('undone', 'redone') AND gone IS NOT NULL ORDER BY entry_id"""
    )
    into: dict[int, int] = {}
    for event, gone, kept in rows:
        into.pop(gone, None)
        if event != "undone":
            into[gone] = kept
    return into


def now(merges: Mapping[int, int], person_id: int) -> int:
    """Number of a person after all merges."""
    while person_id in merges:
        person_id = merges[person_id]
    return person_id


def absorbed(db: sqlite3.Connection, person_id: int) -> list[int]:
    """`person_id` and all people merged into them, directly or not."""
    return numbers(merges(db), person_id)


def numbers(merges: Mapping[int, int], person_id: int) -> list[int]:
    """`person_id` and all people that `merges` lead to them."""
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


def people(db: sqlite3.Connection) -> list[PersonSummary]:
    """All people in numbers, by id."""
    rows = db.execute(
        """SELECT person_id, label, count(*), json_group_array(DISTINCT camera_id), count(DISTINCT run_id),
                  max(started),
                  (SELECT count(*) FROM prototypes x JOIN sightings y USING (sighting_id)
                   WHERE y.person_id = p.person_id AND x.evicted_by IS NULL)
           FROM people p JOIN sightings s USING (person_id) JOIN runs USING (run_id)
           GROUP BY person_id ORDER BY person_id"""
    )
    return [
        PersonSummary(
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


def labels(db: sqlite3.Connection, people: Collection[int]) -> dict[int, str | None]:
    """The labels of those of these people who are there."""
    rows = db.execute(
        "SELECT person_id, label FROM people WHERE person_id IN (SELECT value FROM json_each(?))",
        (json_text.dumps(sorted(people)),),
    )
    return dict(rows.fetchall())


def sightings(db: sqlite3.Connection, person_id: int | None = None, session: str = "") -> list[SeenAt]:
    """The sightings of one person or of all, by run, time and camera; of one start of a live site, or of any."""
    known = clocks(db)
    conversions = _conversions(db)
    of_person = "TRUE" if person_id is None else "person_id = :person"  # so that its index is used
    of_session, first, last = in_session(session)
    rows = db.execute(
        f"""SELECT run_id, camera_id, track_id, person_id, distance, runner_up_id, runner_up_distance, start_s, end_s,
                  started
           FROM sightings JOIN runs USING (run_id)
           WHERE {of_person} AND {of_session}
           ORDER BY started, run_id, start_s, camera_id, track_id""",
        {"person": person_id, "first": first, "last": last},
    )
    return [
        SeenAt(
            run_id=run_id,
            match=Match(
                tracklet=TrackletKey(camera_id=camera_id, track_id=track_id),
                person_id=own_id,
                distance=distance,
                runner_up_id=runner_up_id,
                runner_up_distance=runner_up_distance,
            ),
            start_s=start_s,
            end_s=end_s,
            clock=LIVE if start_s > LONGEST_S else known.get(run_id),
            former_encoder=next((former for at, former in conversions if started < at), None),
        )
        for (
            run_id,
            camera_id,
            track_id,
            own_id,
            distance,
            runner_up_id,
            runner_up_distance,
            start_s,
            end_s,
            started,
        ) in rows
    ]


def in_session(session: str) -> tuple[str, str, str]:
    """A condition on `run_id` that an index serves: of one start of a live site, or of any; its :first and :last."""
    condition = "run_id > :first AND run_id < :last" if session else "TRUE"
    return condition, f"{session}-", f"{session}."  # the next character after "-"


def _conversions(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """When the gallery was converted to another encoder, and from which; oldest first."""
    former = "json_extract(detail, '$.former')"
    lines = db.execute(f"SELECT at, {former} FROM journal WHERE event = 'converted' ORDER BY entry_id")
    return [(at, former) for at, former in lines if isinstance(former, str)]


def clocks(db: sqlite3.Connection) -> dict[str, WallClock]:
    """When second 0 of each run was, where that is known."""
    rows = db.execute("SELECT run_id, zero_s, zone FROM clocks")
    return {run_id: WallClock(zero_s=zero_s, zone=zone) for run_id, zero_s, zone in rows}


def find(db: sqlite3.Connection, who: str) -> int:
    """The id of the person called `who`: a label, `P0007` or `7`.

    Raises:
        InputError: there is no such person (any more).
    """
    row = db.execute("SELECT person_id FROM people WHERE label = ?", (who,)).fetchone()
    if row is not None:
        return int(row[0])
    number = number_of(who)
    if number is not None and db.execute("SELECT 1 FROM people WHERE person_id = ?", (number,)).fetchone():
        return number
    kept = None if number is None else now(merges(db), number)
    if number is not None and kept is not None and kept != number:
        raise InputError(f"{person_name(number)} was merged into {person_name(kept)}; use that")
    raise InputError(f"the gallery has nobody called {who!r}; `reid gallery list` shows who is there")


def existing(db: sqlite3.Connection, person_id: int) -> int:
    """The id itself, if there is a person of it; InputError, which says where they went, if not."""
    if db.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,)).fetchone():
        return person_id
    return find(db, person_name(person_id))
