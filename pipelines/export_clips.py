"""`reid export clips`: all appearances of one person as one film."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.exporting.film import FilmedScene, FilmScene, appearances, write_film
from pipelines.exporting.people import ExportedSite, read_site
from pipelines.job_configs import ExportClipsConfig
from pipelines.runtime.progress import Progress
from pipelines.runtime.single_file import single_file
from reid.errors import InputError
from reid.types import person_name
from reid.video.draw import clock_text
from reid.video.reader import SourceInfo, probe
from reid.video.source import Source

NOT_FOUND = (
    "only people that were found are blurred, and none in a zone to ignore: look at the film before you give it "
    "away, or use --blur surroundings"
)


def run(paths: Sequence[Path], config: ExportClipsConfig, progress: Progress) -> int:
    """Write the film of a person of the results folders `paths`; returns the exit code.

    Raises:
        InputError: there is no such person, or none of their recordings is at hand.
    """
    site = read_site(paths, reviewed_only=False, progress=progress)
    person_id, name = _found(site, config.person)
    own = [one for one in site.tracklets if one.person_id == person_id]
    found = appearances(own, config.around_s)
    path = config.output or Path(f"{person_name(person_id)}.mp4")
    if path.is_file() and not config.overwrite:
        raise InputError(
            f"--output {path}: is there already; name another file, or replace it with --overwrite"
        )
    with single_file(path, ".mp4", work="reid export clips", what="a film", ours=lambda _: config.overwrite):
        filmed = _filmed(found, progress)
        shown = [one.scene for one in filmed]
        expected = sum((one.scene.end_s - one.scene.start_s) * one.frames_per_second for one in filmed)
        task = progress.task("film", round(expected), unit="frames")
        count = write_film(path, filmed, person_id, config.blur, task.advance)
        task.finish()
    if config.blur in ("others", "all"):
        progress.message(NOT_FOUND, "warning")
    progress.summary(
        f"{name}, {len(shown)} of {len(found)} appearances",
        [
            (
                *((one.run.root.name,) if len(paths) > 1 else ()),
                one.camera_id,
                clock_text(one.start_s),
                f"{one.end_s - one.start_s:.1f} s",
            )
            for one in shown
        ],
        header=(*(("results",) if len(paths) > 1 else ()), "camera", "from", "length"),
    )
    progress.answer(f"{count} frames, blurred: {config.blur}: {path}")
    return 0


def _found(site: ExportedSite, asked: str) -> tuple[int, str]:
    """Number and name of a person.

    Raises:
        InputError: there is none of that name, label or number.
    """
    people = {one.person_id: one.name for one in site.tracklets}
    for number, name in people.items():
        if asked.strip() in (name, person_name(number), str(number)):
            return number, name
    there = ", ".join(name for _, name in sorted(people.items())[:20])
    more = f" and {len(people) - 20} others" if len(people) > 20 else ""
    raise InputError(f"--person {asked!r}: not in {site.runs[0].root}; there are {there}{more}")


def _filmed(found: Sequence[FilmScene], progress: Progress) -> list[FilmedScene]:
    """The appearances with their recordings; each recording that is not there is told once, its scenes are left out.

    Raises:
        InputError: no recording is there.
    """
    sources: dict[tuple[Path, str], tuple[Source, SourceInfo] | str] = {}
    for one in found:
        key = (one.run.root, one.camera_id)
        if key not in sources:
            try:
                source = one.run.recording(one.camera_id)
                sources[key] = source, probe(source, one.run.config.source)
            except (InputError, OSError) as error:
                sources[key] = f"{one.camera_id} of {one.run.root}: {error}"
    shown = [
        FilmedScene(scene=one, source=there[0], info=there[1])
        for one in found
        if not isinstance(there := sources[one.run.root, one.camera_id], str)
    ]
    missing = [why for why in sources.values() if isinstance(why, str)]
    if not shown:
        raise InputError(f"no appearance can be shown: {'; '.join(missing)}")
    for why in missing:
        progress.message(f"not in the film: {why}", "warning")
    return shown
