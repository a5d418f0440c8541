"""Crops that a user moved: they lie in another folder than `crops/P0001/`, where the run wrote them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.recordings.camera_job import TrackedCamera
from pipelines.recordings.results import tracklets_of
from pipelines.reviewing.making_gallery import matches_of
from pipelines.reviewing.opening import OpenRun
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.ownership import OwnedFolder
from reid.datasets.listing import images_below
from reid.outputs.folder import file_stem
from reid.results_files import crop_of
from reid.types import TrackletKey, person_name

NOTE = "moved_crops"  # in the folder's mark: what was imported, one `camera/track folder` a tracklet
TOLD_BY = {"crops", "tables"}  # kinds of files that tell where crops were written


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedCrops:
    """Tracklets whose crops lie elsewhere than the run wrote them."""

    # by the folder in which all crops of a tracklet lie now: the tracklets, and the person whose folder each was in
    folders: Mapping[str, Mapping[TrackletKey, int]]
    divided: Mapping[TrackletKey, tuple[str, ...]]  # between these folders
    # those that lie where the run wrote them, and were never imported from elsewhere
    stayed: frozenset[TrackletKey] = frozenset()
    lie: Mapping[TrackletKey, frozenset[str]] = field(default_factory=dict)  # moved or not: in which folders
    written: Mapping[TrackletKey, int | None] = field(default_factory=dict)  # the person whose folder it was

    def __bool__(self) -> bool:
        return bool(self.folders or self.divided)


def imported(facts: Mapping[str, Any]) -> dict[str, str]:
    """The folder from which each tracklet, as `camera/track`, was imported last, by the facts of a folder's mark."""
    found = {}
    for note in facts.get(NOTE) or ():
        camera, _, rest = note.rpartition(
            "/"
        )  # no folder has a slash in its name, cameras and folders have blanks
        track, _, folder = rest.partition(" ")
        found[f"{camera}/{track}"] = folder
    return found


def note_imported(owned: OwnedFolder, keys: Iterable[TrackletKey], folder: str) -> None:
    """Keep in the folder's mark that tracklets were imported from `folder`."""
    now = imported(owned.facts) | {str(key): folder for key in keys}
    owned.note(**{NOTE: sorted(f"{key} {folder}" for key, folder in now.items())})


def find_moved(run: FinishedRun, facts: Mapping[str, Any]) -> MovedCrops:
    """What was moved in `crops/` since the run was written, or since it was imported last.

    Nothing where crops and tables are not of one linking, as a killed process leaves them: nobody moved those.

    Args:
        facts: of the folder's mark.
    """
    told = facts.get("told")
    half = told is not None and not told.keys() >= TOLD_BY
    if half or not run.folder.crops.is_dir() or not run.folder.tracklets_csv.is_file():
        return MovedCrops(folders={}, divided={})
    written = {key: match.person_id for key, match in matches_of(run).items()}
    lie: dict[TrackletKey, set[str]] = {}
    for path, key in crops_of(run).items():
        if key in written and path.parent != run.folder.crops:
            lie.setdefault(key, set()).add(path.relative_to(run.folder.crops).parts[0])
    known = imported(facts)
    stayed = set[TrackletKey]()
    folders: dict[str, dict[TrackletKey, int]] = {}
    divided: dict[TrackletKey, tuple[str, ...]] = {}
    for key, where in lie.items():
        person_id = written[key]
        if person_id is None:
            continue
        if len(where) > 1:
            divided[key] = tuple(sorted(where))
        elif (folder := min(where)) != known.get(str(key), person_name(person_id)):
            folders.setdefault(folder, {})[key] = person_id
        elif str(key) not in known:
            stayed.add(key)
    return MovedCrops(
        folders=folders,
        divided=divided,
        stayed=frozenset(stayed),
        lie={key: frozenset(where) for key, where in lie.items()},
        written=written,
    )


def crops_of(run: FinishedRun) -> dict[Path, TrackletKey]:
    """Images below `crops/` that are named as those of a tracklet are, and whose they are."""
    cameras = {file_stem(name): name for name in run.cameras}
    found = {}
    for path in images_below(run.folder.crops):
        named = crop_of(path.stem)
        if named is not None and named[0] in cameras:
            found[path] = TrackletKey(camera_id=cameras[named[0]], track_id=named[1])
    return found


def take_over(opened: OpenRun, cameras: Mapping[str, TrackedCamera], made: Mapping[Path, Path]) -> None:
    """List as ours the crops that were moved and imported, so that they go when crops are written again.

    Only what is byte for byte a crop of its tracklet: nothing is lost. So is what lies where one of `made` belongs.
    """
    run, files = opened.run, opened.owned.files
    if not run.folder.crops.is_dir():
        return
    known = imported(opened.owned.facts)
    tracklets = {one.key: one for one in tracklets_of(cameras)}
    ours = [
        path
        for path, key in crops_of(run).items()
        if (str(key) in known or path in made)
        and not files.owns(path)
        and key in tracklets
        and path.read_bytes() in list(tracklets[key].crops)
    ]
    files.record(*ours)
