"""The command line: what it understands, what it says when it does not, and how it exits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.command import Invocation
from pipelines.cli.commands import COMMANDS
from pipelines.cli.main import main, parse
from pipelines.job_configs import EvaluateConfig
from pipelines.settings.flags import SHORTS
from pipelines.settings.keys import keys
from reid.config import VideoConfig
from reid.errors import InputError

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REID_DETECTOR", raising=False)
    monkeypatch.delenv("REID_ENCODER", raising=False)


def understood(*words: str) -> Invocation:
    made = parse(words)
    assert isinstance(made, Invocation)
    return made


def video(*words: str) -> VideoConfig:
    config = understood("video", *words).config
    assert isinstance(config, VideoConfig)
    return config


def reid(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_flags_may_stand_between_sources_and_be_spelt_either_way() -> None:
    config = video("a.mp4", "--source.start-s", "1", "b.mp4", "--max_distance=0.2", "--", "--odd.mp4")
    assert config.sources == ("a.mp4", "b.mp4", "--odd.mp4")
    assert (config.source.start_s, config.linking.max_distance) == (1.0, 0.2)


def test_short_names() -> None:
    config = video(
        *("--detector", "d.pt", "--encoder", "e.pth", "--device", "cuda:0", "--backend", "onnxruntime"),
        *("--fps", "5", "--start", "1", "--end", "9", "--offset", "lobby=-2.5", "--offset", "a=b=1"),
        *("--min-travel", "lobby-street=20", "--calibration", "c.json", "--tracker", "ocsort", "--no-video"),
    )
    assert (config.detector.weights, config.encoder.weights) == (Path("d.pt"), Path("e.pth"))
    assert (config.detector.device, config.encoder.device) == ("cuda:0", "cuda:0")
    assert config.encoder.backend == "onnxruntime"
    assert (config.source.fps, config.source.start_s, config.source.end_s) == (5.0, 1.0, 9.0)
    assert config.source.offset_s == {"lobby": -2.5, "a=b": 1.0}
    assert config.linking.min_travel_s == {"lobby-street": 20.0}
    assert (config.linking.calibration, config.tracker.kind) == (Path("c.json"), "ocsort")
    assert not config.outputs.video


def test_offsets_on_the_command_line_add_to_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("source: {offset_s: {lobby: 1, yard: 2}}")
    config = video("--config", str(path), "--offset", "lobby=3", "--source.offset_s", "{street: 4}")
    assert config.source.offset_s == {"lobby": 3.0, "yard": 2.0, "street": 4.0}


def test_switches_take_a_value_too_but_do_not_swallow_a_source() -> None:
    assert (
        video("--overwrite", "a.mp4")
        == video("a.mp4", "--overwrite=true")
        == video("--overwrite", "yes", "a.mp4")
    )
    assert not video("--outputs.crops", "false").outputs.crops
    assert not video("--crops", "--no-outputs.crops").outputs.crops


BAD_WORDS = [
    ("--detector.confidence 1.5", "--detector.confidence is '1.5'; must be at most 1"),
    ("--fps abc", "--fps is 'abc'; must be a number of frames per second"),
    ("--source.start_s -1e3", "--source.start_s is '-1e3'; must be at least 0"),
    ("--tracker sort", "--tracker is 'sort'; choose bytetrack, botsort, ocsort or deepocsort"),
    ("--offset lobby", "--offset is 'lobby'; write it as NAME=VALUE"),
    ("--offset lobby=x", "--offset lobby is 'x'; must be a number of seconds"),
    ("--offset {lobby", "--offset: line 1, column 7: is not valid YAML: expected ',' or '}', "
     "but got '<stream end>'"),
    ("--min-travel a-b=-1", "--min-travel a-b is '-1'; must be at least 0"),
    ("--overwrite=maybe", "--overwrite is 'maybe'; must be true or false"),
    ("--detector.confidense 1", "--detector.confidense is not a flag of reid video; did you mean "
     "--detector.confidence?"),
    ("--confidence 1", "--confidence is not a flag of reid video; did you mean --detector.confidence?"),
    ("--ofset a=1", "--ofset is not a flag of reid video; did you mean --offset?"),
    ("--zzz", "--zzz is not a flag of reid video; see reid video --help"),
    ("-o out", "-o is not a flag of reid video; a file of that name is written ./-o"),
    ("--fps", "reid video: --fps: expected one argument; see reid video --help"),
    ("--log-format xml", "reid video: --log-format: invalid choice: 'xml' (choose from 'text', 'json'); "
     "see reid video --help"),
    ("--config none.yaml", "none.yaml: no such file; expected a YAML file of settings"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), BAD_WORDS, ids=[words for words, _ in BAD_WORDS])
def test_bad_words_are_refused_in_one_sentence(words: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        video(*words.split())
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("vidio a.mp4", "reid vidio is not a command; did you mean reid video?"),
        ("gallery shwo g.db", "reid gallery shwo is not a command; did you mean reid gallery show?"),
        ("--quiet video", "reid --quiet is not a command; see reid --help"),
        ("demo a.mp4", "reid demo does not know what to do with 'a.mp4'; see reid demo --help"),
        ("gallery show", "reid gallery show: the following arguments are required: GALLERY, PERSON; "
         "see reid gallery show --help"),
        ("evaluate results", "truth is missing; give it as --truth"),
        ("evaluate results --truth t --iou 2", "--iou is '2'; must be at most 1"),
    ],
)  # fmt: skip
def test_other_commands_refuse_too(words: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(words.split())
    assert str(caught.value) == sentence


def test_the_environment_names_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_DETECTOR", "d.pt")
    assert video().detector.weights == Path("d.pt")


def test_evaluate_and_gallery() -> None:
    evaluate = understood("evaluate", "results", "--truth", "gt", "--visibility", "0.25")
    assert evaluate.config == EvaluateConfig(truth=Path("gt"), visibility=0.25)
    assert evaluate.arguments.results == "results"
    told = understood("gallery", "rename", "site.db", "P0001", "Ada L.", "--quiet").arguments
    assert (told.gallery, told.person, told.label, told.quiet) == ("site.db", "P0001", "Ada L.", True)
    assert understood("gallery", "history", "site.db").arguments.person is None
    assert understood("gallery", "merge", "site.db", "P0001", "P0002").arguments.into == "P0002"
    assert understood("gallery", "prune", "site.db", "30").arguments.days == "30"


def test_the_demo_has_the_settings_of_video_but_its_own_sources() -> None:
    assert understood("demo", "--output", "out", "--fps", "5").config == video(
        "--output", "out", "--fps", "5"
    )
    with pytest.raises(InputError, match="--sources is not a flag of reid demo"):
        parse(["demo", "--sources", "a.mp4"])


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_the_table_of_contents_names_every_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    told = capsys.readouterr().out
    assert all(f"{command.name} " in told and command.summary in told for command in COMMANDS)


@pytest.mark.parametrize("words", [["gallery"], ["gallery", "--help"], ["gallery", "-h"]])
def test_a_family_of_commands_names_its_own(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: reid gallery COMMAND ...\n")
    named = [line.strip().partition("  ")[0] for line in told.splitlines() if line.startswith("  gallery ")]
    assert named == [command.name for command in COMMANDS if command.name.startswith("gallery ")]
    assert "  video " not in told


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_commands_help_mentions_all_that_it_takes(
    command: object, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    with pytest.raises(SystemExit) as caught:
        main([*name.split(), "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert "example" in told
    for flag in ("--quiet", "--log-format", "--debug"):
        assert flag in told
    model = next(command.model() for command in COMMANDS if command.name == name)
    if model is not None:
        flat, lines = " ".join(told.split()), told.replace("\n", " \n")
        taken = {key.name: key for key in keys(model)}
        skipped = next(command.skip for command in COMMANDS if command.name == name)
        for key in taken.values():
            if key.name in skipped:
                continue
            begins = "--[no-]" if key.kind == "boolean" else "--"
            spellings = {key.name, key.name.replace("_", "-")}
            assert sum(f"\n  {begins}{spelling} " in lines for spelling in spellings) == 1
            assert " ".join(key.description.split()[:3]) in flat
        for short in SHORTS:
            shown = f"{short.flag} " in lines or f"--[no-]{short.flag[2:]} " in lines
            assert shown or not set(short.keys) <= set(taken)


def test_exit_codes_and_streams(tmp_path: Path) -> None:
    assert reid("--version").returncode == 0
    refused = reid("video", "--fps", "abc")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "reid: --fps is 'abc'; must be a number of frames per second\n"
    as_json = reid("video", "--fps", "abc", "--log-format", "json")
    assert as_json.stderr.startswith('{"event": "message", "level": "error", "message": "--fps is')
    assert "Traceback" in reid("video", "--fps", "abc", "--debug").stderr


def test_a_failure_inside_is_one_sentence_and_a_traceback_only_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(words: object) -> int:
        raise RuntimeError("the sky\nis falling")

    def stop(words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.cli.main.parse", fail)
    assert main(["video"]) == 1
    said = capsys.readouterr().err
    assert said == "reid: RuntimeError: the sky is falling; run again with --debug for the traceback\n"
    assert main(["video", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setattr("pipelines.cli.main.parse", stop)
    assert main(["video"]) == 130
    assert capsys.readouterr().err == "reid: interrupted\n"


def test_help_imports_nothing_heavy() -> None:
    heavy = ("torch", "cv2", "ultralytics", "numpy", "av", "pydantic", "rich")
    code = (
        "import sys; from pipelines.cli.main import main; main(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    parsing = code.replace(
        "main(['--help'])", "from pipelines.cli.main import parse; parse(['video', 'a.mp4'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", parsing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "['pydantic']\n"


def test_what_libraries_do_behind_the_users_back_is_off_unless_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOLO_OFFLINE", "false")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert main(["--version"]) == 0
    assert (os.environ["YOLO_OFFLINE"], os.environ["OMP_WAIT_POLICY"]) == ("false", "PASSIVE")


def test_errors_name_flags_as_the_help_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "crops", "--people_per_site", "z"]) == 2
    assert capsys.readouterr().err == "reid: --people-per-site is 'z'; must be a whole number\n"
    assert main(["calibrate", "crops", "--operating-point", "best"]) == 2
    assert "--operating-point is 'best'" in capsys.readouterr().err
