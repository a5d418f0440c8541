"""Annotated videos drawn again after decisions: of the cameras whose people changed, where recordings are at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.recordings.annotated_video import blurred_in, render, render_jobs
from pipelines.recordings.camera_job import TrackedCamera
from pipelines.reviewing.opening import OpenRun
from pipelines.runtime.progress import Progress
from reid.errors import InputError, ReidError
from reid.outputs.folder import ResultsFolder
from reid.outputs.mot import CameraTracks
from reid.video.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawnVideos:
    """Which videos were drawn again, and which were not."""

    drawn: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    why: str = ""


def draw_again(
    opened: OpenRun,
    names: Sequence[str],
    tracks: Mapping[str, CameraTracks],
    cameras: Mapping[str, TrackedCamera],
    folder: ResultsFolder,
    workers: int,
    progress: Progress,
) -> RedrawnVideos:
    """Draw the videos of cameras whose identities changed, where recordings are at hand."""
    run, why = opened.run, ""
    there = [name for name in names if opened.owned.files.owns(run.folder.video(name))]
    wanted = names if run.config.outputs.video else there
    sources: list[Source] = []
    for name in wanted:
        try:
            sources.append(run.recording(name))
        except (InputError, OSError) as error:
            why = why or str(error)
    frames = {name: len(camera.frames) for name, camera in cameras.items()}
    try:
        now = run.tracked()  # without people who were erased meanwhile, but with their places
        blurred = blurred_in(now, now, run.config.outputs)
        render(render_jobs(sources, tracks, run.config.source, folder, blurred), frames, workers, progress)
    except ReidError as error:  # a recording that is damaged now must not cost the report
        why = why or str(error)
    drawn = tuple(name for name in wanted if folder.video(name).exists())
    older = tuple(name for name in there if name not in drawn and run.folder.video(name).exists())
    return RedrawnVideos(drawn=drawn, older=older, why=why)
