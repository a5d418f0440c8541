"""The gallery of one results folder, `RESULTS/gallery.db`: it keeps decisions about a run without --gallery."""

import os
from pathlib import Path

from pipelines.runtime.adoption import is_gallery
from reid.config import VideoConfig
from reid.errors import Busy, InputError
from reid.owned_files import OwnedFiles
from reid.store.base import Store
from reid.store.files import side_files
from reid.store.opening import open_store

NAME = "gallery.db"


def own_gallery(root: Path) -> Path | None:
    """The gallery in a results folder, which its header tells; None: there is none.

    Raises:
        InputError: the program made one, and what is there now is none: going on would lose what it kept.
    """
    path = root / NAME
    if is_gallery(path):
        return path
    if os.path.lexists(path) and OwnedFiles(root).owns(path):
        raise InputError(
            f"{path}: is damaged: its beginning is not that of a gallery; it kept what a person decided about these "
            "results, so nothing is done without it: put a copy of it back, or move it elsewhere to go on without "
            "these decisions"
        )
    return None


def linked_gallery(config: VideoConfig, run_id: str) -> Path | None:
    """The gallery that a run links with: the one that is named, else its own, if that knows the run; None: none."""
    if config.gallery is not None:
        return config.gallery
    path = own_gallery(config.output)
    if path is None:
        return None
    with open_store(path, encoder_id=None, read_only=True) as store:
        return path if run_id in store.runs() else None


def claim_gallery(files: OwnedFiles) -> Path:
    """List the gallery to be made in a results folder as ours, with what will lie beside it; its path.

    What a killed process left beside a former one is deleted: SQLite would play its log into the new gallery.

    Raises:
        InputError: one of these files is there and not ours.
    """
    path = files.root / NAME
    if not path.exists():
        files.remove(*side_files(path))
    files.claim(path, *side_files(path))
    return path


def list_sides(files: OwnedFiles) -> None:
    """List what lies beside a gallery of ours as ours before it is opened, so that it goes with the gallery."""
    path = files.root / NAME
    if files.owns(path):
        files.record(*side_files(path))


def belongs_to_gallery(path: Path) -> bool:
    """Whether a file at the root of a results folder is its gallery, or lies beside that because of it."""
    return path.name.startswith(NAME)


def open_own_gallery(
    config: VideoConfig, run_id: str, encoder_id: str, dimension: int | None
) -> Store | None:
    """The own gallery of the results folder of `config`, where the run links with it; None: there is none.

    Raises:
        InputError: it keeps decisions that --overwrite would delete: about other recordings, or although the run
            links with another gallery.
        StoreError: its vectors are of another encoder.
        Busy: another process reviews the folder.
    """
    path = own_gallery(config.output)
    if path is None:
        return None
    with open_store(path, encoder_id=None, read_only=True) as store:
        known, decided = run_id in store.runs(), len(store.decisions())
    if known and config.gallery is None:
        try:
            return open_store(path, encoder_id=encoder_id, dimension=dimension)
        except Busy as busy:
            raise Busy(
                f"--output {config.output} is in use by {busy.process}, which reviews it; end that first, or name "
                "another folder",
                process=busy.process,
            ) from None
    if decided and config.overwrite:
        about, instead = ("about other recordings ", "") if not known else ("", "leave out --gallery, ")
        raise InputError(
            f"--output {config.output}: {path.name} in it keeps what a person decided {about}"
            f"({decided} {'decision' if decided == 1 else 'decisions'}), which would be lost; name another folder, "
            f"{instead}or move {path} elsewhere"
        )
    return None
