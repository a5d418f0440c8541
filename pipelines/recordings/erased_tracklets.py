"""Tracklets of people who were erased: left out of results, and erased from the artefacts of a results folder."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from pipelines.recordings.camera_job import TrackedCamera
from pipelines.recordings.results import tracklets_of
from pipelines.runtime.progress import Progress
from reid.outputs.artefact import erase_tracklets, load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.site import without_suppressed
from reid.store.base import Store
from reid.suppression import Footage
from reid.types import TrackletKey
from reid.wording import counted


def leave_out_suppressed(
    cameras: Mapping[str, TrackedCamera], store: Store | None, footage: Mapping[str, Footage]
) -> dict[str, TrackedCamera]:
    """The cameras without the tracklets of people who were erased with a suppression list.

    Raises:
        InputError: the key of the list is lost.
    """
    kept = {one.key for one in without_suppressed(tracklets_of(cameras), store, footage)}
    return {
        name: replace(camera, tracklets=[one for one in camera.tracklets if one.key in kept])
        for name, camera in cameras.items()
    }


def erase_suppressed(
    followed: Mapping[str, TrackedCamera],
    store: Store | None,
    footage: Mapping[str, Footage],
    folder: ResultsFolder,
    progress: Progress,
) -> dict[str, TrackedCamera]:
    """`leave_out_suppressed`, and the same erased from the artefacts of a results folder; the number is told."""
    kept = leave_out_suppressed(followed, store, footage)
    gone = left_out(followed, kept)
    if gone:
        count = counted(sum(map(len, gone.values())), "tracklet", "tracklets")
        progress.message(f"left out, as the gallery's suppression list asks: {count}")
    for name, keys in gone.items():
        erase_from_artefact(folder.camera(name), keys)
    return kept


def left_out(
    followed: Mapping[str, TrackedCamera], kept: Mapping[str, TrackedCamera]
) -> dict[str, set[TrackletKey]]:
    """The tracklets that only `followed` has, by camera; cameras without one are not there."""
    found = {
        name: {one.key for one in camera.tracklets} - {one.key for one in kept[name].tracklets}
        for name, camera in followed.items()
    }
    return {name: keys for name, keys in found.items() if keys}


def erase_from_artefact(artefact: Path, gone: Collection[TrackletKey]) -> None:
    """Write a camera's artefact anew without some tracklets, of which only the places to blur are kept.

    Raises:
        ArtefactError: the file cannot be used.
        OSError: it cannot be written; it is as it was then.
    """
    tracklets, content = load_tracklets(artefact)
    paths = [
        {"times_s": one.times_s.round(3).tolist(), "boxes": one.boxes.round(1).tolist()}
        for one in tracklets
        if one.key in gone
    ]
    erase_tracklets(artefact, gone, content | {"blurred": [*content.get("blurred", []), *paths]})
