"""Users of containers: without a passwd entry, without HOME, or with one that they cannot write to."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reid import home
from reid.cache import cache_folder
from reid.errors import InputError
from tests.pipelines.test_resume import command, finished_cameras

ROOT = Path(__file__).parents[1]
UID = 54321


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files; a home folder that is none."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    for name in ("REID_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_home_that_can_be_used_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home.usable_home()
    assert os.environ["HOME"] == str(tmp_path)


def test_else_there_is_a_temporary_one_for_this_user_alone(
    temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = temporary / f"reid-{os.geteuid()}"
    own.mkdir(mode=0o755)
    assert cache_folder() == own / ".cache" / "reid"
    assert os.environ["HOME"] == str(own)
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    home.usable_home()
    assert caplog.text.count("cannot be written to") == 1, "it is said once"


def test_a_folder_that_another_user_made_or_a_link_is_refused(temporary: Path) -> None:
    own = temporary / f"reid-{os.geteuid()}"
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    for target in (elsewhere, temporary / "nothing"):
        own.symlink_to(target)
        with pytest.raises(InputError, match="is a link, no folder, or another user's"):
            home.usable_home()
        own.unlink()
    own.touch()
    with pytest.raises(InputError, match="set HOME to a folder of your own"):
        cache_folder()
    own.unlink()
    if os.geteuid() == 0:
        own.mkdir()
        os.chown(own, UID, UID)
        with pytest.raises(InputError, match="another user's"):
            home.usable_home()
    assert os.environ["HOME"] == str(temporary / "file")
    assert list(elsewhere.iterdir()) == []


def test_a_cache_that_cannot_be_written_to(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", str(temporary / "file" / "cache"))
    assert cache_folder() == temporary / f"reid-{os.geteuid()}" / "cache"


def as_stranger(
    words: list[str], environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """The command, run by a user that no passwd entry has, who may read all and write only what is open to all."""
    # reads all: the interpreter may lie in root's home
    reads = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
    drop = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *reads]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "XDG_CACHE_HOME", "REID_CACHE")
    }
    set_up = kept | environment | {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)}
    return subprocess.run(
        [*drop, *words], cwd=ROOT, env=set_up, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can be somebody else",
)
@pytest.mark.parametrize("environment", [{}, {"HOME": "/"}], ids=["no HOME", "HOME is /"])
def test_a_stranger_gets_results_and_a_warning(environment: dict[str, str]) -> None:
    folder = Path(tempfile.mkdtemp())  # not tmp_path, whose parents are closed to others
    folder.chmod(0o1777)
    words = command(folder / "results", "--workers", "1", cameras=(1,))
    try:
        done = as_stranger([sys.executable, "-m", "pipelines.cli", *words], environment, folder)
        assert done.returncode == 0, done.stderr
        assert finished_cameras(folder / "results") == ["cam1"]
        own = folder / f"reid-{UID}"
        assert f"{own} is used instead" in done.stderr
        assert (stat.S_IMODE(own.stat().st_mode), own.stat().st_uid) == (0o700, UID)
        library = "from reid.tracking.ultralytics_tracker import UltralyticsTracker\n"
        library += "from reid.embedding.openvino_backend import read_model\n"
        library += "from reid.config import TrackerConfig\nfrom pathlib import Path\nimport sys\n"
        library += "UltralyticsTracker(TrackerConfig(), 10)\nread_model(Path(sys.argv[1]))"
        encoder = words[words.index("--encoder") + 1]
        used = as_stranger([sys.executable, "-c", library, encoder], environment, folder)
        assert used.returncode == 0, used.stderr
        shutil.rmtree(own)
        own.mkdir()  # root's
        refused = as_stranger([sys.executable, "-m", "pipelines.cli", *words], environment, folder)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "another user's" in refused.stderr
    finally:
        shutil.rmtree(folder)
