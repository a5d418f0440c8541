"""Another distribution called reid that shares the folder reid/."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.distribution import clash, own_version
from pipelines.cli.main import main

OTHER = "Metadata-Version: 2.4\nName: reid\nVersion: 0.1.0rc1\nSummary: Appearance embeddings\n"


def installed(site: Path, name: str, metadata: str, entry: str | None = None) -> None:
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(metadata)
    (folder / "RECORD").write_text("reid/__init__.py,,\n")
    if entry is not None:
        (folder / "entry_points.txt").write_text(f"[console_scripts]\nreid = {entry}\n")


def test_the_other_one_is_told_of_and_ours_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert (clash(), own_version()) == (None, None)
    ours = "Metadata-Version: 2.4\nName: {}\nVersion: {}\nSummary: who was where\n"
    installed(tmp_path, "reid-0.2.0", ours.format("reid", "0.2.0"), "pipelines.cli.program:run")
    assert (clash(), own_version()) == (None, "0.2.0")
    (tmp_path / "later").mkdir()
    sys.path.insert(0, str(tmp_path / "later"))
    installed(tmp_path / "later", "reid-0.1.0rc1", OTHER)
    assert own_version() == "0.2.0", "not the other's"
    assert main(["--version"]) == 0
    out, err = capsys.readouterr()
    assert out == "reid 0.2.0\n"
    assert err.count("\n") == 1
    assert "another project called reid (0.1.0rc1: Appearance embeddings) is installed too" in err


def test_ours_by_another_name_finds_the_other_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    renamed = "Metadata-Version: 2.4\nName: reidentify\nVersion: 1.0\nSummary: who was where\n"
    installed(tmp_path, "reidentify-1.0", renamed, "pipelines.cli.main:main")
    assert (clash(), own_version()) == (None, "1.0")
    installed(tmp_path, "reid-0.1.0rc1", OTHER)
    assert "pip uninstall reid," in (clash() or "")
    assert own_version() == "1.0"


def test_an_earlier_version_of_ours_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was called reid: removing it later would take files of ours along."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    ours = "Metadata-Version: 2.4\nName: {}\nVersion: {}\nSummary: who was where\n"
    installed(tmp_path, "reid-0.1.0", ours.format("reid", "0.1.0"), "pipelines.cli:main")
    assert (clash(), own_version()) == (None, "0.1.0")
    installed(tmp_path, "reidentify-0.2.0", ours.format("reidentify", "0.2.0"), "pipelines.cli.main:main")
    assert own_version() == "0.2.0"
    assert (clash() or "").startswith(
        "an earlier version of this program (0.1.0) is installed as reid beside"
    )


@pytest.mark.slow
def test_it_is_told_before_the_other_one_is_imported(tmp_path: Path) -> None:
    """Its files have replaced ours, so that nothing works: the sentence comes all the same."""
    installed(tmp_path, "reid-0.1.0rc1", OTHER)
    (tmp_path / "reid").mkdir()
    (tmp_path / "reid" / "__init__.py").write_text("raise ImportError('supervision')\n")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pipelines.cli", "--version"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("reid: another project called reid (0.1.0rc1")
