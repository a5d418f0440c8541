"""People of results folders by their gallery's decisions, for programs that read crops and boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.recordings.own_gallery import own_gallery
from pipelines.recordings.results import tracklets_of
from pipelines.recordings.results_folder import half_written
from pipelines.reviewing.known_run import check_known
from pipelines.reviewing.making_gallery import check_table, labels_of, matches_of
from pipelines.reviewing.moved_crops import find_moved
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.ownership import marked_facts
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.review.decided import tells_person
from reid.store.opening import open_store
from reid.types import Tracklet, TrackletKey, person_name

Place = tuple[str, TrackletKey]  # run and key


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExportedTracklet:
    """A tracklet with the person that it shows."""

    run: FinishedRun
    sequence: int  # number of the results folder, from 1
    camera: int  # number of the camera among all, from 1
    tracklet: Tracklet
    person_id: int
    label: str | None
    reviewed: bool  # a decision binds it to this person

    @property
    def name(self) -> str:
        """The label, else P0007."""
        return self.label or person_name(self.person_id)

    def frame_of(self, moment: int) -> int:
        """Index from 0 of the frame that a kept crop was cut from."""
        own, time_s = self.tracklet, self.tracklet.moments_s[moment]
        return int(own.frames[int(np.abs(own.times_s - time_s).argmin())])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExportedSite:
    """All tracklets of people in some results folders."""

    runs: tuple[FinishedRun, ...]
    cameras: tuple[str, ...]  # their names by number
    tracklets: tuple[ExportedTracklet, ...]  # by run, camera and number

    def by_camera(self) -> dict[tuple[int, str], list[ExportedTracklet]]:
        """Tracklets by number of the results folder and camera; every camera is there."""
        found: dict[tuple[int, str], list[ExportedTracklet]] = {
            (number, camera): [] for number, run in enumerate(self.runs, start=1) for camera in run.cameras
        }
        for one in self.tracklets:
            found[one.sequence, one.tracklet.camera_id].append(one)
        return found

    def folder_of(self, sequence: int) -> str:
        """What files of a results folder lie under: nothing where there is only one."""
        if len(self.runs) == 1:
            return ""
        name = self.runs[sequence - 1].root.resolve().name
        return (
            name if [run.root.resolve().name for run in self.runs].count(name) == 1 else f"{name}-{sequence}"
        )


def read_site(roots: Sequence[Path], *, reviewed_only: bool, progress: Progress) -> ExportedSite:
    """The people of results folders as they are after all decisions.

    Raises:
        InputError: one is no results folder, they are of different galleries, or nothing is left to export.
    """
    resolved = [root.resolve() for root in roots]
    for root, place in zip(roots, resolved, strict=True):
        if resolved.count(place) > 1:
            raise InputError(f"{root}: given twice; name every results folder once")
    runs = tuple(FinishedRun.read(root) for root in roots)
    galleries = {run.root: _gallery(run, progress) for run in runs}
    for run in runs[1:]:
        if galleries[run.root] is None or galleries[run.root] != galleries[runs[0].root]:
            raise InputError(
                f"{runs[0].root} and {run.root} have no gallery in common, so their P0001 are not one person; "
                "export one at a time, or repeat reid video for both with one --gallery"
            )
    path = galleries[runs[0].root]
    who = _by_tables(runs) if path is None else _by_gallery(path, runs)
    for run in runs:
        _tell_moved(run, progress)
    cameras = tuple(sorted({name for run in runs for name in run.cameras}))
    found = [
        ExportedTracklet(
            run=run,
            sequence=number,
            camera=cameras.index(one.camera_id) + 1,
            tracklet=one,
            person_id=own.person_id,
            label=own.label,
            reviewed=own.reviewed,
        )
        for number, run in enumerate(runs, start=1)
        for one in sorted(tracklets_of(run.tracked()), key=lambda one: one.key)
        if (own := who.get((run.run_id, one.key))) is not None and (own.reviewed or not reviewed_only)
    ]
    if not found:
        raise InputError(
            f"{roots[0]}: nothing of it is reviewed yet; `reid review {roots[0]}`, or leave out --reviewed-only"
            if reviewed_only
            else f"{roots[0]}: shows no person, so there is nothing to export"
        )
    return ExportedSite(runs=runs, cameras=cameras, tracklets=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    person_id: int
    label: str | None
    reviewed: bool = False


def _gallery(run: FinishedRun, progress: Progress) -> Path | None:
    """The gallery of a run; None: it has none, and its tables tell who is who."""
    named = run.gallery
    if named is None:
        return own_gallery(run.root)
    if named.exists():
        return named.resolve()
    progress.message(
        f"{run.root}: its gallery {named} is not there, so who is who is taken from its tables as they were written",
        "warning",
    )
    return None


def _by_tables(runs: Sequence[FinishedRun]) -> Mapping[Place, _Who]:
    found = {}
    for run in runs:
        if said := half_written(run.root):
            raise InputError(said)
        labels, told = labels_of(run), matches_of(run)
        check_table(run, told, tracklets_of(run.tracked()))
        for key, match in told.items():
            if match.person_id is not None:
                found[run.run_id, key] = _Who(person_id=match.person_id, label=labels.get(match.person_id))
    return found


def _tell_moved(run: FinishedRun, progress: Progress) -> None:
    """Warn of crops that were moved by hand and are no decisions yet."""
    try:
        moved = find_moved(run, marked_facts(run.root))
    except InputError as error:
        progress.message(f"crops that were moved by hand cannot be told from others: {error}", "warning")
        return
    count = len(moved.divided) + sum(map(len, moved.folders.values()))
    if count:
        progress.message(
            f"{run.folder.crops}: crops of {count} {'tracklet' if count == 1 else 'tracklets'} were moved by hand, "
            f"which does not count here before `reid review {run.root}` has made decisions of it",
            "warning",
        )


def _by_gallery(path: Path, runs: Sequence[FinishedRun]) -> Mapping[Place, _Who]:
    """Who is who in a gallery.

    Raises:
        InputError: it does not know one of the runs.
    """
    with open_store(path, encoder_id=None, read_only=True) as store:
        for run in runs:
            check_known(store, run)
        bound = {(one.run_id, one.tracklet) for one in store.bound() if tells_person(one)}
        return {
            place: _Who(person_id=person.person_id, label=person.label, reviewed=place in bound)
            for person in store.people()
            for seen in store.sightings(person.person_id)
            for place in [(seen.run_id, seen.match.tracklet)]
        }
