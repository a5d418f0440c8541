"""The examples of how `reid live` is run as a service say what the program understands."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.cli.command import Invocation
from pipelines.cli.main import parse

FOLDER = Path(__file__).parents[1] / "docs" / "live"


def understood(words: list[str], config: Path, tmp_path: Path) -> None:
    """The command line, with a configuration where the example has one."""
    here = tmp_path / config.name
    here.write_text((FOLDER.parents[1] / "configs" / "live.yaml").read_text())
    made = parse([str(here) if word == str(config) else word for word in words])
    assert isinstance(made, Invocation)
    assert made.command.name == "live"


def test_compose(tmp_path: Path) -> None:
    service = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["reid"]
    understood(service["command"], Path("/data/live.yaml"), tmp_path)
    assert (FOLDER / service["build"]["context"]).resolve() == FOLDER.parents[1]
    assert (FOLDER.parents[1] / service["build"]["dockerfile"]).is_file()
    compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_unit(tmp_path: Path) -> None:
    unit = (FOLDER / "reid.service").read_text()
    found = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert found is not None
    understood(shlex.split(found[1])[1:], Path("/etc/reid/live.yaml"), tmp_path)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="the program systemd-analyze is missing")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = (FOLDER / "reid.service").read_text().replace("/opt/reid/bin/reid", "/bin/true")
    (tmp_path / "reid.service").write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "reid.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "reid.service" not in done.stderr, done.stderr
