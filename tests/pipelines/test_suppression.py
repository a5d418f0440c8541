"""A person who was erased with a suppression list, through the whole job: in no file of a repeated run."""

import csv
import json
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.store.opening import open_store

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "cases"
RECORDING = f"cam2={CASES / 'cam2_20261126_100000.mp4'}"


def run(folder: Path, *words: str) -> int:
    fixed = ["--detector", str(CASES / "control-detect.onnx"), "--log-format", "json", "--workers", "1"]
    gallery = ["--gallery", str(folder.parent / "site.db")]
    return main(["video", RECORDING, *fixed, *gallery, "--output", str(folder), *words])


def people(folder: Path) -> set[str]:
    with (folder / "tracklets.csv").open() as file:
        return {row["person"] for row in csv.DictReader(file)}


def test_who_is_erased_is_in_no_file_of_a_repeated_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REID_SUPPRESSION_KEY", str(tmp_path / "key"))
    gallery = tmp_path / "site.db"
    assert run(tmp_path / "first") == 0
    assert people(tmp_path / "first") == {"P0001", "P0002"}
    assert main(["gallery", "forget", str(gallery), "P0001", "--suppress"]) == 0
    capsys.readouterr()
    assert run(tmp_path / "second", "--tracker.kind", "bytetrack") == 0
    told = capsys.readouterr()
    assert "left out, as the gallery's suppression list asks" in told.out + told.err
    second = tmp_path / "second"
    assert people(second) == {"P0002"}
    identities = json.loads((second / "identities.json").read_text())
    assert [one["person_id"] for one in identities["persons"]] == [2]
    assert identities["unidentified"] == []
    assert [folder.name for folder in (second / "crops").iterdir() if folder.is_dir()] == ["P0002"]
    tracks = {line.split(",")[1] for line in (second / "tracks" / "cam2.txt").read_text().splitlines()}
    assert len(tracks) == 1
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        assert [one.person_id for one in store.people()] == [2]
    (tmp_path / "key").unlink()
    assert run(tmp_path / "third") == 2
    assert "the key of its suppression list is not there" in capsys.readouterr().err
    assert not (tmp_path / "third").exists()
    assert main(["gallery", "suppressed", str(gallery), "--drop"]) == 0
    assert run(tmp_path / "third") == 0
    assert people(tmp_path / "third") == {"P0002", "P0003"}
