"""Every setting of a config model, flattened: flags, documented YAML and error sentences are made from it."""

import difflib
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

UNITS = {"_s": "seconds", "_ms": "milliseconds", "_px": "pixels", "fps": "frames per second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: where it is, what it takes, and what a reader should know about it."""

    path: tuple[str, ...]
    description: str
    kind: str  # number, integer, boolean, string, path, mapping, list, or other
    choices: tuple[str, ...]  # empty: no closed list
    nullable: bool
    required: bool
    default: Any  # None where required
    limits: str  # "0 to 1"; empty: none

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def note(self) -> str:
        """Unit, allowed values and default, in a few words."""
        said = self.description.lower()
        units = () if unit(self.path) in said else (unit(self.path),)
        choices = () if not self.choices else (listed(self.choices),)
        facts = ", ".join(fact for fact in (*units, *choices, self.limits) if fact)
        default = "required" if self.required else f"default {flow(plain(self.default))}"
        return f"{facts}; {default}" if facts else default


@functools.cache
def keys(model: type[BaseModel]) -> tuple[Key, ...]:
    """All settings of `model`, in the order they are declared; sections are entered, the rest are leaves."""
    return tuple(_keys(model, (), None))


def section(field: FieldInfo) -> type[BaseModel] | None:
    """The model behind a field that groups settings; None for a setting."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _keys(model: type[BaseModel], above: tuple[str, ...], defaults: BaseModel | None) -> Iterable[Key]:
    schema = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        # A parent may give its section other defaults than the section's own class does: the parent's count.
        required = field.is_required() and defaults is None
        fallback = (
            None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        )
        default = fallback if defaults is None else getattr(defaults, name)
        if (inner := section(field)) is not None:
            yield from _keys(inner, (*above, name), default)
        else:
            yield _key((*above, name), field, schema[name], default, required)


def _key(
    path: tuple[str, ...], field: FieldInfo, schema: dict[str, Any], default: Any, required: bool
) -> Key:
    branches = schema.get("anyOf", [schema])
    values = [branch for branch in branches if branch.get("type") != "null"]
    value = values[0] if len(values) == 1 else {}
    kinds = {"object": "mapping", "array": "list"}
    kind = str(value.get("format") or value.get("type") or "other")
    parts = value.get("items") or value.get("propertyNames") or {}  # of a list, of a mapping
    choices = value.get("enum") or ([value["const"]] if "const" in value else parts.get("enum", []))
    return Key(
        path=path,
        description=(field.description or "").strip(),
        kind=kinds.get(kind, kind),
        choices=tuple(str(choice) for choice in choices),
        nullable=len(values) < len(branches),
        required=required,
        default=default,
        limits=_limits(value),
    )


def _limits(schema: Mapping[str, Any]) -> str:
    items = schema.get("additionalProperties") or schema.get("items")
    if isinstance(items, dict):
        return _limits(items)
    low, high = schema.get("minimum"), schema.get("maximum")
    words = []
    if low is not None and high is not None:
        words.append(f"{number(low)} to {number(high)}")
    elif low is not None:
        words.append(f"at least {number(low)}")
    elif high is not None:
        words.append(f"at most {number(high)}")
    for name, phrase in (
        ("exclusiveMinimum", "above"),
        ("exclusiveMaximum", "below"),
        ("multipleOf", "a multiple of"),
    ):
        if name in schema:
            words.append(f"{phrase} {number(schema[name])}")
    return ", ".join(words)


def unit(path: Iterable[object]) -> str:
    """The unit that a setting's name ends with; empty where it has none."""
    for part in path:
        for suffix, words in UNITS.items():
            if str(part).endswith(suffix):
                return words
    return ""


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """The dotted names that `word` was probably meant to be: same last part, or similar spelling."""
    names = list(names)
    tail = word.rpartition(".")[2]
    same = [name for name in names if name.rpartition(".")[2] == tail]
    similar = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    tails: dict[str, list[str]] = {}
    for name in names:
        tails.setdefault(name.rpartition(".")[2], []).append(name)
    alike = [name for near in difflib.get_close_matches(tail, tails, n=1, cutoff=0.7) for name in tails[near]]
    return (same or similar or alike)[:3]


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def number(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain(value: Any) -> Any:
    """`value` as YAML knows it: paths and times as text, tuples as lists."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def flow(value: Any) -> str:
    """`value` on one line of YAML."""
    # In a list, because YAML ends a document of one bare scalar with a line of dots.
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)[
        1:-2
    ]
