"""A gallery made of a results folder as it is: the same people, names, times and places."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from pipelines.recordings.own_gallery import NAME, claim_gallery
from pipelines.recordings.results import tracklets_of
from pipelines.reviewing.recorded_run import WANTED, FinishedRun
from reid.comparable import comparable
from reid.errors import InputError
from reid.owned_files import OwnedFiles
from reid.results_files import Row, table_rows
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.records import Sighting
from reid.text_file import read_json
from reid.track_segment import places_of
from reid.types import Match, Tracklet, TrackletKey

BY = "results"  # who gave the names that stand in identities.json
WORKSHOP = ".reid-writing-"  # a folder in a results folder, while something in it is made


@contextmanager
def workshop(root: Path) -> Iterator[Path]:
    """An empty folder within `root`, on the same disk, for the length of a `with` block.

    The process holds the lock of `root`: what a killed one left is deleted.
    """
    for left in root.glob(f"{WORKSHOP}*"):
        rmtree(left)
    made = Path(mkdtemp(prefix=WORKSHOP, dir=root))
    try:
        yield made
    finally:
        rmtree(made, ignore_errors=True)


def make_gallery(run: FinishedRun, files: OwnedFiles) -> Path:
    """Make `RESULTS/gallery.db`, whole or not at all; its path.

    Raises:
        InputError: the tables do not tell who is who, or the cameras' tracklets are not those of the tables.
    """
    path = claim_gallery(files)
    with workshop(run.root) as folder:
        with open_store(folder / NAME, encoder_id=run.encoder_id) as store:
            _fill(store, run)
        os.replace(folder / NAME, path)
    return path


def _fill(store: Store, run: FinishedRun) -> None:
    policy, told = run.policy(), matches_of(run)
    tracklets = tracklets_of(run.tracked())
    check_table(run, told, tracklets)
    people = {match.person_id for match in told.values()}
    told = {
        # runner-ups of a gallery that is not at hand are unknown here
        key: match
        if match.runner_up_id in people
        else replace(match, runner_up_id=None, runner_up_distance=None)
        for key, match in told.items()
    }
    sightings = [
        Sighting(
            match=told[one.key],
            start_s=one.start_s,
            end_s=one.end_s,
            embeddings=one.embeddings,
            places=places_of(one),
        )
        for one in comparable(tracklets, policy.centre, policy.max_distance).tracklets
    ]
    store.commit_run(
        run.run_id,
        sightings,
        started=run.started,
        cameras=run.cameras,
        clock=run.clock,
        footage=run.footage,
    )
    for person_id, label in labels_of(run).items():
        store.rename(person_id, label, by=BY)


def matches_of(run: FinishedRun) -> dict[TrackletKey, Match]:
    """The matches that `tracklets.csv` tells, by tracklet.

    Raises:
        InputError: the file is not there, or not as `reid video` writes it.
    """
    found = _rows(run, _match)
    return {match.tracklet: match for match in found}


def check_table(run: FinishedRun, told: Collection[TrackletKey], tracklets: Iterable[Tracklet]) -> None:
    """Refuse a table of other tracklets than the run's.

    Raises:
        InputError: it names others, or not all: a part of it is gone.
    """
    if {one.key for one in tracklets} != set(told):
        raise InputError(
            f"{run.folder.tracklets_csv}: names other tracklets than those in {run.root / 'cameras'}; repeat the "
            f"reid video command that wrote {run.root}"
        )


def known_in(run: FinishedRun) -> set[int]:
    """The people who were in the gallery before the run, by its table; none where there is no table."""
    if not run.folder.tracklets_csv.is_file():
        return set()
    return set(_rows(run, lambda row: int(row["person_id"]) if row["known"] == "true" else 0))


def _rows(run: FinishedRun, read: Callable[[Mapping[str, str]], Row]) -> list[Row]:
    """What `read` makes of each row of `tracklets.csv`; raises as `matches_of`."""
    path = run.folder.tracklets_csv
    try:
        return table_rows(path, read)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); it tells who is who: repeat the reid video command that "
            f"wrote {run.root}, with its tables"
        ) from None
    except ValueError as error:
        raise InputError(f"{path}: cannot be read ({error}); expected {WANTED}") from None


def labels_of(run: FinishedRun) -> dict[int, str]:
    """The names that stand in `identities.json`."""
    path = run.folder.identities
    if not path.exists():
        return {}
    content = read_json(path, WANTED)
    try:
        people = content["persons"]
        return {int(one["person_id"]): str(one["label"]) for one in people if one.get("label")}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read ({error!r}); expected {WANTED}") from None


def _match(row: Mapping[str, str]) -> Match:
    return Match(
        tracklet=TrackletKey(camera_id=row["camera"], track_id=int(row["track_id"])),
        person_id=int(row["person_id"]) if row["person_id"] else None,
        distance=_number(row["distance"]),
        runner_up_id=int(row["runner_up_id"]) if row["runner_up_id"] else None,
        runner_up_distance=_number(row["runner_up_distance"]),
        probability=_number(row.get("probability") or ""),
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
