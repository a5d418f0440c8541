"""What a correction changes in a gallery, kept beside the decision, and put back when that is undone.

Functions over an open gallery, inside the caller's transaction.
"""

import base64
import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

from reid import json_text
from reid.errors import InputError
from reid.store.rules import LONGEST_S
from reid.store.sqlite import journal, sightings
from reid.store.sqlite.prototypes import keep_varied
from reid.types import TrackletKey, person_name

# the columns of a sighting but its number, which a repeated run may give to another one
_SIGHTING = """run_id, camera_id, track_id, person_id, start_s, end_s, distance, runner_up_id, runner_up_distance,
               places"""
KEY = slice(0, 3)  # run, camera, track
PERSON, _START, _END, RIVAL = 3, 4, 5, 7

# absent: people that there are not; unseen: keys of sightings that there are not; ended: decisions that end with it;
# line: the last one of the journal then, which tells the runs that were replaced since
Part = Literal["people", "sightings", "rivals", "prototypes", "absent", "unseen", "ended", "line"]
Before = dict[Part, list[list[Any]]]  # of a name only the people are kept
BY_KEY: tuple[Part, ...] = ("sightings", "rivals", "prototypes", "unseen")  # rows that begin with a key


def before(db: sqlite3.Connection, people: Collection[int], ended: Collection[int] = ()) -> bytes:
    """All that is stored of `people` now: labels, sightings, vectors, and where they are runner-ups of others.

    Args:
        ended: decisions that end with this one, and hold again when it is undone.
    """
    return packed({**_stored(db, people), "ended": [[number] for number in ended]})


def label_before(db: sqlite3.Connection, person_id: int) -> bytes:
    """The label of a person now: all that a new one changes."""
    return packed(_stored(db, [person_id], ["people"]))


def present(db: sqlite3.Connection, kept: bytes, people: Collection[int]) -> bytes:
    """All that `restore` of `kept` is about to change, as it is now; `restore` of the answer puts that back.

    Args:
        people: that the decision was about, those that it made too.
    """
    was = unpacked(kept)
    if "sightings" not in was:
        return packed(_stored(db, sorted(people_of(kept)), ["people"]))
    marks = "run_id = ? AND camera_id = ? AND track_id = ?"
    owner, unseen = {}, []
    for row in was["sightings"]:
        found = db.execute(f"SELECT person_id FROM sightings WHERE {marks}", row[KEY]).fetchone()
        if found is None:
            unseen.append(row[KEY])
        else:
            owner[tuple(row[KEY])] = int(found[0])
    touched = {*people, *owner.values(), *(row[0] for row in was["people"])}
    now = _stored(db, sorted(touched))
    rivals = {tuple(row[KEY]): row for row in now["rivals"]}
    for row in was["rivals"]:
        found = db.execute(
            f"SELECT runner_up_id, runner_up_distance, person_id FROM sightings WHERE {marks}", row[KEY]
        ).fetchone()
        if found is not None and found[2] not in touched:
            rivals.setdefault(tuple(row[KEY]), [*row[KEY], *found])
    there = {row[0] for row in now["people"]}
    now["rivals"] = list(rivals.values())
    now["absent"] = [[person] for person in sorted(touched - there)]
    now["unseen"] = unseen
    now["ended"] = was.get("ended", [])
    return packed(now)


def ended_by(kept: bytes) -> list[int]:
    """Numbers of the decisions that ended with the one that `kept` belongs to."""
    return [int(row[0]) for row in unpacked(kept).get("ended", [])]


def people_of(kept: bytes) -> set[int]:
    """The people whose state `kept` holds, none of a decision that moves nothing."""
    was = unpacked(kept)
    return {int(row[0]) for row in [*was["people"], *was.get("absent", [])]}


def moving(db: sqlite3.Connection, kept: bytes) -> set[tuple[str, TrackletKey]]:
    """The tracklets, by run and key, that `restore` of `kept` gives to another person than they show now."""
    shown = "SELECT person_id FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ?"
    return {
        (row[0], TrackletKey(camera_id=row[1], track_id=row[2]))
        for row in unpacked(kept).get("sightings", [])
        if (found := db.execute(shown, row[KEY]).fetchone()) is not None and found[0] != row[PERSON]
    }


def _stored(db: sqlite3.Connection, people: Collection[int], parts: Collection[Part] = ()) -> Before:
    """What is stored of people; of `parts` only these."""
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
        "line": "SELECT seq FROM sqlite_sequence WHERE name = 'journal'",
    }
    rows = {
        part: db.execute(query, who * query.count(among)).fetchall()
        for part, query in read.items()
        if not parts or part in parts
    }
    found: Before = {part: [[_plain(value) for value in row] for row in own] for part, own in rows.items()}
    return found


def restore(
    db: sqlite3.Connection,
    kept: bytes,
    *,
    max_prototypes: int,
    heir: int | None = None,
    gone: int | None = None,
    apart: Callable[[], Collection[int]] = tuple,
    left_out: bool = False,
) -> None:
    """Put back what `before` or `present` kept, as far as its sightings are still there.

    Vectors of an encoder that the gallery had before are not: what sightings have instead now stays. A person without
    any sighting is not either.

    Args:
        heir: gets the sightings that were given, since, to people that there were not; None: they go.
        gone: a person that there was not, beside those that `present` noted.
        apart: sightings of `gone` that are not the heir's by another decision: that person stays for them.
        left_out: a run that was processed again since lacks them because of the decision: they are put into it, so
            that linking it once more finds their number.

    Raises:
        InputError: a name is another person's now.
    """
    was = unpacked(kept)
    replaced = _replaced_since(db, was)
    encoder_id = db.execute("SELECT encoder_id FROM gallery").fetchone()[0]
    absent = [*was.get("absent", []), *([] if gone is None else [[gone]])]
    db.executemany("UPDATE people SET label = NULL WHERE person_id = ?", absent)
    _put_people_back(db, was["people"])
    into = journal.merges(db)
    for key in was.get("unseen", []):
        if key[0] not in replaced:
            db.execute("DELETE FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ?", key)
    found = {
        tuple(row[KEY]): number
        for row in was.get("sightings", [])
        if (number := _put_sighting_back(db, row, into, replaced=row[0] in replaced, left_out=left_out))
        is not None
    }
    for (person_id,) in absent:
        staying = set(apart()) if person_id == gone else set[int]()
        if heir is not None:
            sightings.give(db, sightings.of_person(db, person_id) - staying, heir)
        if not staying:
            sightings.remove_person(db, person_id)
    _put_rivals_back(db, [row for row in was.get("rivals", []) if row[0] not in replaced], into)
    if all(row[5] == encoder_id for row in was.get("prototypes", [])):
        _put_vectors_back(db, was.get("prototypes", []), found)
    for person_id, _ in was["people"]:
        if not sightings.of_person(db, person_id):
            sightings.remove_person(db, person_id)
        keep_varied(db, person_id, max_prototypes)


def _replaced_since(db: sqlite3.Connection, was: Before) -> set[str]:
    """Runs that were processed again since: a number of theirs may mean another tracklet now."""
    line = next((row[0] for row in was.get("line", [])), None)
    if line is None:  # of a decision that moves no tracklet, or of an earlier version of reid
        return set()
    rows = db.execute(
        "SELECT run_id FROM journal WHERE event = 'retracted' AND person_id IS NULL AND entry_id > ?", (line,)
    )
    return {row[0] for row in rows}


def _put_people_back(db: sqlite3.Connection, people: Sequence[Sequence[Any]]) -> None:
    for person_id, _ in people:
        db.execute("INSERT OR IGNORE INTO people (person_id) VALUES (?)", (person_id,))
    db.executemany("UPDATE people SET label = NULL WHERE person_id = ?", [row[:1] for row in people])
    for person_id, label in people:
        owner = db.execute("SELECT person_id FROM people WHERE label = ?", (label,)).fetchone()
        if owner is not None:
            raise InputError(f"label {label!r}: is {person_name(owner[0])}'s now; rename them first")
        db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, person_id))


def _put_sighting_back(
    db: sqlite3.Connection,
    row: Sequence[Any],
    into: Mapping[int, int],
    *,
    replaced: bool,
    left_out: bool,
) -> int | None:
    """The number of the sighting, for its vectors; None where they are not those of then.

    Args:
        into: the merges that hold.
        replaced: its run was processed again since: only its person is put back, where the tracklet is the same.
        left_out: it would not be in that run.
    """
    values = [*row[:-1], None if row[-1] is None else base64.b64decode(row[-1])]
    if values[RIVAL] is not None:
        values[RIVAL] = journal.now(into, values[RIVAL])
        if values[RIVAL] == values[PERSON] or not sightings.is_there(db, values[RIVAL]):
            values[RIVAL : RIVAL + 2] = [None, None]
    stored = db.execute(
        """SELECT sighting_id, person_id, start_s, end_s, places FROM sightings
           WHERE run_id = ? AND camera_id = ? AND track_id = ?""",
        values[KEY],
    ).fetchone()
    if stored is None:
        return None if replaced and not left_out else _insert(db, values)
    number, person_id, *content = stored
    if replaced or content[:2] != values[_START : _END + 1]:
        # a number of a live site is no other tracklet's: it has grown since
        same = values[_START] > LONGEST_S or content == [*values[_START : _END + 1], values[-1]]
        if same and person_id != values[PERSON]:
            sightings.give(db, [number], values[PERSON])
        return None
    db.execute(
        """UPDATE sightings SET person_id = ?, distance = ?, runner_up_id = ?, runner_up_distance = ?
           WHERE sighting_id = ?""",
        (values[PERSON], *values[6:9], number),
    )
    return int(number)


def _insert(db: sqlite3.Connection, values: Sequence[Any]) -> int | None:
    """The number of a sighting that comes back; None where its run was erased since."""
    if db.execute("SELECT 1 FROM runs WHERE run_id = ?", values[:1]).fetchone() is None:
        return None
    made = db.execute(
        f"INSERT INTO sightings ({_SIGHTING}) VALUES ({', '.join('?' * len(values))}) RETURNING sighting_id",
        values,
    ).fetchone()
    return int(made[0])


def _put_rivals_back(
    db: sqlite3.Connection, rivals: Sequence[Sequence[Any]], into: Mapping[int, int]
) -> None:
    """Where these people were runners-up of others; not where a sighting was given to another person since."""
    for *key, rival, distance, person_id in rivals:
        if rival is None or sightings.is_there(db, rival):
            db.execute(
                """UPDATE sightings SET runner_up_id = ?, runner_up_distance = ?
                   WHERE run_id = ? AND camera_id = ? AND track_id = ? AND person_id = ?""",
                (rival, distance, *key, journal.now(into, person_id)),
            )


def _put_vectors_back(
    db: sqlite3.Connection, prototypes: Sequence[Sequence[Any]], numbers: dict[tuple[Any, ...], int]
) -> None:
    """The vectors of those sightings as they were."""
    db.executemany("DELETE FROM prototypes WHERE sighting_id = ?", [(one,) for one in numbers.values()])
    runs = {row[0] for row in db.execute("SELECT run_id FROM runs")}
    for *key, evicted_by, vector, _ in prototypes:
        number = numbers.get(tuple(key))
        if number is not None and (evicted_by is None or evicted_by in runs):
            db.execute(
                "INSERT INTO prototypes (sighting_id, evicted_by, vector) VALUES (?, ?, ?)",
                (number, evicted_by, base64.b64decode(vector)),
            )


def _plain(value: object) -> object:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def packed(content: Before) -> bytes:
    """Content of a decision's `before` or `after`, as it is stored."""
    return zlib.compress(json_text.dumps(content).encode())


def unpacked(kept: bytes) -> Before:
    """Content of a decision's `before`; a damaged one is the gallery's damage."""
    try:
        content: Before = json.loads(zlib.decompress(kept))
    except (zlib.error, ValueError) as error:
        raise sqlite3.DatabaseError(f"what a decision would undo cannot be read: {error}") from None
    return content
