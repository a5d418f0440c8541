"""What tables accept, refuse and say, with packages that are really there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.cli.main import main
from reid.camera_config import EncoderConfig, TrackerConfig
from reid.config import OutputConfig, VideoConfig
from reid.errors import InputError
from reid.losses.config import OBJECTIVES, LossConfig
from reid.outputs.events.config import EVENT_SINKS, EventsConfig
from reid.registry import Registry
from reid.tables import DETECTORS, ENCODER_BACKENDS, STORES, TRACKERS, WRITERS
from reid.tracking.build import build_tracker
from tests.extend.package import distribution

TABLES = (TRACKERS, DETECTORS, ENCODER_BACKENDS, OBJECTIVES, WRITERS, EVENT_SINKS, STORES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.group)
def test_every_table_has_the_row_of_the_page_behind_its_own(table: Registry[Any], page: Path) -> None:
    (added,) = table.added()
    assert table.names() == (*table, added)
    assert table.check(added) == added
    assert table.origin(added) == f"the {table.kind} {added!r} of package site-parts 1.0"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.group)
def test_what_is_built_in_is_there(table: Registry[Any]) -> None:
    from pkgutil import resolve_name

    for name in table:
        assert callable(resolve_name(table[name].build))


def test_switches_and_sections_are_those_of_the_tables() -> None:
    switches = {name for name, field in OutputConfig.model_fields.items() if field.annotation is bool}
    assert switches - {"video"} == set(WRITERS)  # videos are drawn by the workers that read frames
    assert {name.replace("-", "_") for name in OBJECTIVES} <= set(LossConfig.model_fields)
    assert set(EVENT_SINKS) <= set(EventsConfig.model_fields)


def test_settings_are_checked_and_filled_in(page: Path) -> None:
    config = TrackerConfig(kind="nearest")
    assert config.options == {"reach_px": 80.0}
    assert TrackerConfig(kind="nearest", options={"reach_px": "9.5"}).options == {"reach_px": 9.5}
    assert OutputConfig(also=["presence"]).options == {"presence": {"indent": None}}
    assert LossConfig(objectives={"spread": 1}, memory=8).options == {"spread": {"limit": 0.3}}


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "unknown": (
        lambda: TrackerConfig(kind="sort"),
        "choose bytetrack, botsort, ocsort, deepocsort or nearest",
    ),
    "unknown-back-end": (
        lambda: EncoderConfig(backend="tvm"),
        "choose auto, torch, onnxruntime, openvino or opencv",
    ),
    "key": (
        lambda: TrackerConfig(kind="nearest", options={"reach": 1}),
        "tracker nearest: no setting is called 'reach'; its settings are reach_px",
    ),
    "value": (
        lambda: TrackerConfig(kind="nearest", options={"reach_px": "far"}),
        "tracker nearest: reach_px is 'far': must be a valid number",
    ),
    "without-settings": (
        lambda: EncoderConfig(backend="opencv", options={"threads": 2}),
        "back end opencv: no setting is called 'threads'; it has no settings of its own",
    ),
    "of-another": (
        lambda: TrackerConfig(options={"reach_px": 1}),
        "tracker botsort: no setting is called 'reach_px'; it has no settings of its own",
    ),
    "auto": (
        lambda: EncoderConfig(options={"threads": 2}),
        "auto has no settings of its own; name the back end that they are for",
    ),
    "writer": (lambda: OutputConfig(also=["csv"]), "'csv' is no writer; choose presence"),
    "own-writer": (lambda: OutputConfig(also=["tables"]), "'tables' is reid's own writer, and has a switch"),
    "twice": (lambda: OutputConfig(also=["presence", "presence"]), "'presence' is named twice"),
    "not-in-use": (
        lambda: OutputConfig(options={"presence": {}}),
        "'presence' is not in use, so it needs no settings; writers in use: none of other packages",
    ),
    "sink": (lambda: EventsConfig(also=["mqtt"]), "'mqtt' is reid's own event sink"),
    "objective": (lambda: LossConfig(objectives={"spred": 1}), "distillation, spread"),
}


@pytest.mark.parametrize(("wrong", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refuses(wrong: Callable[[], Any], sentence: str, page: Path) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        wrong()


def test_without_packages_a_name_of_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="no installed package adds one, see docs/extend"):
        OutputConfig(also=["presence"])


def test_two_packages_with_one_name(page: Path) -> None:
    distribution(page, "other-parts", {"reid.trackers": {"nearest": "json:dumps"}}, version="2.1")
    distribution(page, "third", {"reid.trackers": {"botsort": "json:dumps"}})
    with pytest.raises(
        ValidationError, match=r"'nearest' is given by package .* and package .*; uninstall all"
    ):
        TrackerConfig(kind="nearest")
    with pytest.raises(InputError, match="the tracker 'botsort' is reid's own, and package third"):
        build_tracker(TrackerConfig(), 10)
    assert build_tracker(TrackerConfig(kind="bytetrack"), 10)  # whoever does not use it is not touched


BROKEN = {
    "imports": ("import not_there", "cannot be loaded (ModuleNotFoundError: No module named 'not_there')"),
    "syntax": ("def (", "cannot be loaded (SyntaxError"),
    "lacks": ("", "cannot be loaded (AttributeError"),
    "other": ("ROW = 3", "is of class int, not a reid.registry.Extension; see docs/extend.md"),
    "exits": ("raise SystemError('gone')", "cannot be loaded (SystemError: gone)"),
}


@pytest.mark.parametrize(("module", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_named_where_it_is_used(module: str, sentence: str, environment: Path) -> None:
    (environment / "broken_parts.py").write_text(module, encoding="utf-8")
    distribution(environment, "broken-parts", {"reid.trackers": {"mine": "broken_parts:ROW"}})
    where = "package broken-parts 1.0: its entry point mine = broken_parts:ROW in reid.trackers"
    with pytest.raises(ValidationError, match=f"{re.escape(where)} {re.escape(sentence)}"):
        TrackerConfig(kind="mine")
    assert TRACKERS.names()[-1] == "mine"  # help lists it without an import
    assert build_tracker(TrackerConfig(), 10)


FAULTY = {
    "raises": (
        "def make(*given): 1 / 0",
        "failed (ZeroDivisionError: division by zero); repair that package",
    ),
    "makes": (
        "def make(*given): return 3",
        "makes an object of class int, not a Tracker; see docs/extend.md",
    ),
    "half": (
        "class make:\n    __init__ = lambda *given: None",
        "makes an object of class make, not a Tracker",
    ),
}


@pytest.mark.parametrize(("module", "sentence"), FAULTY.values(), ids=FAULTY)
def test_what_it_makes_is_checked(module: str, sentence: str, environment: Path) -> None:
    row = "\nfrom reid.registry import Extension\nROW = Extension(build=make)"
    (environment / "faulty_parts.py").write_text(module + row, encoding="utf-8")
    distribution(environment, "faulty-parts", {"reid.trackers": {"mine": "faulty_parts:ROW"}})
    with pytest.raises(InputError, match=re.escape(f"'mine' of package faulty-parts 1.0 {sentence}")):
        build_tracker(TrackerConfig(kind="mine"), 10)


def test_names_that_folders_cannot_have_are_refused(environment: Path) -> None:
    distribution(environment, "odd", {"reid.writers": {"../up": "json:dumps"}})
    with pytest.raises(ValidationError, match="has a name that is not of a-z, 0-9, - and _"):
        OutputConfig(also=["../up"])


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command that ends at once prints."""
    try:
        code: object = main([*words])
    except SystemExit as end:  # of --help
        code = end.code
    assert code == 0
    return capsys.readouterr().out


def test_help_and_yaml_list_it(
    page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # where it is set, help is wrapped
    told = printed(capsys, "video", "--help")
    assert "bytetrack, botsort, ocsort, deepocsort or nearest; default botsort" in told
    assert "[presence; default []]" in told
    assert "cosface, distillation or spread, at least 0" in printed(capsys, "train", "--help")
    chosen = ("--tracker", "nearest", "--tracker.options", "reach_px=7")
    told = printed(capsys, "video", *chosen, "--print-config")
    assert "  kind: nearest" in told
    assert "  options: {reach_px: 7.0}" in told
    config = page / "site.yaml"
    config.write_text(told, encoding="utf-8")
    assert printed(capsys, "video", "--config", str(config), "--print-config") == told


def test_a_wrong_setting_costs_a_sentence(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "a.mp4", "--tracker", "nearest", "--tracker.options", "reach=7"]) == 2
    told = capsys.readouterr().err
    assert "tracker.options: tracker nearest: no setting is called 'reach'; its settings are reach_px" in told


def test_a_plain_config_reads_no_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def refuse(**_: object) -> None:
        raise AssertionError("importing is cheap")

    monkeypatch.setattr(metadata, "entry_points", refuse)
    assert VideoConfig().tracker.kind == "botsort"
