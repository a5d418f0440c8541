"""What every command prints into a pipe, to programs, and when told to be quiet."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.commands import COMMANDS
from pipelines.cli.main import main
from reid.store.opening import open_store
from tests.store.site import ENCODER, commit

CASES = Path(__file__).parents[2] / "cases"
LABEL = "a label that goes on and on, as long as labels may be, beyond the eightieth column, and [brackets]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place whose path alone is wider than a pipe is taken to be."""
    path = tmp_path / "a-folder-whose-name-is-long-enough-to-be-wrapped-at-eighty-columns-by-itself"
    path.mkdir()
    return path


@pytest.fixture
def gallery(folder: Path) -> Path:
    path = folder / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 1])
        store.rename(1, LABEL)
    return path


@pytest.fixture
def results(folder: Path) -> Path:
    shutil.copytree(CASES / "mot-classes" / "results-tracks", folder / "results" / "tracks")
    return folder / "results"


def commands(gallery: Path, results: Path) -> list[list[str]]:
    """Those that answer at once, in an order in which each finds what it needs."""
    truth = str(CASES / "mot-classes" / "truth")
    named = [
        ["list"],
        ["show", "1"],
        ["history"],
        ["rename", "2", LABEL[:-1]],
        ["merge", "2", "1"],
        ["forget", "1"],
        ["prune", "0"],
    ]
    return [
        *(["gallery", words[0], str(gallery), *words[1:]] for words in named),
        ["evaluate", str(results), "--truth", truth],
        ["weights"],
        ["weights", "check"],
        ["weights", "show", "person-lite0"],
    ]


def strict(line: str) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    content = json.loads(line, parse_constant=refuse)
    assert isinstance(content, dict)
    return content


def test_every_line_is_json_for_programs(
    gallery: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in commands(gallery, results):
        assert main([*words, "--log-format", "json"]) == 0, words
        printed = capsys.readouterr()
        answers = [strict(line) for line in printed.out.splitlines()]
        assert answers, words
        assert {answer["event"] for answer in answers} <= {"summary", "text"}, words
        assert all(strict(line)["event"] == "message" for line in printed.err.splitlines())
        if words[:2] == ["gallery", "list"]:
            (answer,) = answers
            people = [dict(zip(answer["header"], row, strict=True)) for row in answer["rows"]]
            assert [person["label"] for person in people] == [LABEL, ""]
            assert [person["sightings"] for person in people] == [2, 1]


@pytest.mark.parametrize("quiet", [False, True])
def test_nothing_is_wrapped_in_a_pipe(
    quiet: bool, gallery: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was asked for comes whole, one person a line, quiet or not; what was only done is told unless quiet."""
    told = {}
    for words in commands(gallery, results):
        assert main([*words, *(["--quiet"] if quiet else [])]) == 0
        told[" ".join(words[:2])] = capsys.readouterr().out
    assert told["gallery list"].splitlines()[0] == f"2 people in {gallery}, encoder {ENCODER}"
    assert len(told["gallery list"].splitlines()) == 4
    assert f"P0001   {LABEL}  " in told["gallery list"]
    assert told["gallery show"].startswith(f"P0001 ({LABEL}): 2 sightings in {gallery}\n")
    assert told["gallery forget"] == (
        f"P0001 forgotten: nothing of them is left in {gallery}; "
        "results folders keep crops, videos and tables of them, where none was named with --results; "
        "`reid video` on the same recordings finds them again, under a new id (--suppress leaves them out)\n"
    )
    assert f"\nscores: {results / 'scores.json'}\n" in told[f"evaluate {results}"]
    assert "all, global ids      100.0" in told[f"evaluate {results}"]
    assert told["weights show"].startswith("# ")
    assert (told["weights check"] == "") == quiet


def test_help_is_a_line_a_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`reid video --help | grep fps` finds the flag and what it means."""
    monkeypatch.delenv("COLUMNS", raising=False)
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            main([*command.name.split(), "--help"])
        flags = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  --")]
        assert all(re.match(r"  --\S.*?  +\S", line) for line in flags), command.name
        (quiet,) = [line for line in flags if line.startswith("  --quiet")]
        assert quiet.split(maxsplit=1)[1] == "only what was asked for, warnings and errors"
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        main(["video", "--help"])
    texts = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" " * 30)]
    assert texts
    assert all(len(line) <= 60 for line in texts)


def test_errors_are_json_in_either_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in (["--log-format", "json"], ["--log_format=json"], ["--log_format", "json"]):
        assert main(["gallery", "list", "none.db", *flag]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert strict(printed.err)["level"] == "error"


@pytest.mark.slow
def test_whole_jobs_say_json_alone(folder: Path) -> None:
    """Real processes: no library prints between the lines, neither to results nor to messages."""
    from tests.training.tiny import crops

    people = crops(folder / "people")
    small = (
        *("--data.height", "32", "--data.width", "16", "--data.held-out", "3", "--network.dimension", "16"),
        *("--schedule.warmup-epochs", "0", "--epochs", "1", "--device", "cpu", "--threads", "1"),
    )
    model = str(folder / "training" / "model.pth")
    jobs = [
        ["train", str(people), "--output", str(folder / "training"), *small],
        ["calibrate", str(people), "--encoder", model, "--backend", "torch"],
        ["quantise", model, str(people), str(folder / "small.xml")],
        [
            *("video", str(CASES / "next-segment.mp4"), "--detector", str(CASES / "control-detect.onnx")),
            *("--output", str(folder / "video"), "--no-video", "--encoder", model, "--backend", "torch"),
        ],
    ]
    for words in jobs:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *words, "--log-format", "json"],
            capture_output=True,
            text=True,
            env={**os.environ, "REID_CACHE": str(folder / "cache")},
        )
        assert done.returncode == 0, done.stderr
        summaries = [strict(line) for line in done.stdout.splitlines()]
        assert summaries
        assert {one["event"] for one in summaries} == {"summary"}, words
        assert all(strict(line) for line in done.stderr.splitlines()), words
