"""What pydantic has against a config, as one sentence for the person who wrote the config."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipelines.settings.keys import Key, flow, listed, nearest, number, plain, unit
from reid.secret import masked_within

# Only what pydantic says in terms of Python or JSON is said anew; the rest reads well without "Input should".
REASONS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "fraction_type": "must be a number or a fraction such as 1/3",
    "fraction_parsing": "must be a number or a fraction such as 1/3",
    "complex_type": "must be a complex number such as 1+2j",
    "complex_str_parsing": "must be a complex number such as 1+2j",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "path_type": "must be a path",
    "bytes_type": "must be text",
    "none_required": "must be null",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "dict_type": "must be a mapping such as {{name: value}}",
    "mapping_type": "must be a mapping such as {{name: value}}",
    "list_type": "must be a list such as [a, b]",
    "tuple_type": "must be a list such as [a, b]",
    "named_tuple_type": "must be a list such as [a, b]",
    "set_type": "must be a list such as [a, b]",
    "frozen_set_type": "must be a list such as [a, b]",
    "deque_type": "must be a list such as [a, b]",
    "iterable_type": "must be a list such as [a, b]",
    "model_type": "must be a section with settings of its own",
    "model_attributes_type": "must be a section with settings of its own",
    "dataclass_type": "must be a section with settings of its own",
    "url_parsing": "must be a URL such as rtsp://host/stream",
    "uuid_parsing": "must be a UUID",
    "date_from_datetime_inexact": "must be a date without a time",
    "timezone_offset": "must have the time zone offset {tz_expected}",
    "uuid_version": "must be a UUID of version {expected_version}",
    "union_tag_invalid": "choose {expected_tags}",
    "recursion_loop": "contains itself",
}
IN_SECONDS = frozenset({"float_type", "float_parsing"})


@dataclass(slots=True)
class Origins:
    """Origin of each setting, for error sentences."""

    file: str | None = None
    named: dict[tuple[str, ...], str] = field(default_factory=dict)  # what flags and environment set

    def call(self, path: tuple[str, ...]) -> str:
        """How the person who set `path` calls it: `--fps`, or `site.yaml: source.fps`."""
        for length in range(len(path), 0, -1):
            if (name := self.named.get(path[:length])) is not None:
                return " ".join((name, *path[length:]))
        dotted = ".".join(path)
        if self.file is None:
            return dotted or "the settings"
        return f"{self.file}: {dotted}" if dotted else self.file


def complaint(error: ValidationError, tree: dict[str, Any], origins: Origins, known: Sequence[Key]) -> str:
    """The first thing that is wrong, in a sentence: what was set where, to what, and what would work."""
    first = error.errors(include_url=False)[0]
    kind, value, location = first["type"], first["input"], first["loc"]
    path = (*_locate(tree, location), *(str(part) for part in location[-1:] if kind == "missing"))
    who = origins.call(path)
    within = any(len(path) > len(key.path) and path[: len(key.path)] == key.path for key in known)
    if within and kind in ("extra_forbidden", "missing"):  # no key of its own: an item of a list, as of zones
        return f"{who} is {'missing' if kind == 'missing' else 'not known there'}"
    if kind == "extra_forbidden":
        return f"{who} is not a setting; {suggestion('.'.join(path), known)}"
    if kind == "missing":
        return f"{who} is missing; give it {'there or ' if origins.file else ''}as --{'.'.join(path)}"
    why = reason(first)
    if kind in IN_SECONDS and unit(path):
        why += f" of {unit(path)}"
    if kind == "model_type":
        inner = [key.path[-1] for key in known if key.path[: len(path)] == path]
        why += f": {', '.join(inner)}" if inner else ""
    if isinstance(value, dict) and kind in ("value_error", "assertion_error"):
        return f"{who}: {why}"  # a check across settings: its sentence names them
    return f"{who} is {_shown(value)}; {why}"


def suggestion(word: str, known: Sequence[Key]) -> str:
    """What a setting that does not exist was meant to be."""
    names = [key.name for key in known]
    if word in names:  # `detector.confidence: 0.5` on one line
        outer, _, inner = word.rpartition(".")
        return f"write it as `{inner}:` inside `{outer}:`"
    above = word.rpartition(".")[0]
    siblings = [name for name in names if name.rpartition(".")[0] == above]
    sections = [] if above else sorted({name.partition(".")[0] for name in names if "." in name})
    near = nearest(word, siblings) or nearest(word.rpartition(".")[2], [*names, *sections])
    if near:
        return f"did you mean {listed(near)}?"
    inside = tuple(above.split(".")) if above else ()
    here = {key.path[len(inside)] for key in known if key.path[: len(inside)] == inside}
    here = here or {key.path[0] for key in known}
    return f"choose {listed(sorted(here))}"


def reason(error: ErrorDetails) -> str:
    """Why a value is refused: `must be at most 1`."""
    context = {name: number(value) for name, value in error.get("ctx", {}).items()}
    kind, message = error["type"], error["msg"]
    if kind in ("literal_error", "enum"):
        return f"choose {context['expected'].replace(chr(39), '')}"
    if kind in REASONS:
        return REASONS[kind].format(**context)
    message = re.sub(r"^(Value error|Assertion failed), ", "", message)
    said, changed = re.subn(r"^([A-Z]\w*|Set items|URL scheme|[A-Z]\w* input) should ", "must ", message)
    return " ".join((said if changed else message[:1].lower() + message[1:]).split())


def _locate(tree: Any, location: Sequence[str | int]) -> tuple[str, ...]:
    """Pydantic's location without what is not in the file: names of union members and `[key]`."""
    path: list[str] = []
    for part in location:
        inside = range(len(tree)) if isinstance(tree, list) else tree if isinstance(tree, dict) else ()
        if part in inside:
            tree = tree[part]
            path.append(str(part))
    return tuple(path)


def _shown(value: object) -> str:
    value = masked_within(plain(value))
    text = repr(value) if isinstance(value, str) else flow(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
