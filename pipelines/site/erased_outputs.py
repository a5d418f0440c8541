"""Erasure while no live site runs: from a gallery, and from events and clips in the folder it lies in."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from pipelines.runtime.ownership import OwnedFolder, marked_job
from reid.errors import Busy, InputError, ReidError
from reid.live.views.clip_folder import ClipFolder
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from reid.store.base import Store
from reid.suppression import SuppressionKey
from reid.types import person_name

_Outputs = EventFile | ClipFolder
MOST = 2**62  # bytes, and files kept: what is opened to erase from it deletes nothing else


def erase_person(
    store: Store, person_id: int, *, by: str | None = None, suppress: SuppressionKey | None = None
) -> dict[str, int]:
    """Erase a person from the gallery, and from events and clips of the live site in whose folder it lies.

    Returns:
        How much was erased of what beside the gallery.

    Raises:
        InputError: the person is erased, but not from all that lies beside; or as `Store.forget`.
        Busy: as `Store.forget`.
    """
    folder = store.path.parent
    ids = store.ids_of(person_id)
    erased, left = _erase_beside(folder, lambda keeper: sum(keeper.forget(one) for one in ids))
    beside = f"not from {folder}: left are {'; '.join(left)}; delete by hand what names them"
    try:
        store.forget(person_id, by=by, suppress=suppress)
    except Busy as error:  # they are erased but for bytes
        if left:
            raise Busy(f"{error}; and {beside}") from None
        raise
    if left:
        raise InputError(f"{person_name(person_id)} is erased from {store.path}, but {beside}")
    return erased


def prune_beside(store: Store, before: datetime) -> dict[str, int]:
    """Erase what is older from events and clips in the folder of a gallery, where that is a live site's.

    Returns:
        How much was erased of what.

    Raises:
        InputError: some could not be erased.
    """
    folder = store.path.parent
    erased, left = _erase_beside(folder, lambda keeper: keeper.prune(before.timestamp()))
    if left:
        raise InputError(
            f"what is older is erased from {store.path}, but not from {folder}: left are {'; '.join(left)}; "
            "delete it by hand"
        )
    return erased


def _erase_beside(folder: Path, erase: Callable[[_Outputs], int]) -> tuple[dict[str, int], list[str]]:
    """Erase from the events and clips in a folder, if it is one of `reid live`.

    Returns:
        How much was erased of what, and a sentence for each that could not be.
    """
    if marked_job(folder) != "live":
        return {}, []
    erased, failed = dict[str, int](), list[str]()
    with OwnedFolder.open(folder, job="live") as owned:
        for what, keeper in _outputs(folder, owned.files):
            try:
                erased[what] = erase(keeper)
            except (ReidError, OSError) as error:
                failed.append(f"{what} ({error})")
    return erased, failed


def _outputs(folder: Path, files: OwnedFiles) -> Iterator[tuple[str, _Outputs]]:
    """What there is to erase from."""
    events, clips = folder / "events.jsonl", folder / "clips"
    if events.exists() and files.owns(events):
        yield "events", EventFile(events, files, most_bytes=MOST, keep=MOST)
    if clips.is_dir():
        yield "clips", ClipFolder(clips, files)
