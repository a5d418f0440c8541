"""What lies in the output folder of `reid live` of one person: events and clips, to be erased while it is stopped."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.runtime.ownership import OwnedFolder, marked_job
from reid.errors import ReidError
from reid.live.views.clip_folder import ClipFolder
from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles

MOST = 2**62  # bytes, and files kept: what is opened to erase from it deletes nothing else


def erase_beside(gallery: Path, person_ids: Sequence[int]) -> tuple[dict[str, int], list[str]]:
    """Erase a person from the events and clips of the live site whose gallery this is, if it lies in its folder.

    Args:
        person_ids: all numbers that the person ever had.

    Returns:
        How much was erased of what, and a sentence for each that could not be.
    """
    folder = gallery.parent
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
