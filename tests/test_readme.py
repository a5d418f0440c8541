"""Every command, flag and link in the documentation works as it is written."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

import reid
from pipelines.cli.command import Invocation
from pipelines.cli.commands import COMMANDS
from pipelines.cli.main import main, parse
from reid.camera_config import SourceConfig
from reid.shipped import demo_recording, shipped
from reid.store.opening import open_store
from reid.types import Image
from reid.video.reader import read
from reid.video.source import parse_sources
from tests.training.tiny import crops

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = sorted(ROOT.glob("docs/**/*.md"))
PAGES = sorted(
    [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS, *ROOT.glob("weights/**/*.md")]
)
MOST_BYTES = 8_000  # of the README: what a reader takes in before the first command

FENCE = re.compile(r"^```(?P<language>[a-z]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FLAG = re.compile(r"(?<![\w-])--[a-z][\w.-]*[a-z0-9]")
CODE = re.compile(r"(?<!`)`(?P<text>[^`\n]+)`(?!`)")
PATH = re.compile(r"(?:reid|pipelines|tests|configs)/(?:[\w./-]+/|[\w./-]+\.\w+)")
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)|<img[^>]*\bsrc=\"(?P<image>[^\"]+)\"")
BETWEEN_COMMANDS = {"&&", "||", ";", "|"}


def shell_lines(page: Path) -> Iterator[str]:
    """Lines of the page's shell examples; continued ones as one, prompts and output left out."""
    for fence in FENCE.finditer(page.read_text(encoding="utf-8")):
        if fence["language"] not in ("bash", "sh", "console"):
            continue
        for line in re.sub(r"\\\n\s*", "", fence["body"]).splitlines():
            if fence["language"] != "console" or line.startswith("$ "):
                yield line.removeprefix("$ ").strip()


def simple_commands(line: str) -> Iterator[list[str]]:
    """The commands of a shell line as words, without comments, assignments before them and redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    tokens = iter([*lexer, ";"])
    for token in tokens:
        if token in BETWEEN_COMMANDS:
            if words:
                yield words
            words = []
        elif token in (">", ">>", "<"):
            next(tokens)
        elif words or not re.match(r"\w+=", token):
            words.append(token)


def table_commands(page: Path) -> Iterator[str]:
    """Commands of reid in the cells of the page's tables, as in "I want to ... | `reid video lobby.mp4`"."""
    for line in FENCE.sub("", page.read_text(encoding="utf-8")).splitlines():
        if line.startswith("|"):
            texts = (match["text"].replace("\\|", "|") for match in CODE.finditer(line))
            yield from (text for text in texts if text.startswith("reid ") and "..." not in text)


EXTEND = ROOT / "docs" / "extend.md"  # its packages are installed by tests/extend, and its commands run there
LINES = [(page, line) for page in PAGES if page != EXTEND for line in shell_lines(page)]
SHELL = [words for _, line in LINES for words in simple_commands(line)]
WANTED = [words for line in table_commands(README) for words in simple_commands(line)]
OURS = list(dict.fromkeys(tuple(words[1:]) for words in [*WANTED, *SHELL] if words[0] == "reid"))
SHELL_OF_README = [
    words for page, line in LINES if page == README for words in simple_commands(line) if words[0] == "reid"
]
NAMES = {command.name for command in COMMANDS}
MAINTAINERS = {"weights add", "weights map", "weights seal"}


def test_the_two_set_up_commands_are_there() -> None:
    lines = list(shell_lines(README))
    assert "python -m pip install -e '.[cpu]' && reid demo" in lines
    assert "python -m pip install -e '.[cpu,dev]' && pytest -n 2 --dist loadfile" in lines


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) <= MOST_BYTES


def test_the_readme_has_a_command_for_what_people_want() -> None:
    shown = {name for words in [*WANTED, *SHELL_OF_README] if (name := name_of(words[1:]))}
    assert {name.partition(" ")[0] for name in NAMES} == {name.partition(" ")[0] for name in shown}
    assert {"gallery show", "gallery merge", "gallery forget", "gallery convert"} <= shown


def test_every_command_is_shown_somewhere() -> None:
    shown = {name_of(words) for words in OURS}
    assert not NAMES - shown - MAINTAINERS


def name_of(words: Sequence[str]) -> str | None:
    """Which command the words call; None: none."""
    fitting = [name for name in NAMES if list(words[: len(name.split())]) == name.split()]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_that_are_named_exist(page: Path) -> None:
    """Those within sentences: `reid gallery forget`."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    named = [match["text"].split()[1:] for match in CODE.finditer(text) if match["text"].startswith("reid ")]
    assert not [" ".join(words) for words in named if not is_command(words)]


def is_command(words: Sequence[str]) -> bool:
    """Whether there is a command, or a group of commands, that the words begin with."""
    first, second = words[0], words[1] if len(words) > 1 else "..."
    within = {name.split()[1] for name in NAMES if name.startswith(f"{first} ")}
    known = first in NAMES or bool(within) or first.startswith("-") or first in ("...", "COMMAND")
    return known and (not within or second in within | {"...", "list"} or second.startswith("-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_are_named_exist(page: Path) -> None:
    """Modules and folders of the program: `reid/camera.py`, `tests/fuzz/`."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    named = {match["text"] for match in CODE.finditer(text) if PATH.fullmatch(match["text"])}
    assert not sorted(path for path in named if not (ROOT / path).exists())


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_command_is_understood(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for flag, file in pairwise(words):
        if flag == "--config":
            ours = shipped("configs").parent / file
            settings = ours if ours.is_file() else shipped("configs") / f"{words[0]}.yaml"
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    if "--help" in words[1:]:  # argparse prints it itself
        with pytest.raises(SystemExit, match=r"^0$"):
            parse(words)
    else:
        assert isinstance(parse(words), Invocation | str)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_flags_exist(page: Path) -> None:
    ours = {flag for command in COMMANDS for flag in command.parser()._option_string_actions}
    ours |= {"--version", "--help"}
    others = {flag for words in SHELL if words[0] != "reid" for flag in FLAG.findall(" ".join(words))}
    unknown = set(FLAG.findall(page.read_text(encoding="utf-8"))) - ours - others
    assert not unknown, f"no command has {sorted(unknown)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [match["target"] or match["image"] for match in LINK.finditer(text)]
    for target in targets:
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = page.parent / file if file else page
        assert path.exists(), f"{target} does not exist"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in {slug(title) for title in titles}, f"{target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tests_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", page.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file() or f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    files = re.findall(r"tests/[\w/]+\.py", page.read_text(encoding="utf-8"))
    missing += [file for file in files if not (ROOT / file).is_file()]
    assert not missing


@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_uses_what_reid_offers(page: Path) -> None:
    fences = [
        fence["body"]
        for fence in FENCE.finditer(page.read_text(encoding="utf-8"))
        if fence["language"] == "python"
    ]
    used = {
        node.attr
        for body in fences
        for node in ast.walk(ast.parse(body))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "reid"
    }
    assert not sorted(name for name in used if not hasattr(reid, name))


def slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_help_is_what_the_readme_relies_on() -> None:
    """`reid` without torch: the table of contents and the settings as a file."""
    for words in (["--help"], ["video", "--print-config"], ["video", "--help"]):
        command = [sys.executable, "-m", "pipelines.cli", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


# Pages whose commands really run, in order, in one folder, and what stands in for the reader's own files.
STORY = [ROOT / "docs" / name for name in ("recordings.md", "search.md", "evaluation.md", "weights.md")]
RECORDINGS = ("monday/lobby.mp4", "monday/street.mp4", "tuesday/lobby.mp4")
SHORT = "--end 1.5 --no-video --workers 1"


def really_run(line: str) -> bool:
    """The jobs that build on each other: the demo and its score, a gallery over two days; and what ships."""
    starts = ("reid demo", "reid evaluate", "reid gallery", "reid search", "reid weights")
    own = "--map" in line or line.startswith("reid weights map")  # of networks that are the reader's
    return (line.startswith(starts) or "--gallery" in line) and not own


def one_of(gallery: Path, person: str) -> str:
    """A tracklet of a person, where the documentation names one of the reader's."""
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        seen = store.sightings(store.find(person))[-1]
    return f"{seen.run_id}:{seen.match.tracklet}"


@pytest.mark.slow
def test_the_documentation_tells_a_story_that_happens(tmp_path: Path) -> None:
    """With what ships, and nothing else."""
    for at, name in enumerate(RECORDINGS):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.symlink_to(demo_recording() / f"cam{at % 2 + 1}.mp4")
    (tmp_path / "reid").mkdir()
    (tmp_path / "reid" / "demo").symlink_to(demo_recording())
    program = tmp_path / "bin" / "reid"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipelines.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "REID_SUPPRESSION_KEY": str(tmp_path / "suppression.key"),
    }
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        environment.pop(name, None)
    happened = 0
    for line in (line for page in STORY for line in shell_lines(page) if really_run(line)):
        if "--encoder shipped:" not in line:
            line = re.sub(r"--(detector|encoder) \S+", "", line)
        if line.startswith(("reid demo", "reid video")):
            line += f" {SHORT}"
        if line.startswith("reid search"):  # the reader's photos; here those of people that were just found
            for photo in ("photo.jpg", "front.jpg", "back.jpg"):
                shutil.copy(min(tmp_path.glob("*/crops/*/*.jpg")), tmp_path / photo)
            cv2.imwrite(str(tmp_path / "street.jpg"), first_frame(demo_recording() / "cam1.mp4"))
        if found := re.search(r"gallery (?:split|reassign) site\.db (\S+) .*?(\S+)$", line):
            line = line.removesuffix(found[2]) + one_of(tmp_path / "site.db", found[1])
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        happened += 1
    assert happened >= 14
    assert (tmp_path / "results" / "report.html").is_file()
    assert (tmp_path / "results" / "scores.json").is_file()


def first_frame(recording: Path) -> Image:
    """The first frame of a recording, with several people."""
    (source,) = parse_sources((str(recording),), {})
    return next(iter(read(source, SourceConfig(), pytest.fail))).image


TINY = (
    "--epochs 1 --schedule.warmup_epochs 0 --start.freeze_epochs 0 --data.height 64 --data.width 32 "
    "--data.held_out 3 --data.workers 0 --batch.people 3 --batch.images 2 --threads 1 --device cpu --overwrite"
)
TRAININGS = [line for _, line in LINES if line.startswith(("reid train ", "reid tune ")) and "<" not in line]


@pytest.mark.slow
def test_the_trainings_of_the_documentation_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order, in one folder, with made-up people in place of the reader's, small and short."""
    people = crops(tmp_path / "my-crops")
    crops(tmp_path / "street-crops", seed=2)
    crops(tmp_path / "Market-1501-v15.09.15" / "bounding_box_train", seed=1)
    for number, image in enumerate(sorted(people.iterdir())[:30]):
        own = tmp_path / "monday" / "crops" / f"P{number // 6 + 1:04d}"
        own.mkdir(parents=True, exist_ok=True)
        shutil.copy(image, own / f"lobby_{number // 2}_{number % 2 + 1}.png")
    (tmp_path / "monday" / "identities.json").write_text("{}")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    for line in TRAININGS:
        words = shlex.split(re.sub(r"--(trials|epochs) \d+", "", line.partition(" > ")[0]))[1:]
        more = [*shlex.split(TINY), *(["--trials", "1"] if words[0] == "tune" else [])]
        if "--print-config" in words:
            more = []
        assert main([*words, *more]) == 0, f"{line}\n{capsys.readouterr().err}"
    assert len(TRAININGS) >= 6
    assert (tmp_path / "training" / "model.pth").is_file()
    assert (tmp_path / "tuning" / "best.yaml").is_file()
