"""`reid gallery list|show|history|forget|rename|merge|prune site.db`: the people of a gallery, and corrections.

People are named by label, `P0007` or `7`. Every function returns the exit code 0 or raises ReidError.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.galleries.decisions import moment, who
from pipelines.galleries.everywhere import forget_everywhere, told_of
from pipelines.galleries.export import JOURNAL, chosen_format, export, journal_rows
from pipelines.galleries.live_site import to_correct
from pipelines.job_configs import JournalFormat
from pipelines.reviewing.opening import is_own, open_site
from pipelines.runtime.ownership import marked_job
from pipelines.runtime.progress import Progress
from pipelines.site.erased_outputs import erase_person, prune_beside
from reid.errors import InputError
from reid.store.opening import open_store
from reid.store.records import Erased, Named, SeenAt
from reid.suppression import SuppressionKey, key_path
from reid.types import person_name
from reid.wording import counted

MOST_NAMES = 20  # in a sentence
AT_ONCE_S = 1.0  # of two tracklets; less may be one person whose track was handed over


def list_people(path: Path, progress: Progress) -> int:
    """One line a person: label, sightings, cameras, runs."""
    with open_store(path, encoder_id=None, read_only=True) as store:
        people = store.people()
        encoder_id = store.encoder_id
    rows = [
        (
            person_name(person.person_id),
            person.label or "",
            person.sightings,
            ", ".join(person.cameras),
            person.runs,
            moment(person.last_run),
            person.prototypes,
        )
        for person in people
    ]
    header = ("person", "label", "sightings", "cameras", "runs", "last run (UTC)", "vectors")
    title = f"{counted(len(people), 'person', 'people')} in {path}, encoder {encoder_id}"
    progress.answer(title, rows, header if people else ())
    return 0


def show(path: Path, person: str, progress: Progress) -> int:
    """Where and when one person was seen, and why each sighting was linked to them."""
    with open_store(path, encoder_id=None, read_only=True) as store:
        person_id = store.find(person)
        label = next(one.label for one in store.people() if one.person_id == person_id)
        sightings = store.sightings(person_id)
        own = store.encoder_id
    dated = any(seen.clock for seen in sightings)
    converted = any(seen.former_encoder for seen in sightings)
    rows = [
        (
            _run(seen.run_id),
            str(seen.match.tracklet),
            f"{seen.start_s:.1f}",
            f"{seen.end_s:.1f}",
            *((_world(seen),) if dated else ()),
            _distance(seen.match.distance),
            "" if seen.match.runner_up_id is None else person_name(seen.match.runner_up_id),
            _distance(seen.match.runner_up_distance),
            *((seen.former_encoder or own,) if converted else ()),
        )
        for seen in sightings
    ]
    name = person_name(person_id) + (f" ({label})" if label else "")
    title = f"{name}: {counted(len(sightings), 'sighting', 'sightings')} in {path}"
    world = ("seen",) if dated else ()
    measured = ("distances by encoder",) if converted else ()
    header = ("run", "tracklet", "from s", "to s", *world, "distance", "runner-up", "its distance", *measured)
    progress.answer(title, rows, header)
    return 0


def history(
    path: Path,
    progress: Progress,
    *,
    person: str | None = None,
    format: JournalFormat | None = None,
    output: Path | None = None,
) -> int:
    """The journal, oldest first: of one person, or of all."""
    chosen = chosen_format(format, output)
    with open_store(path, encoder_id=None, read_only=True) as store:
        entries = store.history(None if person is None else store.find(person))
    if chosen != "table":
        return export(journal_rows(entries), JOURNAL, chosen, output, progress)
    rows = [
        (
            moment(entry.at),
            entry.event,
            "" if entry.person_id is None else person_name(entry.person_id),
            _run(entry.run_id or ""),
            ", ".join(_fact(key, value) for key, value in entry.detail.items() if value is not None),
        )
        for entry in entries
    ]
    title = f"{counted(len(rows), 'entry', 'entries')} in the journal of {path}"
    progress.answer(title, rows, ("at (UTC)", "event", "person", "run", "detail"))
    return 0


def forget(
    path: Path,
    person: str,
    progress: Progress,
    *,
    suppress: bool = False,
    results: Sequence[Path] = (),
) -> int:
    """Erase one person for good, from the gallery and from what lies beside it or is named.

    Args:
        suppress: leave them out of repeated runs over the same recordings too.
        results: results folders to erase from; of a gallery that belongs to one, that is always among them.
    """
    key = SuppressionKey.read_or_make() if suppress else None
    if results or is_own(path):
        with open_site([path, *results], progress) as site:
            return forget_everywhere(site, person, key, progress)
    without = "its page erases without the suppression list; stop it first, or leave out --suppress"
    with to_correct(
        path,
        without if suppress else lambda store: (f"people/{store.find(person, ignored=True)}/forget", None),
    ) as store:
        person_id = store.find(person, ignored=True)
        told = told_of(store, person_id, key)
        erased = erase_person(store, person_id, by=who(), suppress=key)
    progress.answer(
        f"{person_name(person_id)} forgotten: nothing of them is left in {path}{_beside(path, erased)}; "
        f"results folders keep crops, videos and tables of them, where none was named with --results{told}"
    )
    return 0


def suppressed(path: Path, progress: Progress, *, drop: bool = False) -> int:
    """How many tracklets of erased people are left out of repeated runs; or drop the list of them."""
    if drop:
        with to_correct(path, "stop it first to drop its suppression list") as store:
            count = store.drop_suppressed()
            store.clean()
        progress.answer(
            f"the suppression list of {path} is dropped ({counted(count, 'tracklet', 'tracklets')}): "
            "`reid video` on the same recordings finds who was erased again"
        )
        return 0
    with open_store(path, encoder_id=None, read_only=True) as store:
        found = store.suppressed()
    key = SuppressionKey.read()
    known = "" if not found else f", by the key in {key_path()}"
    if found and (key is None or any(one.key_id != key.key_id for one in found)):
        known = f", by a key that is not in {key_path()}"
    progress.answer(
        f"{counted(len(found), 'tracklet', 'tracklets')} in the suppression list of {path}{known}"
    )
    return 0


def rename(path: Path, person: str, label: str, progress: Progress) -> int:
    """Give one person a label; an empty one takes it away."""
    with to_correct(
        path, lambda store: (f"people/{store.find(person)}/rename", {"label": label.strip() or None})
    ) as store:
        person_id = store.find(person)
        store.rename(person_id, label or None, by=who())
    called = f"is now called {label.strip()}" if label else "has no label any more"
    progress.answer(f"{person_name(person_id)} {called}")
    return 0


def merge(path: Path, person: str, into: str, progress: Progress) -> int:
    """Merge two people: everything of `person` becomes part of `into`."""
    with to_correct(
        path, lambda store: (f"people/{store.find(person)}/merge", {"into": store.find(into)})
    ) as store:
        gone, kept = store.find(person), store.find(into)
        both = _seen_at_once(store.sightings(gone), store.sightings(kept))
        store.merge(gone, into=kept, by=who())
    progress.answer(f"{person_name(gone)} is now part of {person_name(kept)}")
    if both is not None:
        progress.message(
            f"{both[0].match.tracklet} and {both[1].match.tracklet} show them in one camera at the same time, so "
            f"they may be two people; `reid gallery undo {path}` takes the merge back",
            "warning",
        )
    return 0


def _seen_at_once(one: Sequence[SeenAt], other: Sequence[SeenAt]) -> tuple[SeenAt, SeenAt] | None:
    """Two sightings of one camera that share more than AT_ONCE_S, if there are such."""
    places: dict[tuple[str, str], list[SeenAt]] = {}
    for seen in other:
        places.setdefault((seen.run_id, seen.match.tracklet.camera_id), []).append(seen)
    pairs = (
        (min(a.end_s, b.end_s) - max(a.start_s, b.start_s), a, b)
        for a in one
        for b in places.get((a.run_id, a.match.tracklet.camera_id), ())
    )
    return next(((a, b) for shared_s, a, b in pairs if shared_s > AT_ONCE_S), None)


def prune(path: Path, days: str, progress: Progress, *, named: Named = "keep", dry_run: bool = False) -> int:
    """Erase the sightings of runs that started more than so many days ago, and the people not seen since.

    What goes is said before it goes. Events and clips of a live site beside the gallery that are as old go too. It
    also tells that site that the clock is right.
    """
    oldest = _days_ago(days)
    by_itself = "it erases by itself what is older than retention.days; stop it first to erase more"
    with to_correct(path, by_itself) as store:
        labels = {person.person_id: person.label for person in store.people()}
        erased = store.would_prune(oldest, named=named)
        beside = f", and events and clips of {path.parent}" if marked_job(path.parent) == "live" else ""
        what = f"{_erased(erased, labels)}{beside}, from before {oldest:%Y-%m-%d %H:%M} UTC"
        if dry_run:
            progress.answer(f"would be erased from {path}: {what}")
            return 0
        progress.answer(f"to be erased from {path}: {what}")
        store.prune(oldest, named=named)
        store.confirm_clock()
        outputs = prune_beside(store, oldest)
    progress.answer(f"{_counts(erased)} erased from {path}{_beside(path, outputs)}")
    return 0


def _beside(path: Path, erased: Mapping[str, int]) -> str:
    """What was erased from the folder of a live site, as the end of a sentence."""
    counts = [f"{count} {what}" for what, count in erased.items() if count]
    return f"; {' and '.join(counts)} erased from {path.parent}" if counts else ""


def _erased(erased: Erased, labels: Mapping[int, str | None]) -> str:
    """What goes, and which people with a name stay although they were not seen since."""
    gone = [labels[one] or person_name(one) for one in erased.people]
    who = f" ({_listed(gone)})" if gone else ""
    stay = [label for one in erased.spared if (label := labels[one])]
    spared = f", but not {_listed(stay)}, for the name" if stay else ""
    return f"{_counts(erased)}{who}{spared}"


def _counts(erased: Erased) -> str:
    sightings = counted(erased.sightings, "sighting", "sightings")
    return f"{sightings} and {counted(len(erased.people), 'person', 'people')}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _days_ago(days: str) -> datetime:
    with suppress(ValueError, OverflowError):
        if (number := float(days)) >= 0:
            return datetime.now(UTC) - timedelta(days=number)
    raise InputError(f"DAYS {days!r}: must be a number of days, such as 30")


def _run(run_id: str) -> str:
    """Runs are called by long hashes: the beginning tells them apart and leaves room for the rest."""
    return run_id[:8]


def _fact(key: str, value: object) -> str:
    return f"{key} {person_name(value) if key == 'absorbed' and isinstance(value, int) else value}"


def _world(seen: SeenAt) -> str:
    """When it was in the world, with the offset from UTC; empty where it is not known."""
    if seen.clock is None:
        return ""
    start, end = seen.clock.at(seen.start_s), seen.clock.at(seen.end_s)
    until = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} – {until} {end.isoformat()[-6:]}"


def _distance(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
