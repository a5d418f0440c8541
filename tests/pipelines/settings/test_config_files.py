"""Files, flags and environment make the same config, and printing a config loses nothing."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cli.command import Invocation
from pipelines.cli.main import parse
from pipelines.job_configs import BenchmarkConfig
from pipelines.settings.document import document
from pipelines.settings.keys import Key, keys, plain
from pipelines.settings.loading import load
from pipelines.site.live_config import LiveConfig
from reid.camera_config import DetectorConfig
from reid.config import VideoConfig
from reid.detection.training_config import DetectorTrainConfig
from reid.errors import InputError
from reid.section import Section
from reid.training.config import TrainConfig
from reid.yaml_file import parse_yaml

CONFIGS = Path(__file__).parents[3] / "configs"
MODELS: dict[str, type[Section]] = {
    "benchmark.yaml": BenchmarkConfig,
    "live.yaml": LiveConfig,
    "train.yaml": TrainConfig,
    "train-detector.yaml": DetectorTrainConfig,
    "video.yaml": VideoConfig,
}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
NAME = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs")), min_size=1).filter(lambda n: n[0] != "{")


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REID_DETECTOR", raising=False)
    monkeypatch.delenv("REID_ENCODER", raising=False)


def config_of(*words: str) -> VideoConfig:
    made = parse(["video", *words])
    assert isinstance(made, Invocation)
    assert isinstance(made.config, VideoConfig)
    return made.config


RANGES = {  # where the usual range does not do: bounds, and settings that are checked against each other
    "tracker.high_confidence": (0.1, 1.0),
    "tracker.low_confidence": (0.001, 0.25),
    "linking.fragment_slack": (1.0, 3.0),
}


def value_of(key: Key) -> st.SearchStrategy[Any]:
    """Valid values of a setting; the handful of ranges in VideoConfig, and of pairs in order, are met by these."""
    ranges = {
        "fragment_slack": (1, 2),
        "high_confidence": (0.1, 1),
        "low_confidence": (0.001, 0.25),
        "pixel_aspect": (0.125, 8),
    }
    numbers = st.floats(*ranges.get(key.path[-1], (0.001, 1)), allow_nan=False)
    if key.path[-1] == "started_at":
        moments = st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))
        return st.dictionaries(NAME, moments.map(datetime.isoformat), max_size=3)
    if key.path[-1] == "timezone":
        return st.none() | st.sampled_from(["UTC", "+01:00", "Europe/Berlin"])
    if key.path[-1] == "same_ground":  # its flag takes the whole as JSON
        points = [[1.5, 2, 3, 4], [9, 2, 8, 4], [9, 9, 8, 8], [1, 9, 3, 8]]
        return st.sampled_from([{"a-b": points}, {"a-b": points, "c-d": [*points, [5, 5, 5, 5]]}])
    if key.path == ("zones",):  # its flag takes the whole as JSON
        door = {"name": "door", "purpose": "count", "polygon": [], "line": [[0.5, 0.1], [0.5, 0.9]]}
        desk = {"name": "desk", "purpose": "dwell", "polygon": [[0, 0], [0.5, 0], [0.5, 1]], "line": []}
        return st.sampled_from([{"a": [door]}, {"a": [door, desk], "b": [desk]}])
    if key.path[-1] in ("also", "options"):  # are for what other packages add: tests/extend
        return st.just([] if key.kind == "list" else {})
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "number": numbers,
        "integer": st.integers(1, 3).map(lambda n: 32 * n if key.path[-1] == "image_size" else n),
        "boolean": st.booleans(),
        "string": TEXT,
        "path": TEXT.map(lambda text: str(Path(text))),
        "mapping": st.dictionaries(NAME, numbers, max_size=3),
        "list": st.lists(TEXT, max_size=3),
    }
    values = st.sampled_from(key.choices) if key.choices else kinds[key.kind]
    values = values.filter(lambda value: value != "null")
    return st.none() | values if key.nullable else values


def flags_of(key: Key, value: Any) -> list[str]:
    match value:
        case None:
            return [f"--{key.name}=null"]
        case bool():
            return [f"--{'' if value else 'no-'}{key.name}"]
        case dict() if key.path[-1] in ("same_ground", "zones"):
            return [f"--{key.name}={json.dumps(value)}"]
        case dict():
            return [f"--{key.name}={name}={item}" for name, item in value.items()]
        case list():
            return [f"--{key.name}={item}" for item in value]
        case _:
            return [f"--{key.name}={value}"]


def nested(key: Key, value: Any) -> dict[str, Any]:
    for part in reversed(key.path):
        value = {part: value}
    return dict(value)


@pytest.mark.parametrize("key", keys(VideoConfig), ids=lambda key: key.name)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_a_flag_and_a_line_of_yaml_set_the_same(
    key: Key, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    value = data.draw(value_of(key))
    path = tmp_path_factory.mktemp("config") / "site.yaml"
    path.write_text(yaml.safe_dump(nested(key, value), allow_unicode=True), encoding="utf-8")
    loaded = load(VideoConfig, path)
    assert config_of(*flags_of(key, value)) == loaded
    got: Any = loaded
    for part in key.path:
        got = getattr(got, part)
    assert plain(got) == value
    path.write_text(document(loaded), encoding="utf-8")
    assert load(VideoConfig, path) == loaded


@pytest.mark.parametrize("job", ["video", "live"])
def test_yaml_is_what_print_config_prints(job: str) -> None:
    printed = parse([job, "--print-config"])
    assert (CONFIGS / f"{job}.yaml").read_text(encoding="utf-8") == f"{printed}\n"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_file_loads_and_holds_the_defaults(path: Path) -> None:
    model = MODELS[path.name]
    assert load(model, path) == model()


def test_every_key_is_documented_above_its_line() -> None:
    text = document(VideoConfig())
    for key in keys(VideoConfig):
        assert key.description, key.name
        comment, _, _ = text.partition(f"\n{'  ' * (len(key.path) - 1)}{key.path[-1]}: ")
        assert comment.splitlines()[-1].strip().startswith("# ["), key.name


def test_flags_win_over_the_file_and_the_environment_only_fills_gaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("detector: {weights: file.pt, confidence: 0.3}\nencoder: {weights: null}\n")
    monkeypatch.setenv("REID_DETECTOR", "environment.pt")
    monkeypatch.setenv("REID_ENCODER", "environment.pth")
    config = config_of("--config", str(path), "--detector.confidence", "0.4")
    assert (config.detector.weights, config.detector.confidence) == (Path("file.pt"), 0.4)
    assert config.encoder.weights == Path("environment.pth")
    assert config_of("--encoder", "flag.pth").encoder.weights == Path("flag.pth")


def test_yaml_means_what_it_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("""
        sources: [010, 2024-01-01, no, 'null']
        output: 2024
        overwrite: yes
        tracker:           # all of its keys commented out
        source: {offset_s: {no: 1e-3, 01: -2}}
        """)
    config = load(VideoConfig, path)
    assert config.sources == ("010", "2024-01-01", "no", "null")
    assert (config.output, config.overwrite) == (Path("2024"), True)
    assert config.source.offset_s == {"no": 0.001, "01": -2.0}
    assert config.tracker == VideoConfig().tracker


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    for text in ("", "# nothing\n", "\ufeff", "---\n"):
        path.write_text(text, encoding="utf-8")
        assert load(VideoConfig, path) == VideoConfig()


def test_a_sections_other_defaults_survive_a_file_that_sets_one_of_its_keys(tmp_path: Path) -> None:
    class Live(Section):
        """Another job."""

        detector: DetectorConfig = DetectorConfig(batch=1)

    path = tmp_path / "live.yaml"
    path.write_text("detector: {confidence: 0.2}")
    assert load(Live, path).detector == DetectorConfig(batch=1, confidence=0.2)
    assert "default 1]" in document(Live())


@pytest.mark.slow
@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        parse_yaml(text, "site.yaml")
