"""`reid completion`: the scripts, run by the shells that are here."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.main import main

ASK = """
source "$1"
shift
words=("$@")
COMP_WORDS=("${words[@]}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
function=$(complete -p reid | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" reid "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        words = [sys.executable, "-m", "pipelines.cli", "completion", shell]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        (folder / shell).write_text(done.stdout)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["reid", "gall"], {"gallery"}),
        (["reid", "gallery", "re"], {"rename"}),
        (["reid", "video", "--tracker", "bo"], {"botsort"}),
        (["reid", "benchmark", "--rera"], {"--rerank"}),
        (["reid", "completion", ""], None),
        (["reid", "video", "a.mp4", "--detector", "tests/cases/po"], {"tests/cases/pose.onnx"}),
    ],
)  # fmt: skip
def test_bash_completes(scripts: Path, words: list[str], offered: set[str] | None) -> None:
    done = subprocess.run(
        ["bash", "-c", ASK, "ask", str(scripts / "bash"), *words],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.stderr == ""
    found = set(done.stdout.split())
    assert offered is None or offered <= found, found
    assert offered is None or all(word.startswith(words[-1]) for word in found)


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_it(scripts: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", str(scripts / shell)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zhs"]) == 2
    assert "no completion for the shell 'zhs'; did you mean zsh?" in capsys.readouterr().err
