"""Annotated video of one camera: the recording once more, with every person's box and name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.recordings.camera_job import TrackedCamera
from pipelines.recordings.presence import HOLD_S, PersonPath, Presence
from pipelines.recordings.trails import Trails
from pipelines.runtime.pool import first_error, run_jobs, workers_for
from pipelines.runtime.progress import Progress
from pipelines.runtime.worker import current_worker
from reid.camera_config import SourceConfig
from reid.config import OutputConfig
from reid.outputs.folder import ResultsFolder
from reid.outputs.mot import CameraTracks
from reid.outputs.video_times import PAUSE_S
from reid.timing import Stopwatch
from reid.video.blur import blur_boxes
from reid.video.draw import Mark, annotate
from reid.video.reader import probe, read
from reid.video.source import Source
from reid.video.writer import VideoWriter

REPORT_EVERY = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """One camera to draw."""

    source: Source
    config: SourceConfig
    tracks: CameraTracks
    path: Path
    blurred: tuple[PersonPath, ...]  # people who are blurred
    task: str  # its name in the progress


def blurred_in(
    followed: Mapping[str, TrackedCamera], shown: Mapping[str, TrackedCamera], outputs: OutputConfig
) -> dict[str, list[PersonPath]]:
    """The people to blur, by camera: those who were erased, and if so asked all who were found.

    Args:
        followed: all tracklets.
        shown: without those of people who were erased.
    """
    found: dict[str, list[PersonPath]] = {}
    for name, camera in followed.items():
        stay = set() if outputs.blur == "all" else {one.key for one in shown[name].tracklets}
        found[name] = [*camera.blurred, *(one for one in camera.tracklets if one.key not in stay)]
    return found


def render_jobs(
    sources: Sequence[Source],
    tracks: Mapping[str, CameraTracks],
    config: SourceConfig,
    folder: ResultsFolder,
    blurred: Mapping[str, Sequence[PersonPath]],
) -> list[RenderJob]:
    """The jobs that draw these cameras into a results folder; people in `blurred` are blurred."""
    return [
        RenderJob(
            source=source,
            config=config,
            tracks=tracks[source.camera_id],
            path=folder.video(source.camera_id),
            blurred=tuple(blurred.get(source.camera_id, ())),
            task=f"{source.camera_id} video",
        )
        for source in sources
    ]


def render(
    jobs: Sequence[RenderJob], frames: Mapping[str, int], workers: int, progress: Progress
) -> list[dict[str, float]]:
    """Draw the videos, each in a worker; returns the seconds of each by stage.

    Args:
        frames: how many each camera has, by its name.
        workers: see `VideoConfig.workers`.
    """
    if not jobs:
        return []
    for job in jobs:
        progress.task(job.task, frames[job.source.camera_id])
    done, failed = run_jobs(
        jobs,
        render_camera,
        workers=workers_for(workers, len(jobs)),
        progress=progress,
        name=lambda job: job.task,
    )
    if failed:
        raise first_error(failed)
    return done


def render_camera(job: RenderJob) -> dict[str, float]:
    """Write the video and return the seconds it took, by stage. Runs in a worker."""
    worker, watch, tracks, drawn = current_worker(), Stopwatch(), job.tracks, 0
    rate = probe(job.source, job.config).usual_fps
    first = np.searchsorted(tracks.frames, tracks.frames)  # row where each frame's boxes begin
    rows = {int(tracks.frames[start]): start for start in np.unique(first)}
    last_s: float | None = None
    shown_s = 0.0
    trails, blurred = Trails(), Presence(job.blurred, HOLD_S)
    frames = read(job.source, job.config, lambda _: None)  # what is damaged was reported the first time
    job.path.parent.mkdir(exist_ok=True)
    with VideoWriter(job.path, fps_hint=min(rate, job.config.fps or rate)) as writer:
        for group in watch.groups("read again", frames, 1):
            frame = group[0]
            with watch.stage("draw"):
                start = rows.get(frame.index, len(tracks))
                stop = int(np.searchsorted(tracks.frames, frame.index, side="right"))
                marks = []
                for row in range(start, stop):
                    person, box = int(tracks.person_ids[row]), tracks.boxes[row]
                    trail = trails.follow(person, int(tracks.track_ids[row]), frame.timestamp_s, box)
                    marks.append(Mark(box=box, person_id=person, trail=trail))
                shown = blur_boxes(frame.image, blurred.boxes_at(frame.timestamp_s))
                image = annotate(shown, marks, camera=job.source.camera_id, time_s=frame.timestamp_s)
            with watch.stage("write video"):
                step_s = 0.0 if last_s is None else frame.timestamp_s - last_s
                last_s, shown_s = frame.timestamp_s, shown_s + min(step_s, PAUSE_S)
                writer.write(image, shown_s)
            drawn += 1
            if drawn % REPORT_EVERY == 0:
                worker.tell("advance", job.task, REPORT_EVERY)
    worker.tell("advance", job.task, drawn % REPORT_EVERY)
    worker.tell("finish", job.task)
    return watch.seconds
