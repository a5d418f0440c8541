"""JSON that leaves the program is what RFC 8259 calls JSON."""

import ast
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reid
from reid import json_text

ROOT = Path(reid.__file__).parents[1]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def strict(text: str) -> object:
    """Reads JSON as other programs do: NaN and Infinity are errors."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def without_numbers_that_are_none(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: without_numbers_that_are_none(item) for key, item in value.items()}
    return [without_numbers_that_are_none(item) for item in value] if isinstance(value, list) else value


@given(PLAIN, st.booleans())
def test_everything_plain_comes_back_but_nan(value: object, ascii_only: bool) -> None:
    text = json_text.dumps(value, ascii_only=ascii_only)
    assert strict(text.encode().decode()) == without_numbers_that_are_none(value)


def test_nan_is_null_wherever_it_stands() -> None:
    value = {"a": float("nan"), "b": [(1.5, float("inf"))], "c": {"d": np.float64("-inf")}}
    assert json_text.dumps(value) == '{"a": null, "b": [[1.5, null]], "c": {"d": null}}'
    made = json_text.dumps({"path": Path("a")}, default=lambda one: [str(one), math.nan])
    assert made == '{"path": ["a", null]}'
    with pytest.raises(TypeError):
        json_text.dumps({"path": Path("a")})


def test_a_name_by_content_does_not_depend_on_the_order_of_keys() -> None:
    assert json_text.digest({"b": "\N{SNOWMAN}", "a": 1}) == json_text.digest({"a": 1, "b": "\N{SNOWMAN}"})
    assert len(json_text.digest([], size=12)) == 24


def test_no_other_place_writes_json() -> None:
    """A writer of its own would bring NaN back."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("reid/**/*.py"), *ROOT.glob("pipelines/**/*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("dump", "dumps", "JSONEncoder")
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
    }
    assert found == {"reid/json_text.py"}
