"""Corrections of a gallery that a live site writes: its page makes them, and the message says how."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reid import json_text
from reid.errors import Busy
from reid.store.base import Store
from reid.store.opening import open_store

Request = tuple[str, Mapping[str, object] | None]  # path below /api, and body


@contextmanager
def to_correct(path: Path, asked: Callable[[Store], Request] | str) -> Iterator[Store]:
    """The gallery, open for writing.

    Args:
        asked: the request to a live site that does the same, of the gallery open for reading; or a clause on what to
            do where no such request does, with {page} for the address of its page.

    Raises:
        Busy: another process writes it, and how a live site is asked instead; and as `open_store`.
    """
    try:
        store = open_store(path, encoder_id=None)
    except Busy as busy:
        if busy.page is None:
            raise
        if callable(asked):
            with open_store(path, encoder_id=None, read_only=True) as reader:
                found = asked(reader)
            instead = f"do it on its page {busy.page}, or so: {_curl(busy.page, *found)}"
        else:
            instead = asked.format(page=busy.page)
        raise Busy(
            f"{path}: {busy.process} is a live site that writes this gallery; {instead}",
            process=busy.process,
            page=busy.page,
        ) from None
    with store:
        yield store


def _curl(page: str, path: str, body: Mapping[str, object] | None) -> str:
    """The request as a command; a page with a token wants that too."""
    words = ["curl", "-X", "POST", f"{page}api/{path}", "-H", "X-Reid: 1"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json_text.dumps(body)]
    return f"{shlex.join(words)} (with -H 'Authorization: Bearer TOKEN' where the page has a token)"
