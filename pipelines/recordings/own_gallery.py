"""The gallery of one results folder, `RESULTS/gallery.db`: it keeps decisions about a run without --gallery."""

from pathlib import Path

from reid.config import VideoConfig
from reid.errors import Busy, InputError
from reid.owned_files import OwnedFiles
from reid.store.base import Store
from reid.store.opening import open_store

NAME = "gallery.db"


def own_gallery(root: Path) -> Path | None:
    """The gallery that review made in a results folder; None: there is none of ours."""
    path = root / NAME
    return path if path.is_file() and OwnedFiles(root).owns(path) else None


def belongs_to_gallery(path: Path) -> bool:
    """Whether a file at the root of a results folder is its gallery, or lies beside that because of it."""
    return path.name.startswith(NAME)


def open_own_gallery(
    config: VideoConfig, run_id: str, encoder_id: str, dimension: int | None
) -> Store | None:
    """The own gallery of the results folder of `config`, where it is about this run; None: there is none.

    Raises:
        InputError: it keeps decisions about other recordings, which --overwrite would delete.
        Busy: another process reviews the folder.
    """
    path = own_gallery(config.output)
    if path is None:
        return None
    with open_store(path, encoder_id=None, read_only=True) as store:
        known, decided = run_id in store.runs(), len(store.decisions())
    if known:
        try:
            return open_store(path, encoder_id=encoder_id, dimension=dimension)
        except Busy as busy:
            raise Busy(
                f"--output {config.output} is in use by {busy.process}, which reviews it; end that first, or name "
                "another folder",
                process=busy.process,
            ) from None
    if decided and config.overwrite:
        raise InputError(
            f"--output {config.output}: {path.name} in it keeps what a person decided about other recordings "
            f"({decided} {'decision' if decided == 1 else 'decisions'}); name another folder, or delete that file"
        )
    return None
