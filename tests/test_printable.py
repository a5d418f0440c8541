"""What comes from elsewhere cannot talk to the terminal, wherever it is shown."""

import io
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.main import main
from pipelines.runtime.logs import rotating, routed
from pipelines.runtime.progress import reporter
from reid.owned_files import OwnedFiles
from reid.printable import printable

EVIL = "a\x1b[2J\x9b31m\r\x07\u202eb\udcff\nc"
SHOWN = r"a\x1b[2J\x9b31m\r\x07\u202eb\udcff"


@given(st.text())
def test_what_is_shown_is_printable_and_what_is_printable_is_shown(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert "\x1b" not in shown
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in shown)
    if text.isprintable():
        assert shown == text
    assert printable(shown) == shown


def test_words_of_other_scripts_stay() -> None:
    for text in ("Zoë", "李小龙", "محمد", "नमस्ते", "👩‍👧", "a\u00a0b"):
        assert printable(text) == text


def test_progress_log_file_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        logging.getLogger(), "handlers", []
    )  # pytest-xdist cannot send such text to its parent
    out, err = io.StringIO(), io.StringIO()
    with (
        reporter(out=out, err=err) as progress,
        routed(progress),
        rotating(tmp_path / "live.log", OwnedFiles(tmp_path)),
    ):
        progress.task(EVIL, 10).finish(EVIL)
        progress.message(EVIL)
        progress.summary(EVIL, [[EVIL, 1]], header=[EVIL])
        logging.getLogger("reid").warning("the receiver says %s", EVIL)
        try:
            raise ValueError(EVIL)
        except ValueError:
            logging.getLogger("reid").exception("failed")
    log = (tmp_path / "live.log").read_text()
    for text in (out.getvalue(), err.getvalue(), log):
        assert SHOWN in text
        assert not set("\x1b\x9b\r\x07\u202e\udcff") & set(text)
    assert SHOWN + r"\nc" in log.splitlines()[0], "no message begins a line of its own"


def test_an_error_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "no such \x1b[31mfilm.mp4"]) == 2
    said = capsys.readouterr().err
    assert r"no such \x1b[31mfilm.mp4" in said
    assert "\x1b" not in said
