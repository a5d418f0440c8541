"""Tracking of one camera in a worker process: from a recording to tracklets on disk."""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.recordings.presence import BlurredPath
from pipelines.recordings.run_id import ignored_zones
from pipelines.runtime.worker import WorkerContext, current_worker
from reid import json_text
from reid.config import VideoConfig
from reid.errors import InputError
from reid.outputs.artefact import ArtefactError, ArtefactWriter, load_tracklets
from reid.outputs.static_things import ThingFacts, thing_facts
from reid.recording import follow_recording, static_places
from reid.text_file import first_complaint
from reid.timing import Stopwatch
from reid.types import Array, Frame, StaticThing, Tracklet
from reid.video.reader import probe, read
from reid.video.source import Source

if TYPE_CHECKING:
    from reid.build import Models

log = logging.getLogger(__name__)

ALGORITHM = 6  # raise when tracklets of the same recording with the same settings come out differently


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraJob:
    """One camera to track, and the path of its tracklets."""

    source: Source
    config: VideoConfig
    split_distance: float
    centre: Array | None  # (D,) what distances are taken from
    artefact: Path
    key: str  # see `camera_key`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedCamera:
    """Tracklets and facts of one camera."""

    tracklets: list[Tracklet]
    frames: NDArray[np.int64]  # (F,) indices of the frames that were processed
    times_s: NDArray[np.float64]  # (F,)
    report: Mapping[str, Any]
    resumed: bool
    things: Sequence[StaticThing] = ()  # were left out
    blurred: Sequence[BlurredPath] = ()  # people who were erased from it


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """Facts of tracking one camera: frames, seconds, detections."""

    camera_id: str
    frames: int
    tracklets: int
    static: int  # tracklets dropped because they show a thing, from before it was known for one
    things: int  # that never move and were left out
    people: int  # boxes of people, in all frames
    detector_classes: str  # of the network, that were taken for people
    duration_s: float  # from the first frame to the last, without what was not recorded between files
    seconds: dict[str, float]
    warnings: tuple[str, ...]


class _Blurred(BaseModel):
    """A `BlurredPath`, on the camera's own clock."""

    model_config = ConfigDict(allow_inf_nan=False)

    times_s: Annotated[tuple[float, ...], Field(min_length=1)]
    boxes: tuple[tuple[float, float, float, float], ...]

    @model_validator(mode="after")
    def _a_box_a_time(self) -> Self:
        if len(self.times_s) != len(self.boxes):
            raise ValueError("times_s and boxes do not fit each other")
        return self

    def path(self, shift_s: float) -> BlurredPath:
        """The same on the site's clock."""
        return BlurredPath(
            times_s=np.array(self.times_s, dtype=np.float64) + shift_s,
            boxes=np.array(self.boxes, dtype=np.float32),
        )


class _Meta(BaseModel):
    """Facts that stand in an artefact beside the tracklets."""

    model_config = ConfigDict(allow_inf_nan=False)

    key: str
    frames: tuple[Annotated[int, Field(ge=0)], ...]
    times_s: tuple[float, ...]
    report: CameraReport
    things: tuple[ThingFacts, ...]
    blurred: tuple[_Blurred, ...] = ()

    @model_validator(mode="after")
    def _a_time_a_frame(self) -> Self:
        if not len(self.frames) == len(self.times_s) == self.report.frames:
            raise ValueError("frames, times_s and report do not fit each other")
        return self


def camera_key(content: str, job: CameraJob, detector_id: str, encoder_id: str) -> str:
    """Key of all that a camera's tracklets depend on: an artefact with this key is not made again."""
    settings = job.config.model_dump(mode="json", include={"tracker", "tracklets"})
    # where a camera stands among the others is added when its tracklets are loaded, see `finished_camera`; and of
    # aspects only its own counts
    others = {"offset_s", "started_at", "timezone", "pixel_aspect"}
    part = job.config.source.model_dump(mode="json", exclude=others)
    centre = None if job.centre is None else hashlib.blake2b(job.centre.tobytes()).hexdigest()
    parts = [
        ALGORITHM, content, job.source.camera_id, job.source.begins_s, job.source.pixel_aspect, part, settings,
        job.split_distance, centre, detector_id, encoder_id,
    ]  # fmt: skip
    if ignored := ignored_zones(job.config.zones).get(job.source.camera_id):
        parts.append(ignored)
    return json_text.digest(parts, size=12)


def finished_camera(job: CameraJob, *, resumed: bool) -> TrackedCamera | None:
    """Load an artefact with this job's key, on the site's clock; None where the camera has to be tracked."""
    if not os.path.lexists(job.artefact):
        return None
    try:
        return load_camera(
            job.artefact, job.source.camera_id, shift_s=job.source.shift_s, key=job.key, resumed=resumed
        )
    except ArtefactError as error:
        why = str(error).removeprefix(f"{job.artefact} is ")
        log.warning("%s: damaged, so the camera is processed again (%s)", job.artefact, why)
        return None


def load_camera(
    artefact: Path, camera_id: str, *, shift_s: float, key: str | None = None, resumed: bool = True
) -> TrackedCamera | None:
    """Load a camera's artefact on the site's clock; None where it has another key than `key`.

    Args:
        shift_s: seconds that lead from the camera's own clock to the site's.
        key: that it must have; None: any.

    Raises:
        ArtefactError: the file cannot be used, for whatever reason; the sentence says which.
    """
    tracklets, content = load_tracklets(artefact)
    if key is not None and content.get("key") != key:
        return None
    try:
        meta = _Meta.model_validate(content)
    except ValidationError as error:
        raise ArtefactError(first_complaint(error)) from error
    return TrackedCamera(
        tracklets=[
            replace(one, times_s=one.times_s + shift_s, moments_s=one.moments_s + shift_s)
            for one in tracklets
        ],
        frames=np.array(meta.frames, dtype=np.int64),
        times_s=np.array(meta.times_s, dtype=np.float64) + shift_s,
        report=asdict(meta.report),
        resumed=resumed,
        things=[one.thing(name=camera_id, shift_s=shift_s) for one in meta.things],
        blurred=[one.path(shift_s) for one in meta.blurred],
    )


def track_camera(job: CameraJob) -> None:
    """Frames of one recording to tracklets on disk."""
    worker, config, name = current_worker(), job.config, job.source.camera_id
    watch, warnings = Stopwatch(), list[str]()
    indices, times = list[int](), list[float]()
    people = list[int]()

    def warn(text: str) -> None:
        warnings.append(text)
        worker.tell("message", text, "warning")

    def count(group: list[Frame]) -> None:
        indices.extend(frame.index for frame in group)
        times.extend(frame.timestamp_s for frame in group)
        worker.tell("advance", name, len(group))

    recording = job.source.on_its_own_clock()
    frames = _at_least_one(read(recording, config.source, warn), job)  # before seconds are spent on networks
    with watch.stage("load"):
        models = _models(worker, name, config)
    before = models.detector.model_s, models.encoder.model_s
    rate = probe(job.source, config.source).usual_fps
    static = static_places(name, config)
    found = follow_recording(
        name,
        frames,
        config,
        models,
        fps=rate,
        split_distance=job.split_distance,
        centre=job.centre,
        static=static,
        watch=watch,
        on_frames=count,
        on_people=people.append,
    )
    with ArtefactWriter(job.artefact) as artefact:
        for tracklet in found:
            artefact.append(tracklet)
        everything = artefact.tracklets
        kept = [one for one in everything if static is None or not static.shows_thing(one)]
        things = [] if static is None else static.things
        watch.seconds["detector network"] = models.detector.model_s - before[0]
        watch.seconds["encoder network"] = models.encoder.model_s - before[1]
        report = CameraReport(
            camera_id=name,
            frames=len(indices),
            tracklets=len(kept),
            static=len(everything) - len(kept),
            things=len(things),
            people=sum(people),
            detector_classes=models.detector.classes,
            duration_s=_recorded_s(np.array(times), job.source.begins_s),
            seconds=watch.seconds,
            warnings=tuple(warnings),
        )
        meta = {
            "key": job.key,
            "report": asdict(report),
            "frames": indices,
            "times_s": times,
            "things": [thing_facts(one) for one in things],
        }
        artefact.finish(meta, keep={tracklet.track_id for tracklet in kept})
    worker.tell("finish", name, f"{len(kept)} tracklets")


def _recorded_s(times_s: NDArray[np.float64], begins_s: Sequence[float]) -> float:
    """Duration of a recording on its own clock, in seconds; its files begin at `begins_s`."""
    steps = np.diff(times_s)
    if not len(steps):
        return 0.0
    first = np.searchsorted(times_s, np.array(begins_s[1:]) - 1e-6)  # frame of each file but the first
    pauses = steps[first[(first > 0) & (first < len(times_s))] - 1] - np.median(steps)
    return float(times_s[-1] - times_s[0] - pauses[pauses > 0].sum())


def _at_least_one(frames: Iterator[Frame], job: CameraJob) -> Iterator[Frame]:
    """Pass the frames on; raise an InputError where there is none."""
    first, part = next(frames, None), job.config.source
    if first is None:
        raise InputError(
            f"{job.source.files[0]}: no frame between source.start_s {part.start_s:g} and "
            f"source.end_s {part.end_s or 'the end'}; the recording is shorter"
        )
    return chain([first], frames)


def _models(worker: WorkerContext, camera_id: str, config: VideoConfig) -> "Models":
    """The networks, loaded for a worker's first camera and kept for its next ones."""
    if "models" not in worker.kept:
        from reid.build import build_models  # only where a camera has to be followed

        models = build_models(config.detector, config.encoder, threads=worker.threads)
        worker.kept["models"] = models
        worker.tell("message", f"{camera_id}: people are the detector's {models.detector.classes}")
    found: Models = worker.kept["models"]
    return found
