"""Results folders and their gallery, opened for review: held by this process, all of one site."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.recordings.own_gallery import NAME, list_sides, own_gallery
from pipelines.recordings.results_folder import half_written
from pipelines.reviewing.beside import JOB, runs_beside
from pipelines.reviewing.known_run import check_reviewable
from pipelines.reviewing.making_gallery import make_gallery
from pipelines.reviewing.recorded_run import FinishedRun
from pipelines.runtime.adoption import found_by_an_earlier_version
from pipelines.runtime.ownership import OwnedFolder, marked_job
from pipelines.runtime.progress import Progress
from reid.errors import Busy, InputError
from reid.store.base import Store
from reid.store.opening import open_store


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenRun:
    """A results folder that this process holds."""

    run: FinishedRun
    owned: OwnedFolder

    def now(self) -> FinishedRun:
        """The run as its folder tells it now: it may have been written again."""
        return FinishedRun.read(self.run.root)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenSite:
    """A gallery, open for writing, and the results folders of its runs that are at hand."""

    store: Store
    runs: tuple[OpenRun, ...]  # by their start


@contextmanager
def open_site(paths: Sequence[Path], progress: Progress) -> Iterator[OpenSite]:
    """Open results folders, or a gallery with the results folders beside it, for the length of a `with` block.

    Results that were made without a gallery get one of their own, `RESULTS/gallery.db`, as they are.

    Raises:
        InputError: one is neither, they are not all of one gallery, or it does not know a run.
        Busy: another process writes a folder or the gallery.
    """
    folders, gallery = _sorted_out(paths)
    with ExitStack() as held:
        runs = [FinishedRun.read(root) for root in folders]
        if gallery is not None and not runs:
            runs = runs_beside(gallery, progress)
        opened = [OpenRun(run=run, owned=held.enter_context(_owned(run.root))) for run in runs]
        opened.sort(key=lambda one: (one.run.started, str(one.run.root)))
        path = gallery or _common_gallery(opened, progress)
        store = held.enter_context(open_store(path, encoder_id=None))
        for one in opened:
            check_reviewable(store, one.run)
            if said := half_written(one.run.root, one.owned.facts):
                progress.message(said, "warning")
        yield OpenSite(store=store, runs=tuple(opened))


def _sorted_out(paths: Sequence[Path]) -> tuple[list[Path], Path | None]:
    """Results folders, and the gallery if one is named."""
    folders = [path for path in paths if path.is_dir()]
    files = [path for path in paths if not path.is_dir()]
    for path in files:
        if not path.exists():
            raise InputError(
                f"{path}: not there; name results folders of `reid video`, or a gallery such as site.db"
            )
    if len(files) > 1:
        raise InputError(
            f"{files[1]}: a second gallery, after {files[0]}; people of two galleries are not compared"
        )
    twice = [
        path
        for number, path in enumerate(folders)
        if path.resolve() in {p.resolve() for p in folders[:number]}
    ]
    if twice:
        raise InputError(f"{twice[0]}: given twice; name every results folder once")
    if files and not folders and is_own(files[0]):
        return [files[0].absolute().parent], None
    return folders, files[0] if files else None


def is_own(gallery: Path) -> bool:
    """Whether a gallery is that of the results folder which it lies in, and keeps decisions about that run alone."""
    root = gallery.absolute().parent
    if gallery.name != NAME or marked_job(root) != JOB or own_gallery(root) is None:
        return False
    return FinishedRun.read(root).gallery is None


@contextmanager
def _owned(root: Path) -> Iterator[OwnedFolder]:
    """A results folder of ours, kept for this process."""
    if marked_job(root) != JOB and (marked_job(root) or found_by_an_earlier_version(root, JOB) is None):
        raise InputError(
            f"{root}: not a results folder that `reid video` has written and marked, so nothing in it is touched; "
            "repeat its reid video command"
        )
    with ExitStack() as held:
        try:
            owned = held.enter_context(OwnedFolder.open(root, job=JOB, work="review"))
        except Busy as busy:
            raise Busy(str(busy).removeprefix("--output "), process=busy.process) from None
        except InputError as error:
            raise InputError(str(error).removeprefix("--output ")) from None
        yield owned


def _common_gallery(opened: Sequence[OpenRun], progress: Progress) -> Path:
    """The gallery of all these runs; made where a single run has none."""
    found = {}
    for one in opened:
        named = one.run.gallery
        found[one.run.root] = one.run.root.resolve() if named is None else named.resolve()
    first, *others = opened
    for other in others:
        if found[other.run.root] != found[first.run.root]:
            raise InputError(
                f"{first.run.root} was linked {_linked_with(first.run)} and {other.run.root} "
                f"{_linked_with(other.run)}, so their people have nothing in common; review one at a time, or repeat "
                "reid video for both with one --gallery"
            )
    named = first.run.gallery
    if named is None:
        path = own_gallery(first.run.root)
        if path is None:
            path = make_gallery(first.run, first.owned.files)
            progress.message(f"what is decided is kept in {path}")
        list_sides(first.owned.files)
        return path
    if not named.exists():
        raise InputError(
            f"{first.run.root}: was linked with the gallery {named}, which is not there; name it before the folder: "
            f"`reid review {named.name} {first.run.root}`"
        )
    return named


def _linked_with(run: FinishedRun) -> str:
    return "without a gallery" if run.gallery is None else f"with the gallery {run.gallery}"
