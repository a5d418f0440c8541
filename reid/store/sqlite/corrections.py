"""Corrections of a gallery: rename, merge, split, reassign, confirm, ignore.

Functions over an open gallery, inside the caller's transaction. They answer the number of the decision, a split the
new person.
"""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from reid.errors import Contradicted, InputError
from reid.store.rules import checked_label
from reid.store.sqlite import decisions, journal, undo
from reid.store.sqlite.sightings import give, of_person, remove_person
from reid.types import TrackletKey, person_name


def rename(
    db: sqlite3.Connection, at: datetime, person_id: int, label: str | None, by: str | None = None
) -> int:
    """Give a person a name, or take it away (None).

    Raises:
        InputError: the label is empty, too long, looks like an id, or is another person's.
    """
    former = db.execute("SELECT label FROM people WHERE person_id = ?", (person_id,)).fetchone()[0]
    if label is not None:
        label = checked_label(label)
        owner = db.execute("SELECT person_id FROM people WHERE label = ?", (label,)).fetchone()
        if owner is not None and owner[0] != person_id:
            raise InputError(f"label {label!r}: is {person_name(owner[0])}'s; merge the two, or use another")
    before = undo.label_before(db, person_id)
    db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, person_id))
    journal.append(db, at, "renamed", person_id=person_id, former=former, label=label)
    return decisions.append(db, at, "named", person_id, label=label, by=by, before=before)


def join(
    db: sqlite3.Connection,
    at: datetime,
    person_id: int,
    into: int,
    by: str | None = None,
    *,
    instead: bool = False,
) -> int:
    """Merge two people because a person said so, which links of their recordings keep from now on.

    Args:
        instead: end decisions that say that they are different; else those refuse the merge.

    Raises:
        InputError: they were decided to be different, or are one already.
    """
    ended = decisions.against_merge(db, person_id, into)
    if ended and not instead:
        numbers = [one.number for one in ended]
        raise Contradicted(
            f"{person_name(person_id)} and {person_name(into)} are different people by decision {numbers[0]} "
            f"of {ended[0].at[:10]}",
            f"undo that first: `reid gallery undo GALLERY {numbers[0]}`",
            decisions=numbers,
        )
    for against in ended:
        journal.append(db, at, "undone", person_id=into, decision=against.number, kind=against.kind)
        decisions.end(db, at, against.number)
    sides = [of_person(db, into), of_person(db, person_id)]
    before = undo.before(db, [into, person_id], ended=[one.number for one in ended])
    merge(db, at, person_id, into)
    return decisions.append(db, at, "same", into, other_id=person_id, by=by, sides=sides, before=before)


def split(
    db: sqlite3.Connection,
    at: datetime,
    person_id: int,
    sightings: Collection[int],
    new: int | None = None,
    by: str | None = None,
) -> int:
    """Make some sightings of a person those of a new one, who is another person from now on; the new id.

    Args:
        new: number of the new person; None: the next one.

    Raises:
        InputError: they are all of the person's, or none.
    """
    others = of_person(db, person_id) - set(sightings)
    if not sightings or not others:
        raise InputError(
            f"{person_name(person_id)}: a split needs some of their {len(of_person(db, person_id))} tracklets, "
            "not all and not none; `reid gallery show` lists them"
        )
    before = undo.before(db, [person_id])
    new = int(
        db.execute("INSERT INTO people (person_id) VALUES (?) RETURNING person_id", (new,)).fetchone()[0]
    )
    journal.append(db, at, "created", person_id=new)
    give(db, sightings, new)
    journal.append(db, at, "split", person_id=person_id, new=person_name(new), sightings=len(sightings))
    sides = [others, sightings]
    decisions.append(db, at, "different", person_id, other_id=new, by=by, sides=sides, before=before)
    return new


def reassign(
    db: sqlite3.Connection,
    at: datetime,
    person_id: int,
    sightings: Collection[int],
    into: int,
    by: str | None = None,
) -> int:
    """Give some sightings of a person to another one; a person without sightings is gone."""
    if person_id == into:
        raise InputError(f"these tracklets are {person_name(into)}'s already")
    others, had = of_person(db, person_id) - set(sightings), of_person(db, into)
    if not others:
        raise InputError(
            f"these are all tracklets of {person_name(person_id)}; "
            f"say that the two are one: `reid gallery merge GALLERY {person_name(person_id)} {person_name(into)}`"
        )
    before = undo.before(db, [person_id, into])
    give(db, sightings, into)
    journal.append(db, at, "reassigned", person_id=into, old=person_name(person_id), sightings=len(sightings))
    sides = [others, sightings, had]
    return decisions.append(db, at, "moved", person_id, other_id=into, by=by, sides=sides, before=before)


def tell_apart(
    db: sqlite3.Connection, at: datetime, person_id: int, other_id: int, by: str | None = None
) -> int:
    """Two people who are there are two, also when their recordings are linked again; nothing moves.

    Raises:
        InputError: they are one, or a decision says it already.
    """
    if person_id == other_id:
        raise InputError(f"{person_name(person_id)} cannot be told apart from itself; name two people")
    for known in decisions.against_merge(db, person_id, other_id):
        raise InputError(
            f"{person_name(person_id)} and {person_name(other_id)} are different people already, by decision "
            f"{known.number} of {known.at[:10]}"
        )
    sides, before = [of_person(db, person_id), of_person(db, other_id)], undo.before(db, [])
    journal.append(db, at, "told_apart", person_id=person_id, other=person_name(other_id))
    return decisions.append(
        db, at, "different", person_id, other_id=other_id, by=by, sides=sides, before=before
    )


def confirm(
    db: sqlite3.Connection,
    at: datetime,
    person_id: int,
    sightings: Collection[int] | None = None,
    by: str | None = None,
) -> int:
    """Sightings of a person show one person: they stay together when they are linked again; None: all of theirs.

    Raises:
        InputError: there are none.
    """
    if sightings is not None and not sightings:
        raise InputError(f"{person_name(person_id)}: name at least one tracklet that shows them")
    own = of_person(db, person_id) if sightings is None else set(sightings)
    sides, before = [own], undo.before(db, [])
    journal.append(db, at, "confirmed", person_id=person_id, sightings=len(own))
    return decisions.append(db, at, "confirmed", person_id, by=by, sides=sides, before=before)


def ignore(db: sqlite3.Connection, at: datetime, person_id: int, by: str | None = None) -> int:
    """What was taken for a person is none: its sightings go, also when its recordings are linked again."""
    sides, before = [of_person(db, person_id)], undo.before(db, [person_id])
    number = decisions.append(db, at, "not_a_person", person_id, by=by, sides=sides, before=before)
    remove_person(db, person_id)
    journal.append(db, at, "not_a_person", person_id=person_id, decision=number)
    return number


def merge(db: sqlite3.Connection, at: datetime, person_id: int, into: int) -> None:
    """Merge two people: all sightings of `person_id` become those of `into`, whose label wins."""
    if person_id == into:
        raise InputError(f"{person_name(into)} cannot be merged with itself; name two people")
    both = {"gone": person_id, "kept": into}
    # a runner-up that turns out to be the same person was no rival
    db.execute(
        """UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL
           WHERE person_id IN (:gone, :kept) AND runner_up_id IN (:gone, :kept)""",
        both,
    )
    db.execute("UPDATE sightings SET runner_up_id = :kept WHERE runner_up_id = :gone", both)
    # displaced vectors only serve to repeat a run exactly, which a correction ends
    db.execute(
        """DELETE FROM prototypes WHERE evicted_by IS NOT NULL AND sighting_id IN
           (SELECT sighting_id FROM sightings WHERE person_id IN (:gone, :kept))""",
        both,
    )
    db.execute("UPDATE sightings SET person_id = :kept WHERE person_id = :gone", both)
    labels = dict(db.execute("SELECT person_id, label FROM people WHERE person_id IN (:gone, :kept)", both))
    db.execute("DELETE FROM people WHERE person_id = :gone", both)
    label = labels[into] or labels[person_id]
    db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, into))
    journal.append(db, at, "merged", person_id=into, absorbed=person_id, label=label)


def sightings_of(
    db: sqlite3.Connection, person_id: int, tracklets: Collection[tuple[str, TrackletKey]]
) -> set[int]:
    """The sightings of a person that these tracklets of runs are.

    Raises:
        InputError: one is not of this person.
    """
    found: set[int] = set()
    for run_id, key in tracklets:
        row = db.execute(
            """SELECT sighting_id FROM sightings
               WHERE person_id = ? AND run_id = ? AND camera_id = ? AND track_id = ?""",
            (person_id, run_id, key.camera_id, key.track_id),
        ).fetchone()
        if row is None:
            raise InputError(
                f"{key} of run {run_id[:8]} is no tracklet of {person_name(person_id)}; see `reid gallery show`"
            )
        found.add(int(row[0]))
    return found
