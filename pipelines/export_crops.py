"""`reid export crops`: people of results, after all decisions, for other programs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.exporting.coco import write_coco
from pipelines.exporting.crop_files import write_folders, write_market1501
from pipelines.exporting.cvat import write_cvat
from pipelines.exporting.people import ExportedSite, read_site
from pipelines.exporting.target import FACTS, Target
from pipelines.job_configs import ExportConfig
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Progress
from reid import json_text
from reid.errors import InputError

# what writes each format; it yields sentences on what could not be written, and on what to know of it
FORMATS: Mapping[str, Callable[[ExportedSite, Target], Iterator[str]]] = {
    "market1501": write_market1501,
    "folder": write_folders,
    "coco": write_coco,
    "cvat": write_cvat,
}


def run(paths: Sequence[Path], config: ExportConfig, progress: Progress) -> int:
    """Write the crops or boxes of the results folders `paths`; returns the exit code."""

    def check(facts: Mapping[str, Any]) -> None:
        if not config.overwrite:
            raise InputError(
                f"--output {config.output} holds another export; name another folder, or add --overwrite"
            )

    inputs = [("results", path) for path in paths]
    site = read_site(paths, reviewed_only=config.reviewed_only, progress=progress)
    with OwnedFolder.open(config.output, job="export", inputs=inputs, check=check) as owned:
        crops = sum(len(one.tracklet.crops) for one in site.tracklets)
        target = Target(owned=owned, task=progress.task("export", crops, "crops"))
        try:
            notes = list(FORMATS[config.format](site, target))
            target.write(FACTS, (json_text.dumps(_facts(site, config), indent=1) + "\n").encode())
        finally:
            owned.files.tidy()  # a frame that was not written, and that lies there later, is the user's
        target.task.finish()
    for note in notes:
        progress.message(note)
    people = {one.person_id for one in site.tracklets}
    progress.answer(
        f"{target.files} files of {len(people)} {'person' if len(people) == 1 else 'people'} as {config.format}: "
        f"{config.output}"
    )
    return 0


def _facts(site: ExportedSite, config: ExportConfig) -> dict[str, Any]:
    """What the numbers in names of files mean."""
    people = {one.person_id: one.name for one in site.tracklets}
    return {
        "format": config.format,
        "reviewed_only": config.reviewed_only,
        "people": {str(number): name for number, name in sorted(people.items())},
        "cameras": {str(number): name for number, name in enumerate(site.cameras, start=1)},
        "sequences": {str(number): str(run.root) for number, run in enumerate(site.runs, start=1)},
    }
