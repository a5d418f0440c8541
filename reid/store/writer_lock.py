"""The right to write a gallery: one process at a time has it."""

import errno
from pathlib import Path

from reid.disk import ROOM
from reid.errors import Busy, StoreError
from reid.lock import Lock
from reid.store.files import beside


def writer_lock(gallery: Path) -> Lock:
    """The right to write one gallery, held by at most one process and released by its death.

    The lock lies on a side file, not on the gallery itself: closing any descriptor of that file would drop the locks
    SQLite holds on it. A gallery that is reached by a link is locked where it lies.

    Raises:
        Busy: another process (or this one, already) writes the gallery.
        StoreError: the folder is not writable.
    """
    try:
        return Lock(beside(gallery.resolve(), ".lock"), "reid")
    except Busy as busy:
        sentence = f"{busy.process} is writing this gallery; wait for it or use another gallery"
        if busy.page is not None:
            about = f"{busy.process} is a live site that writes this gallery"
            sentence = f"{about}; stop it first, or use its page {busy.page}"
        raise Busy(
            f"{gallery}: {sentence}",
            process=busy.process,
            page=busy.page,
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(
                f"{gallery}: the gallery cannot be written ({error.strerror}); {ROOM}"
            ) from error
        raise StoreError(
            f"{gallery}: the gallery cannot be written ({error.strerror}); its folder must exist and be writable"
        ) from error
