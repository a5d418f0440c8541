"""Corrections of a gallery that a live site writes: the message says how its page makes them, and that works."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.live.web.page_config import PageConfig
from reid.live.web.server import PageServer
from reid.store.base import Store
from reid.store.opening import open_store
from tests.live.web.page_site import Recorder, filled
from tests.store.site import ENCODER, commit

pytestmark = pytest.mark.slow  # a page each


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Store, Recorder]]:
    """A gallery that a site with a page writes."""
    control = Recorder()
    page = PageServer("127.0.0.1:0", PageConfig())
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 2])
        page.start(filled(), control)
        store.note_page(page.url)
        yield store, control
        page.stop()


def sent(curl: str) -> httpx.Response:
    """The request that a message names, made."""
    words = shlex.split(curl)
    assert words[:3] == ["curl", "-X", "POST"]
    options = list(zip(words[4::2], words[5::2], strict=True))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    body = next((value for name, value in options if name == "-d"), None)
    return httpx.post(words[3], headers=headers, content=body)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("rename P0001 Ada", ("rename", 1, "Ada")),
        ("merge 2 P0001", ("merge", 2, 1)),
        ("split 1 lobby/0", ("split", 1, "lobby/0")),
        ("confirm 1", ("confirm", 1)),
        ("ignore 2", ("ignore", 2)),
        ("undo", ("undo", None)),
        ("undo 3", ("undo", 3)),
        ("redo", ("redo", None)),
        ("forget 1", ("forget", 1)),
    ],
)
def test_the_message_says_how_and_that_works(
    held: tuple[Store, Recorder],
    capsys: pytest.CaptureFixture[str],
    words: str,
    asked: tuple[object, ...],
) -> None:
    store, control = held
    command, *operands = words.split()
    assert main(["gallery", command, str(store.path), *operands]) == 2
    said = capsys.readouterr().err
    assert "is a live site that writes this gallery; do it on its page http://127.0.0.1:" in said
    found = re.search(r"or so: (curl .*) \(with -H 'Authorization: Bearer TOKEN' where", said)
    assert found is not None, said
    assert sent(found[1]).is_success
    assert control.asked == [asked]
    assert len(store.people()) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("reassign 1 2 lobby/0", "/review/, or stop it first"),
        ("prune 30", "it erases by itself what is older than retention.days; stop it first to erase more"),
        ("confirm 1 lobby/0", "do it on its review, http://127.0.0.1:"),
        (
            "forget 1 --suppress",
            "erases without the suppression list; stop it first, or leave out --suppress",
        ),
        ("merge 2 9", "the gallery has nobody called '9'"),
        ("undo x", "DECISION 'x': must be a number"),
    ],
)
def test_what_the_page_cannot_do_is_said(
    held: tuple[Store, Recorder], capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    store, control = held
    command, *operands = words.split()
    assert main(["gallery", command, str(store.path), *operands]) == 2
    assert sentence in capsys.readouterr().err
    assert control.asked == []


def test_what_only_reads_goes_on(held: tuple[Store, Recorder], capsys: pytest.CaptureFixture[str]) -> None:
    store, _ = held
    for words in (["list"], ["show", "1"], ["history"], ["decisions"]):
        assert main(["gallery", words[0], str(store.path), *words[1:]]) == 0
    assert "2 people in" in capsys.readouterr().out
    with pytest.raises(InputError, match="opened for reading only"):
        open_store(store.path, encoder_id=None, read_only=True).undo()
