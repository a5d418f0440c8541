"""Exports of results of which a file is damaged: what does not need it goes on, else a sentence names it."""

from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reviewing.opening import open_site
from pipelines.runtime.progress import reporter
from tests.pipelines.reviewing.results import make_results

SEEN = {"a": {1: 0, 2: 1, 3: 0}, "b": {1: 1}}


def export(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code, and what was said."""
    out = root.parent / "out"
    code = main(["export", "crops", str(root), "--format", "folder", "--output", str(out), "--overwrite"])
    return code, " ".join(capsys.readouterr().err.split())


def test_a_gallery_needs_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_results(tmp_path / "day", SEEN)
    with open_site([root], reporter(quiet=True)):
        pass
    (root / "tracklets.csv").write_bytes(b"\xff")
    code, said = export(root, capsys)
    assert code == 0
    assert f"crops that were moved by hand cannot be told from others: {root / 'tracklets.csv'}" in said
    assert len(list((root.parent / "out").rglob("*.jpg"))) == 12


def test_a_table_that_was_cut_off_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_results(tmp_path / "day", SEEN)
    lines = (root / "tracklets.csv").read_text().splitlines(keepends=True)
    (root / "tracklets.csv").write_text("".join(lines[:-1]))
    code, said = export(root, capsys)
    assert code == 2
    assert f"{root / 'tracklets.csv'}: names other tracklets than those in {root / 'cameras'}; repeat" in said


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", None])
def test_names_that_cannot_be_read_are_told_once(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_results(tmp_path / "day", SEEN)
    path = root / "identities.json"
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    code, said = export(root, capsys)
    assert code == 2
    assert said.count(str(path)) == 1
    assert "what a finished `reid video` has written" in said
