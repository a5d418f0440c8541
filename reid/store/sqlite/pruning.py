"""What a gallery loses by age or by number, and how far the clock that decides it can be believed.

Functions over an open gallery; all but `newest` run inside the caller's transaction.
"""

import sqlite3
from datetime import datetime

from reid.store.records import Erased, Named
from reid.store.rules import utc
from reid.store.sqlite import decisions, erasing, journal
from reid.store.sqlite.sightings import SEGMENT, segments

# A person is recognised by the vectors in use, and those belong to sightings: of these there are at most as many as
# vectors are kept of a person. The newest sighting stays too: it says when they were seen last.
_SPARED = """
    SELECT sighting_id FROM sightings JOIN people USING (person_id)
    WHERE label IS NOT NULL AND (
        EXISTS (SELECT 1 FROM prototypes x WHERE x.sighting_id = sightings.sighting_id AND x.evicted_by IS NULL)
        OR sighting_id = (SELECT s.sighting_id FROM sightings s JOIN runs USING (run_id)
                          WHERE s.person_id = people.person_id ORDER BY started DESC, s.end_s DESC LIMIT 1))"""


def prune(db: sqlite3.Connection, at: datetime, older_than: datetime, named: Named) -> Erased:
    """Erase the sightings of runs that started before, and the people without any other; `clean` must follow.

    Args:
        named: keep: of people with a name those sightings stay whose vectors they are recognised by.
    """
    moment = utc(older_than)
    old = db.execute("SELECT run_id FROM runs WHERE started < ?", (moment,)).fetchall()
    among = "run_id IN (SELECT run_id FROM runs WHERE started < ?)"
    spared = f"({_SPARED})" if named == "keep" else "()"
    # displaced vectors only serve to repeat the latest run exactly
    db.executemany("DELETE FROM prototypes WHERE evicted_by = ?", old)
    gone = f"DELETE FROM sightings WHERE {among} AND sighting_id NOT IN {spared} RETURNING {SEGMENT}"
    sightings = segments(db.execute(gone, (moment,)).fetchall())
    empty = "started < ? AND run_id NOT IN (SELECT run_id FROM sightings)"
    runs = {row[0] for row in db.execute(f"DELETE FROM runs WHERE {empty} RETURNING run_id", (moment,))}
    people = sorted(erasing.unseen(db))
    of_others = [one for one in sightings if one.run_id not in runs]  # whose runs stay
    erasing.erase(db, at, people, "retention", runs=runs, tracklets=of_others)
    # that a run was replaced stays known as long as it is there
    db.executemany(
        """DELETE FROM journal WHERE run_id = ? AND (event != 'retracted' OR person_id IS NOT NULL
           OR run_id NOT IN (SELECT run_id FROM runs))""",
        old,
    )
    decisions.age(db, older_than)
    left = db.execute(f"SELECT DISTINCT person_id FROM sightings WHERE {among} ORDER BY 1", (moment,))
    erased = Erased(
        runs=tuple(sorted(runs)),
        people=tuple(people),
        sightings=len(sightings),
        spared=tuple(row[0] for row in left),
    )
    if erased:
        db.execute("UPDATE gallery SET traces = 1")
    return erased


def thin(db: sqlite3.Connection, at: datetime, most: int) -> Erased:
    """Erase the people seen longest ago, those without a name first, until `most` are left; `clean` must follow."""
    rows = db.execute(
        """SELECT person_id, count(sighting_id) FROM people LEFT JOIN sightings USING (person_id)
           LEFT JOIN runs USING (run_id) GROUP BY person_id
           ORDER BY label IS NULL, max(started) DESC, max(end_s) DESC, person_id DESC LIMIT -1 OFFSET ?""",
        (most,),
    ).fetchall()
    gone = sorted(row[0] for row in rows)
    erasing.erase(db, at, gone, "retention")
    return Erased(people=tuple(gone), sightings=sum(row[1] for row in rows))


# the clock ---


def newest(db: sqlite3.Connection) -> datetime | None:
    """The latest moment that is known to have been: the newest run, or the last time that a person pruned.

    Runs of a start whose clock was doubted, and that no person confirmed since, do not count.
    """
    lines = db.execute("SELECT event, at, run_id FROM journal WHERE event IN ('pruned', 'clock_doubted')")
    known, doubted = list[str](), list[str]()
    for event, at, session in lines.fetchall():
        (known if event == "pruned" else doubted).append(at if event == "pruned" else f"{session}-")
    for run_id, started in db.execute("SELECT run_id, started FROM runs ORDER BY started DESC"):
        if not run_id.startswith(tuple(doubted)):
            known.append(started)
            break
    return datetime.fromisoformat(max(known)) if known else None


def doubt(db: sqlite3.Connection, at: datetime, session: str) -> None:
    """Note that the clock of this start of the program may be wrong."""
    journal.append(db, at, "clock_doubted", run_id=session)


def confirm(db: sqlite3.Connection, at: datetime, session: str | None = None) -> None:
    """Note that a person has what is old by the clock of this moment erased, so that the clock is right."""
    db.execute("DELETE FROM journal WHERE event = 'clock_doubted' AND run_id = ?", (session,))
    journal.append(db, at, "pruned")
