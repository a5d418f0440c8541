"""What the manifest may say, and what is found in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from reid.errors import InputError
from reid.shipped_weights import (
    checked,
    chosen,
    default_detector,
    default_encoder,
    find,
    located,
    read_manifest,
    recorded,
    write_manifest,
)
from tests.weights.shipping import FACTS, seal, ship, write

A = {"name": "a", "kind": "encoder", "path": "a.onnx"}
FILE = {"path": "a.onnx", "bytes": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("nonsense", "the whole: invalid JSON"),
        ({"entries": [A]}, "entries.0.card: field required"),
        ({"entries": [FACTS | A | {"colour": 1}]}, "entries.0.colour 1: extra inputs are not permitted"),
        ({"entries": [FACTS | A | {"kind": "x"}]}, "entries.0.kind 'x': input should be 'detector', 'encoder'"),
        ({"entries": [FACTS | A | {"path": "../a"}]}, "entries.0.path '../a': must be a plain path inside the"),
        ({"entries": [FACTS | A | {"path": "/a"}]}, "entries.0.path '/a': must be a plain path inside the"),
        ({"entries": [FACTS | A | {"path": "b/./a"}]}, "entries.0.path 'b/./a': must be a plain path inside the"),
        ({"entries": [FACTS | A | {"name": "a/b"}]}, "entries.0.name 'a/b': string should match pattern"),
        ({"entries": [FACTS | A | {"files": [FILE | {"sha256": "0"}]}]}, "entries.0.files.0.sha256 '0': string"),
        ({"entries": [FACTS | A, FACTS | A]}, "two entries have the name 'a'; give each its own"),
        ({"entries": [FACTS | A, FACTS | A | {"name": "b"}]}, "two entries have the path 'a.onnx'"),
        (
            {"entries": [FACTS | A | {"name": n, "path": n, "default": True} for n in ("a", "b")]},
            "more than one encoder is the default; leave one",
        ),
        ({"entries": [FACTS | A | {"kind": "calibration", "default": True}]}, "'a' is a calibration"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    content: Any, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ship(monkeypatch, tmp_path)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_manifest()
    assert str(caught.value).startswith(f"{folder / 'manifest.json'}: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ship(monkeypatch, tmp_path) / "manifest.json").unlink()
    with pytest.raises(
        InputError, match=r"manifest\.json: cannot be read \(No such file.*install reidentify again"
    ):
        default_encoder()
    own = tmp_path / "own.onnx"
    assert checked(own) == located(own, "encoder") == chosen(own, "encoder") == own, (
        "one's own need no manifest"
    )
    assert recorded(own) == str(own)


def test_writing_and_reading_is_the_identity(weights: Path) -> None:
    seal()
    manifest = read_manifest()
    assert [len(entry.files) for entry in manifest.entries] == [1, 3]
    write_manifest(manifest)
    assert read_manifest() == manifest


def test_defaults(weights: Path) -> None:
    assert (default_encoder(), default_detector()) == (weights / "colours.onnx", None)
    write(weights, {"name": "n", "kind": "detector", "path": "nobody_openvino_model", "default": True})
    assert (default_encoder(), default_detector()) == (None, weights / "nobody_openvino_model")


def test_a_name_stands_for_a_path(weights: Path) -> None:
    assert located(Path("shipped:colours"), "encoder") == weights / "colours.onnx"
    with pytest.raises(InputError, match="shipped:colours: of kind encoder, not detector"):
        located(Path("shipped:colours"), "detector")
    with pytest.raises(InputError, match="nothing that ships is called 'colour'; did you mean 'colours'"):
        located(Path("shipped:colour"), "encoder")
    assert recorded(weights / "colours.onnx") == "shipped:colours"
    assert recorded(weights / "own.onnx") == str(weights / "own.onnx")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALIBRATION OF A", "did you mean 'calibration of a'?"),
        ("of a", "did you mean 'calibration of a'?"),
        ("colurs", "did you mean 'colours'?"),
        ("o", "did you mean 'colours' or 'calibration of a'?"),
        ("xyz", "`reid weights` lists what does"),
        ("", "`reid weights` lists what does"),
    ],
)
def test_names_that_were_probably_meant(weights: Path, name: str, meant: str) -> None:
    entries = [
        {"name": "colours", "kind": "encoder", "path": "colours.onnx"},
        {"name": "calibration of a", "kind": "calibration", "path": "calibrations/a.json"},
    ]
    write(weights, *entries)
    with pytest.raises(InputError) as caught:
        find(name)
    assert str(caught.value) == f"nothing that ships is called {name!r}; {meant}"
