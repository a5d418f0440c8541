"""Opens the gallery that a path names."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from reid.store.base import Store
from reid.store.sqlite.store import SqliteStore


def _now() -> datetime:
    return datetime.now(UTC)


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
        InputError: there is none.
        StoreError: it is no gallery, damaged, of a newer program or another encoder, or its disk is full.
        Busy: another process writes it.
    """
    return SqliteStore.open(
        path,
        encoder_id=encoder_id,
        dimension=dimension,
        read_only=read_only,
        max_prototypes=max_prototypes,
        clock=clock,
    )
