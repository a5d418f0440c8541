"""The tables of docs/formats.md, and what a real document has that they do not say."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
_ROW = re.compile(r"^\| `(?P<field>[^`]+)` \| (?P<type>[^|]+?) \|")
_PART = re.compile(r"<\w+>|[^.\[\]<>]+|\[\]")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row of a table: `persons[].name | string or null, optional`."""

    name: str
    parts: tuple[str, ...]
    kinds: frozenset[str]
    optional: bool

    def allows(self, value: object) -> bool:
        """Whether a value has one of the documented types; a boolean is no number."""
        if isinstance(value, bool):
            return "boolean" in self.kinds
        return any(isinstance(value, _KINDS[kind]) for kind in self.kinds)

    def lies_in(self, path: tuple[str, ...]) -> bool:
        """Whether the field is one of the container at that path."""
        return len(path) < len(self.parts) and _same(self.parts[: len(path)], path)

    def fits(self, path: tuple[str, ...]) -> bool:
        """Whether a path of a document is that of the field, or lies within a field that is an object."""
        if len(path) > len(self.parts) and self.kinds & {"object", "array"}:
            path = path[: len(self.parts)]
        return len(path) == len(self.parts) and _same(self.parts, path)


def fields(heading: str) -> list[Field]:
    """The rows of the table below a heading of docs/formats.md."""
    rows = (_ROW.match(line) for line in _section(heading).splitlines())
    return [_field(match["field"], match["type"]) for match in rows if match]


def _section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^###? {re.escape(heading)}\n", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"docs/formats.md has no heading {heading}"
    return re.split(r"^##", found.string[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def complaints(document: object, heading: str) -> list[str]:
    """What a document has, lacks or types otherwise than its table says."""
    known = fields(heading)
    found, seen = list[str](), set[str]()
    for path, value in _values(document):
        fitting = [one for one in known if one.fits(path)]
        seen |= {one.name for one in fitting}
        name = ".".join(path).replace(".[]", "[]")
        if not fitting and not (isinstance(value, dict | list) and any(one.lies_in(path) for one in known)):
            found.append(f"{heading}: {name} is not documented")
        whole = [one for one in fitting if len(one.parts) == len(path)]
        if whole and not any(one.allows(value) for one in whole):
            found.append(f"{heading}: {name} is {value!r}, documented as {sorted(whole[0].kinds)}")
    return found + [
        f"{heading}: {one.name} is documented and not there"
        for one in known
        if one.name not in seen and not one.optional and not _may_be_absent(one.parts, document)
    ]


def named(heading: str) -> set[str]:
    """All names in the first column of the table below a heading; a row may have several."""
    rows = [line.split("|")[1] for line in _section(heading).splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def csv_complaints(path: Path, heading: str) -> list[str]:
    """The same of the columns of a CSV file; `<...>` in a documented name stands for any word."""
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    patterns = [re.sub(r"<\w+>", r"[\\w-]+", one.name) for one in fields(heading)]
    unknown = [name for name in header if not any(re.fullmatch(pattern, name) for pattern in patterns)]
    missing = [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in header)]
    return [f"{heading}: column {name} is not documented" for name in unknown] + [
        f"{heading}: no column {pattern}" for pattern in missing
    ]


def _same(parts: Sequence[str], path: Sequence[str]) -> bool:
    return all(want == got or (want[0] == "<" and got != "[]") for want, got in zip(parts, path, strict=True))


def _field(name: str, kinds: str) -> Field:
    words = set(re.findall(r"\w+", kinds)) - {"or"}
    return Field(
        name=name,
        parts=tuple(_PART.findall(name)),
        kinds=frozenset(words - {"optional"}),
        optional="optional" in words,
    )


def _values(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a document by its path; also of the objects and lists above the values."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, (*path, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, (*path, "[]"))


def _may_be_absent(parts: Sequence[str], document: object) -> bool:
    """Whether a list or a mapping above the field is empty in this document, so that it cannot be there."""
    values = [document]
    for part in parts:
        if part == "[]" or part[0] == "<":
            values = [item for value in values for item in _items(value)]
            if not values:
                return True
        else:
            values = [value[part] for value in values if isinstance(value, dict) and part in value]
    return False


def _items(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
