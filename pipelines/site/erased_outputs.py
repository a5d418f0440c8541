"""A person erased while no live site runs: from a gallery, and from events and clips in the folder it lies in."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.runtime.ownership import OwnedFolder, marked_job
from reid.errors import Busy, InputError, ReidError
from reid.live.views.clip_folder import ClipFolder
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles
from reid.store.base import Store
from reid.suppression import SuppressionKey
from reid.types import person_name

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
    erased, left = _erase_beside(folder, store.ids_of(person_id))
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


def _erase_beside(folder: Path, person_ids: Sequence[int]) -> tuple[dict[str, int], list[str]]:
    """Erase a person from the events and clips in a folder, if it is one of `reid live`.

    Args:
        person_ids: all numbers that the person ever had.

    Returns:
        How much was erased of what, and a sentence for each that could not be.
    """
    if marked_job(folder) != "live":
        return {}, []
    erased, failed = dict[str, int](), list[str]()
    with OwnedFolder.open(folder, job="live") as owned:
        for what, forget in _keepers(folder, owned.files):
            for person_id in person_ids:
                try:
                    erased[what] = erased.get(what, 0) + forget(person_id)
                except (ReidError, OSError) as error:
                    failed.append(f"{what} ({error})")
                    break
    return erased, failed


def _keepers(folder: Path, files: OwnedFiles) -> list[tuple[str, Callable[[int], int]]]:
    """What there is to erase from."""
    found: list[tuple[str, Callable[[int], int]]] = []
    events, clips = folder / "events.jsonl", folder / "clips"
    if events.exists() and files.owns(events):
        found.append(("events", EventFile(events, files, most_bytes=MOST, keep=MOST).forget))
    if clips.is_dir():
        found.append(("clips", ClipFolder(clips, files).forget))
    return found
