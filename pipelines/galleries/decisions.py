"""`reid gallery decisions|split|reassign|apart|confirm|ignore|undo|redo site.db`: what people decide.

A decision holds when the recording is linked again, with another detector, encoder or threshold, until it is undone.
"""

import getpass
from collections.abc import Sequence
from pathlib import Path

from pipelines.galleries.export import DECISIONS, chosen_format, decision_rows, export
from pipelines.galleries.live_site import to_correct
from pipelines.job_configs import JournalFormat
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.store.base import Store
from reid.store.decision_text import clause
from reid.store.opening import open_store
from reid.types import TrackletKey, person_name

ON_REVIEW = "do it on its review, {page}review/, or stop it first"
AGAIN = "repeat `reid video` on its recordings to renew their results folders"


def decisions(
    path: Path,
    progress: Progress,
    *,
    person: str | None = None,
    format: JournalFormat | None = None,
    output: Path | None = None,
) -> int:
    """All decisions, oldest first: of one person, or of all."""
    chosen = chosen_format(format, output)
    with open_store(path, encoder_id=None, read_only=True) as store:
        found = store.decisions(None if person is None else store.find(person))
    if chosen != "table":
        return export(decision_rows(found), DECISIONS, chosen, output, progress)
    rows = [
        (
            one.number,
            moment(one.at),
            clause(one),
            one.by or "",
            "" if one.undone is None else moment(one.undone),
        )
        for one in found
    ]
    header = ("decision", "at (UTC)", "what", "by", "undone (UTC)")
    progress.answer(f"{len(rows)} {'decision' if len(rows) == 1 else 'decisions'} in {path}", rows, header)
    return 0


def split(path: Path, person: str, tracklets: Sequence[str], progress: Progress) -> int:
    """Make some of a person's tracklets a new person."""
    with to_correct(
        path, lambda store: (f"people/{store.find(person)}/split", {"appearances": tracklets})
    ) as store:
        person_id = store.find(person)
        new = store.split(person_id, _chosen(store, person_id, tracklets), by=who())
        _tell_overruled(store, progress)
    verb = "is" if len(tracklets) == 1 else "are"
    progress.answer(
        f"{', '.join(tracklets)} of {person_name(person_id)} {verb} now {person_name(new)}; {AGAIN}"
    )
    return 0


def reassign(path: Path, person: str, into: str, tracklets: Sequence[str], progress: Progress) -> int:
    """Give some of a person's tracklets to another person."""
    with to_correct(path, ON_REVIEW) as store:
        person_id, other = store.find(person), store.find(into)
        store.reassign(person_id, _chosen(store, person_id, tracklets), other, by=who())
        _tell_overruled(store, progress)
    verb = "is" if len(tracklets) == 1 else "are"
    progress.answer(
        f"{', '.join(tracklets)} of {person_name(person_id)} {verb} now {person_name(other)}'s; {AGAIN}"
    )
    return 0


def apart(path: Path, person: str, other: str, progress: Progress) -> int:
    """Keep that two people who are there are two."""
    with to_correct(path, ON_REVIEW) as store:
        one, two = store.find(person), store.find(other)
        store.apart(one, two, by=who())
    progress.answer(
        f"{person_name(one)} and {person_name(two)} stay two people, also when their recordings are linked again"
    )
    return 0


def confirm(path: Path, person: str, progress: Progress, tracklets: Sequence[str] = ()) -> int:
    """Keep that tracklets of a person show one person; all of theirs where none is named."""
    with to_correct(
        path, ON_REVIEW if tracklets else lambda store: (f"people/{store.find(person)}/confirm", None)
    ) as store:
        person_id = store.find(person)
        chosen = _chosen(store, person_id, tracklets) if tracklets else None
        store.confirm(person_id, tracklets=chosen, by=who())
        _tell_overruled(store, progress)
        count = len(tracklets or store.sightings(person_id))
    progress.answer(
        f"{'the tracklet' if count == 1 else f'the {count} tracklets'} of {person_name(person_id)} "
        f"{'stays theirs' if count == 1 else 'stay one person'}"
    )
    return 0


def ignore(path: Path, person: str, progress: Progress) -> int:
    """Keep that what was taken for a person is none."""
    with to_correct(path, lambda store: (f"people/{store.find(person)}/ignore", None)) as store:
        person_id = store.find(person)
        store.ignore(person_id, by=who())
    progress.answer(f"{person_name(person_id)} is no person, and is left out from now on; {AGAIN}")
    return 0


def undo(path: Path, progress: Progress, *, number: str | None = None) -> int:
    """Take back a decision: the latest that holds, or the one of that number."""
    chosen = _number(path, number)
    with to_correct(path, lambda _: ("decisions/undo", {"number": chosen})) as store:
        undone = store.undo(chosen, by=who())
    progress.answer(f"undone: decision {undone.number}, {clause(undone)}; {AGAIN}")
    return 0


def redo(path: Path, progress: Progress, *, number: str | None = None) -> int:
    """Put back a decision that was undone: the last one, or the one of that number."""
    chosen = _number(path, number)
    with to_correct(path, lambda _: ("decisions/redo", {"number": chosen})) as store:
        redone = store.redo(chosen, by=who())
    progress.answer(f"redone: decision {redone.number}, {clause(redone)}; {AGAIN}")
    return 0


def _tell_overruled(store: Store, progress: Progress) -> None:
    """Say which earlier decisions the latest one contradicts."""
    latest = store.decisions()[-1]
    for one in store.overruled(latest.number):
        progress.message(
            f"this counts more than decision {one.number} of {one.at[:10]} ({clause(one)}), which it contradicts; "
            f"`reid gallery undo {store.path}` takes it back",
            "warning",
        )


def _number(path: Path, number: str | None) -> int | None:
    if number is not None and not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise InputError(f"DECISION {number!r}: must be a number, see `reid gallery decisions {path}`")
    return None if number is None else int(number)


def _chosen(store: Store, person_id: int, tracklets: Sequence[str]) -> list[tuple[str, TrackletKey]]:
    """Run and key of tracklets that are written cam1/4, or RUN:cam1/4 where several runs have one of that name.

    Raises:
        InputError: the person has no such tracklet, or several.
    """
    sightings = store.sightings(person_id)
    chosen = []
    for text in tracklets:
        found = [
            seen
            for seen in sightings
            if str(seen.match.tracklet) == text
            or (
                text.endswith(f":{seen.match.tracklet}")
                and seen.run_id.startswith(text.removesuffix(f":{seen.match.tracklet}"))
            )
        ]
        if not found:
            raise InputError(
                f"{text} is no tracklet of {person_name(person_id)}; write them as camera/number, as "
                f"{sightings[0].match.tracklet}: `reid gallery show {store.path} {person_name(person_id)}`"
            )
        if len(found) > 1:
            runs = ", ".join(f"{seen.run_id[:8]}:{seen.match.tracklet}" for seen in found)
            raise InputError(f"{text} of {person_name(person_id)} is in several runs; write one of {runs}")
        chosen.append((found[0].run_id, found[0].match.tracklet))
    return chosen


def who() -> str | None:
    """The login of who types the command; None where the system does not know it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return None


def moment(iso: str) -> str:
    """A stored moment to whole seconds."""
    return iso[:19].replace("T", " ")
