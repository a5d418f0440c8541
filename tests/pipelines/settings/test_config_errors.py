"""What is wrong with a config, in one sentence: exactly which."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, model_validator
from pydantic_core import PydanticKnownError
from pydantic_core._pydantic_core import list_all_errors

from pipelines.settings.loading import Override, load
from pipelines.settings.validation import reason
from reid.config import VideoConfig
from reid.errors import InputError
from reid.section import Section

BAD_FILES = [
    ("detector: {confidense: 0}", "detector.confidense is not a setting; did you mean detector.confidence?"),
    ("tracker: {kind: sort}", "tracker.kind is 'sort'; choose bytetrack, botsort, ocsort or deepocsort"),
    ("detector: {confidence: 1.5}", "detector.confidence is '1.5'; must be at most 1"),
    ("detector: {confidence: true}", "detector.confidence is 'true'; must be a number"),
    ("detector: {confidence: .nan}", "detector.confidence is '.nan'; must be a number"),
    ("detector: {confidence: }", "detector.confidence is null; must be a number"),
    ("detector: {confidence: [0.1]}", "detector.confidence is ['0.1']; must be a number"),
    ("detector: {image_size: 100}", "detector.image_size is '100'; must be a multiple of 32"),
    ("detector: {image_size: 640.5}", "detector.image_size is '640.5'; must be a whole number"),
    ("detector: {batch: many}", "detector.batch is 'many'; must be a whole number"),
    ("detector: yolo.pt", "detector is 'yolo.pt'; must be a section with settings of its own: kind, "
     "options, weights, classes, confidence, iou, image_size, batch, device, backend"),
    ("detector: {weights: {a: b}}", "detector.weights is {a: b}; must be a path"),
    ("detector: {device: }", "detector.device is null; must be text"),
    ("source: {fps: 0}", "source.fps is '0'; must be above 0"),
    ("source: {start_s: 1m}", "source.start_s is '1m'; must be a number of seconds"),
    ("source: {start_s: -1}", "source.start_s is '-1'; must be at least 0"),
    ("source: {offset_s: {lobby: late}}", "source.offset_s.lobby is 'late'; must be a number of seconds"),
    ("source: {offset_s: 2}", "source.offset_s is '2'; must be a mapping such as {name: value}"),
    ("sources: a.mp4", "sources is 'a.mp4'; must be a list such as [a, b]"),
    ("sources: [a, [b]]", "sources.1 is [b]; must be text"),
    ("overwrite: maybe", "overwrite is 'maybe'; must be true or false"),
    ("detektor: {}", "detektor is not a setting; did you mean detector?"),
    ("confidence: 0.2", "confidence is not a setting; did you mean detector.confidence?"),
    ("max_distance: 0.2", "max_distance is not a setting; did you mean tracker.max_distance or "
     "linking.max_distance?"),
    ("source: {start-s: 2}", "source.start-s is not a setting; did you mean source.start_s?"),
    ("detector.iou: 0.2", "detector.iou is not a setting; write it as `iou:` inside `detector:`"),
    ("outputs: {zzz: 1}", "outputs.zzz is not a setting; choose also, blur, crops, options, report, tables, "
     "tracks or video"),
    ("output: a\noutput: b", "output is given twice, at lines 1 and 2"),
    ("tracker:\n  kind: ocsort\n\n  kind: ocsort", "tracker.kind is given twice, at lines 2 and 4"),
    ("tracker: [1, 2", "line 1, column 15: is not valid YAML: expected ',' or ']', but got '<stream end>'"),
    ("a: b: c", "line 1, column 5: is not valid YAML: mapping values are not allowed here"),
    ("\ta: b", "line 1, column 1: is not valid YAML: found character '\\t' that cannot start any token"),
    ("a: 1\n---\nb: 2", "line 2, column 1: is not valid YAML: but found another document"),
    ("- a\n- b", "must hold `key: value` lines, not a list"),
    ("hello", "must hold `key: value` lines, not text"),
    ("? [a, b]\n: 1", "line 1: a key must be a plain word"),
    ("sources: &a [*a]", "line 1: sources.0 contains itself"),
    ("sources: *nobody", "line 1, column 10: is not valid YAML: found undefined alias 'nobody'"),
    ("output: !!python/object/apply:os.system [true]", "output is ['true']; must be a path"),
    ("sources: " + "[" * 3000, "is nested too deeply"),
    ("output: a\x07b", "is not a YAML text file: character 9 is not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD_FILES, ids=[text[:30] for text, _ in BAD_FILES])
def test_a_bad_file_is_refused_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load(VideoConfig, path)
    assert str(caught.value) == f"{path}: {sentence}"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "video.mp4"
    binary.write_bytes(b"\x00\x00\xff\xfe")
    for path, sentence in (
        (tmp_path / "none.yaml", "no such file; expected a YAML file of settings"),
        (tmp_path, "is a folder; expected a YAML file of settings"),
        (binary, "is not a text file in UTF-8 (byte 2); expected a YAML file of settings"),
    ):
        with pytest.raises(InputError, match=re.escape(f"{path}: {sentence}")):
            load(VideoConfig, path)


def test_a_flags_error_names_the_flag_and_a_files_error_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("source: {offset_s: {lobby: 1, yard: late}}")
    lobby = Override(path=("source", "offset_s"), value={"lobby": "early"}, origin="--offset")
    with pytest.raises(InputError, match=r"^--offset lobby is 'early'; must be a number of seconds$"):
        load(VideoConfig, None, [lobby])
    fine = Override(path=("source", "offset_s"), value={"lobby": "2"}, origin="--offset")
    with pytest.raises(InputError, match=r"site.yaml: source.offset_s.yard is 'late'"):
        load(VideoConfig, path, [fine])


class Span(Section):
    """A time span."""

    start_s: float = Field(0.0, description="from")
    end_s: float = Field(description="to")

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.end_s <= self.start_s:
            raise ValueError("end_s must be above start_s")
        return self


class Job(Section):
    """A job with what VideoConfig does not have."""

    span: Span
    either: int | tuple[str, ...] = Field(1, description="a union")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "span.end_s is missing; give it as --span.end_s"),
        ({"span.start_s": "2", "span.end_s": "1"}, "span: end_s must be above start_s"),
        ({"span.end_s": "1", "either": {"a": "b"}}, "--either is {a: b}; must be a whole number"),
    ],
)
def test_missing_values_checks_across_settings_and_unions(values: dict[str, Any], sentence: str) -> None:
    given = [
        Override(path=tuple(name.split(".")), value=value, origin=f"--{name}")
        for name, value in values.items()
    ]
    with pytest.raises(InputError) as caught:
        load(Job, None, given)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("kind", [error["type"] for error in list_all_errors()])
def test_every_error_that_pydantic_knows_reads_as_a_sentence(kind: Any) -> None:
    context = next(error["example_context"] for error in list_all_errors() if error["type"] == kind) or {}
    context = {name: "such and such" if value == "" else value for name, value in context.items()}
    if kind in ("value_error", "assertion_error"):
        message = f"{'Value error' if kind == 'value_error' else 'Assertion failed'}, it is too late"
    else:
        message = PydanticKnownError(kind, context or None).message()
    said = reason({"type": kind, "msg": message, "loc": (), "input": None, "ctx": context})
    assert said[0].islower() or said.startswith(("URL", "UUID"))
    assert "\n" not in said
    for jargon in (
        "Input",
        "should",
        "unable to parse",
        "dictionary or",
        "Value error",
        "None",
        "Python object",
    ):
        assert jargon not in said or kind in ("json_type", "needs_python_object"), said


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("{name: a, polygon: [[0, 0], [1, 0], [1, 1]]}", "zones.hall.0.purpose is missing"),
        (
            "{name: a, purpose: count, poligon: [[0, 0], [1, 0], [1, 1]]}",
            "zones.hall.0.poligon is not known there",
        ),
        (
            "{name: a, purpose: kount, line: [[0, 0], [1, 0]]}",
            "zones.hall.0.purpose is 'kount'; choose ignore, count or dwell",
        ),
        (
            "{name: a, purpose: count, polygon: [[0, 0], [1, 1], [1, 0], [0, 1]]}",
            "zones.hall.0: 'a': the polygon crosses or touches itself; draw its corners in order, around the zone",
        ),
    ],
)
def test_a_zone_that_cannot_be_costs_a_sentence(tmp_path: Path, zone: str, sentence: str) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(f"zones:\n  hall:\n    - {zone}\n")
    with pytest.raises(InputError) as told:
        load(VideoConfig, file)
    assert str(told.value) == f"{file}: {sentence}"
