"""Opens the gallery that a path names, with the store that its ending names."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name

from reid.store.base import Store
from reid.tables import STORES


def _now() -> datetime:
    return datetime.now(UTC)


def store_name(path: Path) -> str:
    """Name the store of a gallery: `audited` for `site.audited` where a package adds that, else `sqlite`."""
    ending = path.suffix.removeprefix(".")
    return ending if ending in STORES.added() else "sqlite"


def encoder_of(path: Path) -> str | None:
    """Id of the encoder whose vectors a gallery holds; None where there is no gallery yet.

    Raises:
        StoreError: what is there is no gallery, or one of a newer program.
    """
    found = STORES[store_name(path)].encoder_of
    if found is not None:
        return resolve_name(found)(path) if isinstance(found, str) else found(path)
    if not path.exists():
        return None
    with open_store(path, encoder_id=None, read_only=True) as store:
        return store.encoder_id


def open_store(
    path: Path | str,
    *,
    encoder_id: str | None,
    dimension: int | None = None,
    read_only: bool = False,
    max_prototypes: int = 32,
    clock: Callable[[], datetime] = _now,
) -> Store:
    """Open a gallery; a missing one is made if it may be written and `encoder_id` is given.

    One that an earlier program wrote is upgraded when it is opened for writing, after a copy was made beside it.

    Args:
        encoder_id: whose vectors it must hold; None takes any existing gallery.
        dimension: length of that encoder's vectors, where it is known.
        max_prototypes: vectors kept per person at most.
        clock: the time, for the journal.

    Raises:
        InputError: there is none, or the package that adds its store fails.
        StoreError: it is no gallery, damaged, of a newer program or another encoder, or its disk is full.
        Busy: another process writes it.
    """
    path = Path(path)
    return STORES.make(
        store_name(path),
        Store,
        {},
        path,
        encoder_id=encoder_id,
        dimension=dimension,
        read_only=read_only,
        max_prototypes=max_prototypes,
        clock=clock,
    )
