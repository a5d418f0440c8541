"""The results folders beside a gallery that were linked with it."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.reviewing.known_run import check_reviewable
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.ownership import marked_job
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.results_files import recorded_path
from reid.store.opening import open_store
from reid.text_file import read_json

JOB = "video"  # that writes results folders


def runs_beside(gallery: Path, progress: Progress) -> list[FinishedRun]:
    """The runs of a gallery whose results folders lie beside it; those that cannot be reviewed are warned of."""
    runs = list(fitting(gallery, progress))
    if runs:
        progress.message(f"results beside {gallery}: {', '.join(run.root.name for run in runs)}")
    else:
        progress.message(
            f"no results folder of {gallery} lies beside it, so there are no crops to look at; name the folders too: "
            f"`reid review {gallery} RESULTS...`",
            "warning",
        )
    return runs


def fitting(gallery: Path, progress: Progress) -> Iterator[FinishedRun]:
    """The runs of a gallery whose results folders lie beside it; those that do not fit it are warned of."""
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        for file in sorted(gallery.absolute().parent.glob("*/run.json")):
            root = file.parent
            if marked_job(root) != JOB:
                continue
            try:
                if not _names(file, gallery):
                    continue
                run = FinishedRun.read(root)
                check_reviewable(store, run)
            except InputError as error:
                progress.message(f"{root.name} beside {gallery.name} is left out: {error}", "warning")
            else:
                yield run


def _names(file: Path, gallery: Path) -> bool:
    """Whether run.json names this gallery."""
    content = read_json(file, "what a finished `reid video` has written")
    config = content.get("config") if isinstance(content, dict) else None
    named, output = (
        (config.get("gallery"), config.get("output")) if isinstance(config, dict) else (None, None)
    )
    if not isinstance(named, str):
        return False
    at = Path(output) if isinstance(output, str) else None
    return recorded_path(file.parent, Path(named), at).resolve() == gallery.resolve()
