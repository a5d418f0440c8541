"""What a correction changes in a gallery, kept beside the decision, and put back when that is undone.

Functions over an open gallery, inside the caller's transaction.
"""

import base64
import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from reid import json_text
from reid.errors import InputError
from reid.store.rules import LONGEST_S
from reid.store.sqlite.prototypes import keep_varied
from reid.types import person_name

# the columns of a sighting but its number, which a repeated run may give to another one
_SIGHTING = """run_id, camera_id, track_id, person_id, start_s, end_s, distance, runner_up_id, runner_up_distance,
               places"""
_KEY = slice(0, 3)  # run, camera, track
_PERSON, _START, _END, _RIVAL = 3, 4, 5, 7

# absent: people that there are not; unseen: keys of sightings that there are not; ended: decisions that end with it
Part = Literal["people", "sightings", "rivals", "prototypes", "absent", "unseen", "ended"]
Before = dict[Part, list[list[Any]]]


def before(db: sqlite3.Connection, people: Collection[int], ended: Collection[int] = ()) -> bytes:
    """All that is stored of `people` now: labels, sightings, vectors, and where they are runner-ups of others.

    Args:
        ended: decisions that end with this one, and hold again when it is undone.
    """
    return _packed({**_stored(db, people), "ended": [[number] for number in ended]})


def present(db: sqlite3.Connection, kept: bytes, people: Collection[int]) -> bytes:
    """All that `restore` of `kept` is about to change, as it is now; `restore` of the answer puts that back.

    Args:
        people: that the decision was about, those that it made too.
    """
    was = _unpacked(kept)
    marks = "run_id = ? AND camera_id = ? AND track_id = ?"
    owner, unseen = {}, []
    for row in was["sightings"]:
        found = db.execute(f"SELECT person_id FROM sightings WHERE {marks}", row[_KEY]).fetchone()
        if found is None:
            unseen.append(row[_KEY])
        else:
            owner[tuple(row[_KEY])] = int(found[0])
    touched = {*people, *owner.values(), *(row[0] for row in was["people"])}
    now = _stored(db, sorted(touched))
    rivals = {tuple(row[_KEY]): row for row in now["rivals"]}
    for row in was["rivals"]:
        found = db.execute(
            f"SELECT runner_up_id, runner_up_distance, person_id FROM sightings WHERE {marks}", row[_KEY]
        ).fetchone()
        if found is not None and found[2] not in touched:
            rivals.setdefault(tuple(row[_KEY]), [*row[_KEY], *found])
    there = {row[0] for row in now["people"]}
    now["rivals"] = list(rivals.values())
    now["absent"] = [[person] for person in sorted(touched - there)]
    now["unseen"] = unseen
    now["ended"] = was.get("ended", [])
    return _packed(now)


def ended_by(kept: bytes) -> list[int]:
    """Numbers of the decisions that ended with the one that `kept` belongs to."""
    return [int(row[0]) for row in _unpacked(kept).get("ended", [])]


def people_of(kept: bytes) -> set[int]:
    """The people whose state `kept` holds; none of a decision that moves nothing."""
    return {int(row[0]) for row in _unpacked(kept)["people"]}


def _stored(db: sqlite3.Connection, people: Collection[int]) -> Before:
    among = f"({', '.join('?' * len(people))})"
    who = tuple(people)
    read: dict[Part, str] = {
        "people": f"SELECT person_id, label FROM people WHERE person_id IN {among}",
        "sightings": f"SELECT {_SIGHTING} FROM sightings WHERE person_id IN {among} ORDER BY sighting_id",
        "rivals": f"""SELECT run_id, camera_id, track_id, runner_up_id, runner_up_distance, person_id FROM sightings
                      WHERE runner_up_id IN {among} AND person_id NOT IN {among}""",
        "prototypes": f"""SELECT run_id, camera_id, track_id, evicted_by, vector, encoder_id
                          FROM prototypes JOIN sightings USING (sighting_id), gallery
                          WHERE person_id IN {among} ORDER BY prototype_id""",
    }
    rows = {part: db.execute(query, who * query.count(among)).fetchall() for part, query in read.items()}
    found: Before = {part: [[_plain(value) for value in row] for row in own] for part, own in rows.items()}
    return found


def restore(
    db: sqlite3.Connection,
    kept: bytes,
    *,
    max_prototypes: int,
    heir: int | None = None,
    gone: int | None = None,
) -> int:
    """Put back what `before` or `present` kept, as far as its sightings are still there; how many were put back.

    Vectors of an encoder that the gallery had before are not: what sightings have instead now stays. A person without
    any sighting is not either.

    Args:
        heir: gets the sightings that were given, since, to people that there were not; None: they go.
        gone: a person that there was not, beside those that `present` noted.

    Raises:
        InputError: a name is another person's now.
    """
    was = _unpacked(kept)
    encoder_id = db.execute("SELECT encoder_id FROM gallery").fetchone()[0]
    absent = [*was.get("absent", []), *([] if gone is None else [[gone]])]
    db.executemany("UPDATE people SET label = NULL WHERE person_id = ?", absent)
    _put_people_back(db, was["people"])
    for key in was.get("unseen", []):
        db.execute("DELETE FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ?", key)
    found = {
        tuple(row[_KEY]): number
        for row in was["sightings"]
        if (number := _put_sighting_back(db, row)) is not None
    }
    for (person_id,) in absent:
        if heir is not None:
            db.execute("UPDATE sightings SET person_id = ? WHERE person_id = ?", (heir, person_id))
        remove(db, person_id)
    for run_id, camera_id, track_id, rival, distance, _ in was["rivals"]:
        if rival is None or _there(db, rival):
            db.execute(
                """UPDATE sightings SET runner_up_id = ?, runner_up_distance = ?
                   WHERE run_id = ? AND camera_id = ? AND track_id = ?""",
                (rival, distance, run_id, camera_id, track_id),
            )
    if all(row[5] == encoder_id for row in was["prototypes"]):
        _put_vectors_back(db, was["prototypes"], found)
    for person_id, _ in was["people"]:
        if db.execute("SELECT 1 FROM sightings WHERE person_id = ?", (person_id,)).fetchone() is None:
            remove(db, person_id)
        keep_varied(db, person_id, max_prototypes)
    return len(found)


def scrub(db: sqlite3.Connection, people: Iterable[int] = (), runs: Iterable[str] = ()) -> None:
    """Take people who are erased, and runs that are, out of what is kept to undo decisions."""
    gone, past = set(people), set(runs)
    for column in ("before", "after"):
        _scrub(db, column, gone, past)


def _scrub(db: sqlite3.Connection, column: str, gone: set[int], past: set[str]) -> None:
    for number, kept in db.execute(
        f"SELECT decision_id, {column} FROM decisions WHERE {column} IS NOT NULL"
    ).fetchall():
        was = _unpacked(kept)
        erased = {tuple(row[_KEY]) for row in was["sightings"] if row[_PERSON] in gone or row[0] in past}
        left: Before = {
            **was,
            "people": [row for row in was["people"] if row[0] not in gone],
            "sightings": [
                row if row[_RIVAL] not in gone else [*row[:_RIVAL], None, None, *row[_RIVAL + 2 :]]
                for row in was["sightings"]
                if tuple(row[_KEY]) not in erased
            ],
            "rivals": [row for row in was["rivals"] if not {row[3], row[5]} & gone and row[0] not in past],
            "unseen": [row for row in was.get("unseen", []) if row[0] not in past],
            "absent": [row for row in was.get("absent", []) if row[0] not in gone],
            "prototypes": [row for row in was["prototypes"] if tuple(row[_KEY]) not in erased],
        }
        if left != was:
            db.execute(f"UPDATE decisions SET {column} = ? WHERE decision_id = ?", (_packed(left), number))


def _put_people_back(db: sqlite3.Connection, people: Sequence[Sequence[Any]]) -> None:
    for person_id, _ in people:
        db.execute("INSERT OR IGNORE INTO people (person_id) VALUES (?)", (person_id,))
    db.executemany("UPDATE people SET label = NULL WHERE person_id = ?", [row[:1] for row in people])
    for person_id, label in people:
        owner = db.execute("SELECT person_id FROM people WHERE label = ?", (label,)).fetchone()
        if owner is not None:
            raise InputError(f"label {label!r}: is {person_name(owner[0])}'s now; rename them first")
        db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, person_id))


def _put_sighting_back(db: sqlite3.Connection, row: Sequence[Any]) -> int | None:
    """The number of the sighting; None where the run was replaced or erased since."""
    values = [*row[:-1], None if row[-1] is None else base64.b64decode(row[-1])]
    if values[_RIVAL] is not None and not _there(db, values[_RIVAL]):
        values[_RIVAL : _RIVAL + 2] = [None, None]
    stored = db.execute(
        "SELECT sighting_id, start_s, end_s FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ?",
        values[_KEY],
    ).fetchone()
    if stored is None:
        if db.execute("SELECT 1 FROM runs WHERE run_id = ?", values[:1]).fetchone() is None:
            return None
        marks = ", ".join("?" * len(values))
        made = db.execute(
            f"INSERT INTO sightings ({_SIGHTING}) VALUES ({marks}) RETURNING sighting_id", values
        ).fetchone()
        return int(made[0])
    if tuple(stored[1:]) != (values[_START], values[_END]):
        if (
            values[_START] > LONGEST_S
        ):  # of a live site, where no number is another tracklet's: it has grown since
            db.execute(
                "UPDATE sightings SET person_id = ? WHERE sighting_id = ?", (values[_PERSON], stored[0])
            )
        return None
    db.execute(
        """UPDATE sightings SET person_id = ?, distance = ?, runner_up_id = ?, runner_up_distance = ?
           WHERE sighting_id = ?""",
        (values[_PERSON], *values[6:9], stored[0]),
    )
    return int(stored[0])


def _put_vectors_back(
    db: sqlite3.Connection, prototypes: Sequence[Sequence[Any]], sightings: dict[tuple[Any, ...], int]
) -> None:
    """The vectors of those sightings as they were."""
    db.executemany("DELETE FROM prototypes WHERE sighting_id = ?", [(one,) for one in sightings.values()])
    runs = {row[0] for row in db.execute("SELECT run_id FROM runs")}
    for *key, evicted_by, vector, _ in prototypes:
        number = sightings.get(tuple(key))
        if number is not None and (evicted_by is None or evicted_by in runs):
            db.execute(
                "INSERT INTO prototypes (sighting_id, evicted_by, vector) VALUES (?, ?, ?)",
                (number, evicted_by, base64.b64decode(vector)),
            )


def remove(db: sqlite3.Connection, person_id: int) -> None:
    """Remove a person with their sightings."""
    db.execute(
        "UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL WHERE runner_up_id = ?",
        (person_id,),
    )
    db.execute("DELETE FROM people WHERE person_id = ?", (person_id,))


def _there(db: sqlite3.Connection, person_id: int) -> bool:
    return db.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,)).fetchone() is not None


def _plain(value: object) -> object:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _packed(content: dict[Any, Any]) -> bytes:
    return zlib.compress(json_text.dumps(content).encode())


def _unpacked(kept: bytes) -> Before:
    """Content of a decision's `before`; a damaged one is the gallery's damage."""
    try:
        content: Before = json.loads(zlib.decompress(kept))
    except (zlib.error, ValueError) as error:
        raise sqlite3.DatabaseError(f"what a decision would undo cannot be read: {error}") from None
    return content
