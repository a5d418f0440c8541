"""Recordings of several cameras to identities: load, follow every camera, link, write."""

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.progress import Progress
from pipelines.render import RenderJob, render_camera
from pipelines.results import Results, describe
from pipelines.workers import CameraJob, camera_key, first_error, follow_camera, run_jobs, workers_for
from reid.config import LinkingConfig, VideoConfig
from reid.detection.yolo import content_id, existing_weights
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.gallery import calibration as calibrations
from reid.gallery.index import PersonIndex
from reid.gallery.linking import Linking, link
from reid.gallery.store import Sighting, Store
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.types import Array, Identity, Tracklet
from reid.video.reader import SourceInfo, probe
from reid.video.source import Source, content_key, parse_sources

UNCALIBRATED_DISTANCE = (
    0.35  # of cosine distances of usual re-identification networks; a warning goes with it
)
MOST_PEOPLE = 500  # of a gallery that are all compared; of larger ones the index finds the candidates
CANDIDATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The distance that links, where it comes from, and the centre that distances are taken from."""

    max_distance: float
    source: str
    centre: Array | None


def run(config: VideoConfig, progress: Progress) -> int:
    """Process the recordings of `config` and write the results folder; returns the exit code."""
    started, clock = datetime.now(UTC), time.perf_counter()
    sources = parse_sources(config.sources, config.source.offset_s)
    detector_id, encoder_id, encoder = _identify(config)
    threshold = _threshold(config.linking, encoder, encoder_id, progress)
    infos = {source.camera_id: probe(source, config.source) for source in sources}
    contents = {source.camera_id: content_key(source) for source in sources}
    recordings = _digest([[s.camera_id, contents[s.camera_id], s.offset_s] for s in sources])
    folder_key = _digest([recordings, detector_id, encoder_id, _settings(config)])
    folder = ResultsFolder.open(
        config.output, run_key=folder_key, cameras=list(infos), overwrite=config.overwrite
    )
    store = Store.open(config.gallery, encoder_id=encoder_id) if config.gallery else None
    try:
        jobs = [
            CameraJob(
                source=source,
                config=config,
                artefact=folder.camera(source.camera_id),
                key=camera_key(contents[source.camera_id], source, config, detector_id, encoder_id),
            )
            for source in sources
        ]
        cameras = _follow(jobs, infos, config, progress)
        tracklets = [tracklet for camera in cameras.values() for tracklet in camera.tracklets]
        linking = _link(tracklets, threshold, config.linking, store, recordings)
        if store is not None:
            _remember(store, recordings, tracklets, linking, started, list(infos))
    finally:
        if store is not None:
            store.close()
    results = Results(
        folder=folder,
        config=config,
        tracklets=tracklets,
        linking=linking,
        frames={name: (camera.frames, camera.times_s) for name, camera in cameras.items()},
    )
    rendering = _render(sources, results.write(), config, folder, progress)
    facts = {name: _facts(camera, infos[name]) for name, camera in cameras.items()}
    seconds = time.perf_counter() - clock
    processed = sum(len(camera.frames) for camera in cameras.values() if not camera.resumed)
    results.finish(
        {
            "run_key": folder_key,
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 2),
            "frames_per_second": round(processed / seconds, 2),
            "detector_id": detector_id,
            "encoder_id": encoder_id,
            "threshold": {"max_distance": threshold.max_distance, "source": threshold.source},
        }
        | describe(config, facts, rendering)
    )
    _summarise(results, facts, seconds, progress)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedCamera:
    """What one camera gave."""

    tracklets: list[Tracklet]
    frames: np.ndarray[Any, np.dtype[np.int64]]  # (F,) indices of the frames that were processed
    times_s: np.ndarray[Any, np.dtype[np.float64]]  # (F,)
    report: Mapping[str, Any]
    resumed: bool


def _identify(config: VideoConfig) -> tuple[str, str, Path]:
    """Ids of detector and encoder, before anything is computed, and the encoder's path."""
    detector_id = content_id(existing_weights(config.detector.weights), config.detector)
    if config.encoder.weights is None:
        raise InputError(
            "no encoder is given: --encoder FILE (or encoder.weights) takes a re-identification network: a "
            "torchreid checkpoint (.pth), an ONNX file (.onnx) or an OpenVINO file (.xml)"
        )
    return detector_id, open_weights(config.encoder.weights).encoder_id, config.encoder.weights


def _threshold(config: LinkingConfig, encoder: Path, encoder_id: str, progress: Progress) -> Threshold:
    """From the config, the calibration given, the one that belongs to the encoder, or a guess with a warning."""
    path = config.calibration or calibrations.find(encoder, encoder_id)
    calibration = calibrations.load(path, encoder_id) if path else None
    centre = calibration.centre if calibration else None
    if config.max_distance is not None:
        return Threshold(max_distance=config.max_distance, source="linking.max_distance", centre=centre)
    if calibration is not None:
        source = f"calibration on {calibration.data_set}, {calibration.operating_point}"
        return Threshold(max_distance=calibration.max_distance, source=source, centre=centre)
    progress.message(
        f"{encoder.name} (encoder {encoder_id}) has no calibration file; people are linked up to a distance of "
        f"{UNCALIBRATED_DISTANCE}, a guess: look at the links with the smallest margins in the report, and set "
        "--max-distance",
        "warning",
    )
    return Threshold(max_distance=UNCALIBRATED_DISTANCE, source="a guess, no calibration", centre=None)


def _follow(
    jobs: Sequence[CameraJob], infos: Mapping[str, SourceInfo], config: VideoConfig, progress: Progress
) -> dict[str, FollowedCamera]:
    """Tracklets of all cameras; only those that no earlier run has finished are followed."""
    finished = {job.source.camera_id: camera for job in jobs if (camera := _finished(job, resumed=True))}
    todo = [job for job in jobs if job.source.camera_id not in finished]
    for job in jobs:
        name = job.source.camera_id
        task = progress.task(name, _frames_to_come(infos[name], config))
        if name in finished:
            task.advance(len(finished[name].frames))
            task.finish("done before")
    if todo:
        workers = workers_for(config.workers, len(todo))
        _, failed = run_jobs(todo, follow_camera, config=config, workers=workers, progress=progress)
        if failed:
            for job, error in failed:
                progress.message(f"{job.source.camera_id}: {error}", "error")
            raise first_error(failed)
    for job in todo:
        camera = _finished(job, resumed=False)
        if camera is None:
            raise RuntimeError(f"{job.artefact} vanished while the run was going on")
        finished[job.source.camera_id] = camera
    return {job.source.camera_id: finished[job.source.camera_id] for job in jobs}


def _finished(job: CameraJob, *, resumed: bool) -> FollowedCamera | None:
    """What an artefact with this job's key holds, or None where the camera has to be followed."""
    try:
        tracklets, meta = load_tracklets(job.artefact)
    except ArtefactError:
        return None
    if meta.get("key") != job.key:
        return None
    return FollowedCamera(
        tracklets=tracklets,
        frames=np.array(meta["frames"], dtype=np.int64),
        times_s=np.array(meta["times_s"], dtype=np.float64),
        report=meta["report"],
        resumed=resumed,
    )


def _frames_to_come(info: SourceInfo, config: VideoConfig) -> float | None:
    """About how many frames of a recording will be processed."""
    if info.duration_s is None:
        return info.frames
    end = min(info.duration_s, config.source.end_s or info.duration_s)
    rate = min(info.fps, config.source.fps or info.fps)
    return max(0.0, end - config.source.start_s) * rate


def _link(
    tracklets: Sequence[Tracklet],
    threshold: Threshold,
    config: LinkingConfig,
    store: Store | None,
    recordings: str,
) -> Linking:
    """Who is who, among the tracklets and the people whom the gallery knows from other recordings."""
    return link(
        tracklets,
        max_distance=threshold.max_distance,
        centre=threshold.centre,
        min_travel_s=config.min_travel_s,
        people=_known(store, tracklets, recordings) if store else (),
        next_person_id=store.next_person_id() if store else 1,
        former_ids=store.former_ids(recordings) if store else {},
    )


def _known(store: Store, tracklets: Sequence[Tracklet], recordings: str) -> list[Identity]:
    people = [p for p in store.identities(without_run=recordings) if len(p.prototypes)]
    if len(people) <= MOST_PEOPLE or not tracklets:
        return people
    vectors = np.concatenate([tracklet.embeddings.vectors for tracklet in tracklets])
    _, ids = PersonIndex(store).search(vectors, CANDIDATES)
    near = set(ids.ravel().tolist())
    return [person for person in people if person.person_id in near]


def _remember(
    store: Store,
    recordings: str,
    tracklets: Sequence[Tracklet],
    linking: Linking,
    started: datetime,
    cameras: Sequence[str],
) -> None:
    sightings = [
        Sighting(match=match, start_s=t.start_s, end_s=t.end_s, embeddings=t.embeddings)
        for t, match in zip(tracklets, linking.matches, strict=True)
    ]
    store.commit_run(recordings, sightings, started=started, cameras=cameras)


def _render(
    sources: Sequence[Source],
    tracks: Mapping[str, Any],
    config: VideoConfig,
    folder: ResultsFolder,
    progress: Progress,
) -> dict[str, dict[str, float]]:
    """Annotated videos of all cameras, each in a worker; returns seconds by stage."""
    if not config.outputs.video:
        return {}
    jobs = [
        RenderJob(source=s, config=config.source, tracks=tracks[s.camera_id], path=folder.video(s.camera_id))
        for s in sources
    ]
    progress.message("drawing the annotated videos")
    workers = workers_for(config.workers, len(jobs))
    done, failed = run_jobs(jobs, render_camera, config=config, workers=workers, progress=progress)
    if failed:
        raise first_error(failed)
    return {job.source.camera_id: seconds for job, seconds in zip(jobs, done, strict=True)}


def _summarise(
    results: Results, cameras: Mapping[str, Mapping[str, Any]], seconds: float, progress: Progress
) -> None:
    """The table that ends the run."""
    matches, folder, outputs = results.linking.matches, results.folder, results.config.outputs
    rows = []
    for name, facts in cameras.items():
        own = [m for m in matches if m.tracklet.camera_id == name]
        people = len({m.person_id for m in own if m.person_id is not None})
        rate = "done before" if facts["resumed"] else f"{facts['frames_per_second']} frames/s"
        rows.append([name, f"{facts['frames']} frames", f"{len(own)} tracklets", f"{people} people", rate])
    people = len(results.linking.identities)
    known = sum(identity.known for identity in results.linking.identities)
    rows.append(
        ["all", f"{seconds:.1f} s", f"{len(matches)} tracklets", f"{people} people", f"{known} known before"]
    )
    progress.summary("who was where", rows, header=("camera", "", "", "", ""))
    where = [("results", str(folder.root))]
    if outputs.report:
        where.append(("report", str(folder.report)))
    progress.summary("where it lies", where)


def _facts(camera: FollowedCamera, info: SourceInfo) -> dict[str, Any]:
    report = dict(camera.report)
    seconds = sum(s for stage, s in report["seconds"].items() if not stage.endswith("network"))
    frames = int(report["frames"])
    return (
        report
        | asdict(info)
        | {
            "frames": frames,
            "resumed": camera.resumed,
            "frames_per_second": round(frames / seconds, 2) if seconds else None,
        }
    )


def _settings(config: VideoConfig) -> dict[str, Any]:
    """The settings that change results."""
    return config.model_dump(
        mode="json",
        exclude={
            "sources": True, "output": True, "overwrite": True, "workers": True, "outputs": True,
            "detector": {"weights", "batch", "device", "backend"},
            "encoder": True,
        },
    )  # fmt: skip


def _digest(parts: Any) -> str:
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=12).hexdigest()
