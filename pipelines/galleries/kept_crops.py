"""The crops that results folders keep of a gallery's sightings, embedded by another encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.comparable import comparable
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.stills import decode
from reid.store.prototypes import most_varied
from reid.store.records import StoredVector
from reid.text_file import first_complaint, read_json
from reid.types import Array, Embeddings, Image, Tracklet, TrackletKey

WANTED = "what a finished `reid video` has written; --crops names its folder"
SAME_S = 1e-3  # that the durations of a sighting and of its tracklet may differ, as they are rounded

RunKey = tuple[datetime, tuple[str, ...]]  # start in whole seconds, cameras by name
Sighting = tuple[str, TrackletKey]  # run and tracklet


class _Facts(BaseModel):
    """What is read of run.json."""

    started: datetime
    cameras: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A results folder with crops of a run that the gallery knows."""

    folder: ResultsFolder
    run_id: str
    cameras: tuple[str, ...]


def kept_runs(
    folders: Sequence[Path], known: dict[RunKey, str], gallery: Path, progress: Progress
) -> list[KeptRun]:
    """Those of `folders` that the gallery's runs `known` were written to; the others are warned of.

    Raises:
        InputError: one is no results folder.
    """
    found = []
    for root in folders:
        folder = ResultsFolder(root)
        try:
            facts = _Facts.model_validate(read_json(folder.run, WANTED))
        except ValidationError as error:
            why = first_complaint(error)
            raise InputError(f"{folder.run}: cannot be read ({why}); expected {WANTED}") from None
        cameras = tuple(sorted(facts.cameras))
        run_id = known.get((facts.started.replace(microsecond=0), cameras))
        if run_id is None:
            progress.message(
                f"{root}: left out, as {gallery} knows no run of {', '.join(cameras)} that started at "
                f"{facts.started.isoformat(' ', 'seconds')}",
                "warning",
            )
        else:
            found.append(KeptRun(folder=folder, run_id=run_id, cameras=cameras))
    return found


def embedded_anew(
    runs: Sequence[KeptRun],
    stored: Sequence[StoredVector],
    encoder: Encoder,
    calibration: Calibration | None,
    progress: Progress,
) -> dict[int, Array]:
    """New vectors (E,) by prototype id, for the prototypes whose crops are kept.

    Args:
        calibration: the encoder's, by which cameras' biases are taken out as in any run; None: they stay in.
    """
    kept: dict[Sighting, Tracklet] = {}
    for run in runs:
        kept |= {(run.run_id, one.key): one for one in _of_run(run, encoder, calibration, progress)}
    prototypes: dict[Sighting, list[StoredVector]] = {}
    for one in stored:
        prototypes.setdefault((one.run_id, one.tracklet), []).append(one)
    vectors: dict[int, Array] = {}
    for sighting, own in prototypes.items():
        tracklet = kept.get(sighting)
        if tracklet is not None and _is_that(tracklet, own[0]):
            chosen = _as_many(tracklet.embeddings.vectors, len(own))
            vectors |= {one.prototype_id: vector for one, vector in zip(own, chosen, strict=True)}
    return vectors


def _of_run(
    run: KeptRun, encoder: Encoder, calibration: Calibration | None, progress: Progress
) -> list[Tracklet]:
    """The run's tracklets with vectors as linking would compare them; what only the gallery forgot is among them."""
    tracklets: list[Tracklet] = []
    for camera in run.cameras:
        try:
            tracklets += load_tracklets(run.folder.camera(camera))[0]
        except ArtefactError as error:
            raise InputError(
                f"{error}; leave {run.folder.root} out, or repeat its reid video command"
            ) from error
    task = progress.task(str(run.folder.root), sum(len(t.crops) for t in tracklets), "crops")
    seen = []
    for tracklet in (tracklet for tracklet in tracklets if len(tracklet.crops)):
        vectors = encoder.encode(_crops(tracklet, run.folder)).vectors
        own = Embeddings(vectors=vectors, encoder_id=encoder.encoder_id)
        seen.append(replace(tracklet, embeddings=own))
        task.advance(len(own))
    task.finish()
    if calibration is None:
        return seen
    return comparable(seen, calibration.centre, calibration.max_distance).tracklets


def _crops(tracklet: Tracklet, folder: ResultsFolder) -> list[Image]:
    artefact = folder.camera(tracklet.camera_id)
    crops = [decode(jpeg, artefact) for jpeg in tracklet.crops]
    if any(crop is None for crop in crops):
        raise InputError(f"{artefact}: a crop of {tracklet.key} cannot be decoded; leave {folder.root} out")
    return [crop for crop in crops if crop is not None]


def _is_that(tracklet: Tracklet, stored: StoredVector) -> bool:
    """Whether it is the tracklet that was seen: with other settings, a number may mean another one."""
    return abs(tracklet.end_s - tracklet.start_s - stored.duration_s) < SAME_S


def _as_many(vectors: Array, count: int) -> Array:
    """`count` rows of `vectors` (K, E): the most varied ones, in order; repeated where there are fewer."""
    varied = sorted(most_varied(vectors, count))
    others = [row for row in range(len(vectors)) if row not in varied]
    rows = sorted([*varied, *others][:count])
    return vectors[[rows[at % len(rows)] for at in range(count)]]
