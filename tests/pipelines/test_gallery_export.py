"""Journal and decisions as JSON and CSV."""

import csv
import io
import json
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.store.opening import open_store
from tests.store.site import ENCODER, commit


@pytest.fixture
def gallery(tmp_path: Path) -> str:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 2, 3])
        store.rename(2, "=Ada, L.", by="ann")
        store.merge(3, into=1, by="bob")
        store.undo(by="bob")
    return str(tmp_path / "site.db")


def test_decisions(gallery: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "decisions", gallery, "--format", "json"]) == 0
    named, same = json.loads(capsys.readouterr().out)
    assert named | {"at": ""} == {
        "number": 1, "at": "", "kind": "named", "person": "P0002", "other": None, "label": "=Ada, L.", "by": "ann",
        "undone": None,
    }  # fmt: skip
    assert (same["kind"], same["person"], same["other"], same["by"]) == ("same", "P0001", "P0003", "bob")
    assert same["undone"] >= same["at"]
    output = tmp_path / "decided.csv"
    assert main(["gallery", "decisions", gallery, "P0002", "--output", str(output)]) == 0
    (row,) = csv.DictReader(io.StringIO(output.read_text(encoding="utf-8")))
    assert (row["person"], row["label"], row["undone"]) == ("P0002", "'=Ada, L.", "")


def test_history(gallery: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "journal.json"
    assert main(["gallery", "history", gallery, "--output", str(output)]) == 0
    entries = json.loads(output.read_text(encoding="utf-8"))
    assert capsys.readouterr().out == f"{len(entries)} written to {output}\n"
    assert [one["event"] for one in entries if one["person"] == "P0001"] == [
        "created", "seen", "merged", "undone",
    ]  # fmt: skip
    assert entries[-1]["detail"] == {"decision": 2, "kind": "same", "absorbed": 3, "by": "bob"}
    assert main(["gallery", "history", gallery, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["event"] for row in rows] == [one["event"] for one in entries]
    assert json.loads(rows[-1]["detail"]) == entries[-1]["detail"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--output x.txt", "--output x.txt: must end with .json or .csv, as --format says, not .txt"),
        (
            "--output x.json --format csv",
            "--output x.json: must end with .json or .csv, as --format says, not csv",
        ),
        ("--output there.csv", "--output there.csv: is there already; name a new file"),
        ("--format xml", "format"),
    ],
)
def test_what_cannot_be_written(
    gallery: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("mine")
    assert main(["gallery", "history", gallery, *words.split()]) == 2
    assert sentence in capsys.readouterr().err
    assert Path("there.csv").read_text() == "mine"
    assert not Path("x.json").exists()
