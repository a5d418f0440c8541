"""Recordings of several cameras to identities: load, follow every camera, link, write."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipelines.networks.chosen import identify, with_encoder_of, with_weights
from pipelines.recordings.annotated_video import blurred_in, render, render_jobs
from pipelines.recordings.camera_job import (
    CameraJob,
    TrackedCamera,
    camera_key,
    finished_camera,
    track_camera,
)
from pipelines.recordings.empty_cameras import empty_cameras
from pipelines.recordings.erased_tracklets import erase_suppressed
from pipelines.recordings.facts import (
    camera_facts,
    clock_facts,
    clock_row,
    motion_facts,
    motion_row,
    normalisation_facts,
    normalisation_rows,
)
from pipelines.recordings.frame_counts import frames_to_come, tell_rates, warn_of_pace
from pipelines.recordings.linking_policy import choose_policy
from pipelines.recordings.own_gallery import linked_gallery
from pipelines.recordings.results import (
    Results,
    describe,
    tracklets_of,
    zone_shapes,
)
from pipelines.recordings.results_folder import bring_in_line, forget_imported, note_written, results_folder
from pipelines.recordings.run_id import digest, run_id_of, settings_of
from pipelines.reviewing.run_gallery import RunGallery
from pipelines.runtime.inputs import inputs_of
from pipelines.runtime.pool import first_error, run_jobs, workers_for
from pipelines.runtime.progress import Progress
from reid.config import VideoConfig
from reid.linking.between import check_same_ground
from reid.linking.constraints import check_travel
from reid.linking.expected import sentence as expected_sentence
from reid.linking.policy import LinkingPolicy
from reid.outputs.folder import ResultsFolder
from reid.outputs.static_things import things_sentence
from reid.site import link_site
from reid.store.index import require_faiss
from reid.suppression import Footage, require_key
from reid.video.content import content_key
from reid.video.reader import SourceInfo, probe
from reid.video.source import Source, parse_sources
from reid.video.starts import place
from reid.zone_config import check_zones


def run(config: VideoConfig, progress: Progress) -> int:
    """Process the recordings of `config` and write the results folder; returns the exit code."""
    with ExitStack() as held:
        return _run(config, progress, held)


def _run(config: VideoConfig, progress: Progress, held: ExitStack) -> int:
    """As `run`; `held` keeps the results folder to the end."""
    started, clock = datetime.now(UTC), time.perf_counter()
    found = parse_sources(config.sources, config.source.offset_s, config.source.pixel_aspect)
    placed = place(found, config.source)
    sources = placed.sources
    infos = {source.camera_id: probe(source, config.source) for source in sources}
    contents = {source.camera_id: content_key(source) for source in sources}
    run_id = run_id_of(sources, contents, config.source)
    config = with_weights(with_encoder_of(config, linked_gallery(config, run_id), progress))
    known = identify(config)
    detector_id, encoder_id = known.detector_id, known.encoder_id
    policy = choose_policy(config, known.encoder, encoder_id, progress, dimension=known.dimension)
    check_travel(config.linking.min_travel_s, list(infos))
    check_same_ground(config.linking.same_ground, list(infos))
    check_zones(config.zones, list(infos))
    for sentence in placed.warnings:
        progress.message(sentence, "warning")
    tell_rates(infos, progress)
    warn_of_pace(infos, config, progress)
    decided = [policy.source, policy.max_distance]
    # times in the world are in the tables, and file names may say other ones of the same recordings
    world = None if placed.clock is None else [placed.clock.zero_s, placed.clock.zone]
    run_key = digest([run_id, detector_id, encoder_id, decided, settings_of(config), world])
    if config.gallery is not None:
        require_faiss()
    gallery = RunGallery(config, run_id, encoder_id, known.dimension, progress)
    try:
        if gallery.store is not None:
            require_key(gallery.store.suppressed(), gallery.store.path)  # before hours of work
        # after the gallery: where that is refused, nothing must have been overwritten
        recordings = ((source.camera_id, file) for source in sources for file in source.files)
        inputs = [*recordings, *inputs_of(config)]
        owned = held.enter_context(
            results_folder(
                config,
                run_key=run_key,
                cameras=list(infos),
                inputs=inputs,
                first=gallery.keep_moved,
            )
        )
        folder = ResultsFolder(owned.root)
        jobs = _jobs(sources, contents, policy, config, folder, (detector_id, encoder_id))
        cameras = _follow(jobs, infos, config, progress)
        footage = {source.camera_id: _footage(source, contents, infos) for source in sources}
        followed, cameras = cameras, erase_suppressed(cameras, gallery.store, footage, folder, progress)
        linking = link_site(
            tracklets_of(cameras),
            policy,
            gallery.store,
            run_id=run_id,
            started=started,
            cameras=list(infos),
            clock=placed.clock,
            footage=footage,
        )
    finally:
        gallery.close()
    bring_in_line(owned, linking, config.outputs)
    warnings = empty_cameras(cameras, config.detector)
    for sentence in warnings:
        progress.message(sentence, "warning")
    warnings = [*([policy.warning] if policy.warning else []), *warnings]
    results = Results(
        folder=folder,
        files=owned.files,
        outputs=config.outputs,
        cameras=cameras,
        linking=linking,
        clock=placed.clock,
        zones=zone_shapes(config.zones, {name: (info.width, info.height) for name, info in infos.items()}),
    )
    tracks = results.write()
    if config.outputs.crops:
        forget_imported(owned)
    facts = {
        source.camera_id: camera_facts(
            cameras[source.camera_id], infos[source.camera_id], source, placed, config.source
        )
        | {
            "content": contents[source.camera_id],
            "motion": motion_facts(linking.motion.get(source.camera_id)),
            "normalisation": normalisation_facts(linking.normalisation.get(source.camera_id)),
        }
        for source in sources
    }
    try:
        blurred = blurred_in(followed, cameras, config.outputs)
        videos = render_jobs(sources, tracks, config.source, folder, blurred) if config.outputs.video else []
        frames = {name: len(camera.frames) for name, camera in cameras.items()}
        rendering, failure = render(videos, frames, config.workers, progress), None
    except Exception as error:  # a video that cannot be drawn must not cost the report
        rendering, failure = [], error
    seconds = time.perf_counter() - clock
    processed = sum(len(camera.frames) for camera in cameras.values() if not camera.resumed)
    run_facts = {
        "run_key": run_key,
        "run_id": run_id,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "frames_per_second": round(processed / seconds, 2) if processed else None,
        "detector_id": detector_id,
        "encoder_id": encoder_id,
        "clock": clock_facts(placed),
        "threshold": policy.facts(len(linking.identities)),
        "camera_pairs": [pair.facts() for pair in linking.between],
        "zones": results.zone_facts,
        "detector_classes": next(iter(cameras.values())).report["detector_classes"],
        "warnings": [*placed.warnings, *warnings],
    }
    drawn = [name for name in cameras if config.outputs.video and folder.video(name).is_file()]
    unwritten = results.finish(run_facts | describe(config, facts, rendering), videos=drawn)
    note_written(owned)
    failure = failure or unwritten
    _summarise(results, facts, policy, seconds, progress, clock_row(placed))
    if failure is not None:
        raise failure
    return 0


def _footage(source: Source, contents: Mapping[str, str], infos: Mapping[str, SourceInfo]) -> Footage:
    """What a gallery keeps of a recording, so that who is erased can be left out when it is processed again."""
    info = infos[source.camera_id]
    content = contents[source.camera_id]
    return Footage(content=content, width=info.width, height=info.height, shift_s=source.shift_s)


def _jobs(
    sources: Sequence[Source],
    contents: Mapping[str, str],
    policy: LinkingPolicy,
    config: VideoConfig,
    folder: ResultsFolder,
    model_ids: tuple[str, str],
) -> list[CameraJob]:
    jobs = [
        CameraJob(
            source=source,
            config=config,
            split_distance=policy.split_distance,
            centre=policy.centre,
            artefact=folder.camera(source.camera_id),
            key="",
        )
        for source in sources
    ]
    return [replace(job, key=camera_key(contents[job.source.camera_id], job, *model_ids)) for job in jobs]


def _follow(
    jobs: Sequence[CameraJob], infos: Mapping[str, SourceInfo], config: VideoConfig, progress: Progress
) -> dict[str, TrackedCamera]:
    """Tracklets of all cameras; only those that no earlier run has finished are followed."""
    finished = {
        job.source.camera_id: camera for job in jobs if (camera := finished_camera(job, resumed=True))
    }
    todo = [job for job in jobs if job.source.camera_id not in finished]
    for job in jobs:
        name = job.source.camera_id
        task = progress.task(name, frames_to_come(infos[name], config))
        if name in finished:
            task.advance(len(finished[name].frames))
            task.finish("done before")
    if todo:
        _, failed = run_jobs(
            todo,
            track_camera,
            workers=workers_for(config.workers, len(todo)),
            progress=progress,
            name=lambda job: job.source.camera_id,
        )
        if failed:
            end = first_error(failed)
            for job, error in failed:
                if error is not end:
                    progress.message(f"{job.source.camera_id} failed: {error}", "error")
            if len(failed) < len(jobs):
                progress.message(
                    f"{len(jobs) - len(failed)} of {len(jobs)} cameras are done and kept in {config.output}: "
                    "the same command goes on from there",
                    "warning",
                )
            raise end
    for job in todo:
        camera = finished_camera(job, resumed=False)
        if camera is None:
            raise RuntimeError(f"{job.artefact} vanished while the run was going on")
        finished[job.source.camera_id] = camera
    return {job.source.camera_id: finished[job.source.camera_id] for job in jobs}


def _summarise(
    results: Results,
    cameras: Mapping[str, Mapping[str, Any]],
    policy: LinkingPolicy,
    seconds: float,
    progress: Progress,
    began: tuple[str, str] | None,
) -> None:
    """The tables that end the run."""
    matches, folder, outputs = results.linking.matches, results.folder, results.outputs
    rows = []
    for name, facts in cameras.items():
        own = [m for m in matches if m.tracklet.camera_id == name]
        people = len({m.person_id for m in own})
        rate = "done before" if facts["resumed"] else f"{facts['frames_per_second']}"
        rows.append([name, facts["frames"], rate, len(own), people])
    people = len(results.linking.identities)
    known = sum(identity.known for identity in results.linking.identities)
    rows.append(["all", sum(f["frames"] for f in cameras.values()), "", len(matches), people])
    progress.summary("who was where", rows, header=("camera", "frames", "frames/s", "tracklets", "people"))
    if judged := normalisation_rows(results.linking.normalisation):
        progress.summary("camera normalisation", judged, header=("camera", "answer", "evidence"))
    if linked := [pair for pair in results.linking.between if pair.answer != "not known"]:
        told = [[" and ".join(p.cameras), p.answer, p.refused, p.helped, "; ".join(p.why)] for p in linked]
        header = ("cameras", "relation", "links refused", "links helped", "evidence")
        progress.summary("pairs of cameras", told, header=header)
    where = [("people", f"{people}, {known} of them known before"), ("took", f"{seconds:.1f} s")]
    if results.things:
        where.append(("static things", things_sentence(results.things)))
    where += [row for row in (motion_row(results.linking.motion), began) if row is not None]
    if (expected := policy.expected(people)) is not None:
        where.append(("errors to expect", expected_sentence(expected)))
    if policy.warning:
        where.append(("warning", policy.warning))
    if empty := [name for name, facts in cameras.items() if facts["people"] == 0]:
        where.append(("no person found in", f"{', '.join(empty)}; see the warning on what to check"))
    where.append(("results", str(folder.root)))
    if outputs.report:
        where.append(("report", str(folder.report)))
    progress.summary("result", where)
