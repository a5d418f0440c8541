"""Names and first lines: one class name, one concept; a docstring begins with the field's nouns."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipelines
import reid

ROOTS = [Path(package.__path__[0]) for package in (reid, pipelines)]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program: its path from the packages' parent, and its tree."""
    for root in ROOTS:
        for file in sorted(root.rglob("*.py")):
            yield file.relative_to(root.parent).as_posix(), ast.parse(file.read_text("utf-8"))


def classes_by_name(trees: Iterator[tuple[str, ast.Module]]) -> dict[str, list[str]]:
    """The files that define each public class name."""
    found = defaultdict(list)
    for file, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(file)
    return found


def test_no_two_public_classes_share_a_name() -> None:
    twice = {name: files for name, files in classes_by_name(modules()).items() if len(files) > 1}
    assert twice == {}


def test_a_second_class_of_a_name_is_found() -> None:
    tree = ast.parse("class Scores: ...\nclass _Own: ...")
    assert classes_by_name(iter([("a.py", tree), ("b.py", tree)])) == {"Scores": ["a.py", "b.py"]}


# Persons who are none in particular. A docstring's first line says which it means: an unknown person, a track, ...
INDEFINITE = re.compile(
    r"\b(nobody|somebody|someone|anybody|anyone|everybody|everyone|whoever|whom|whomever|no one)\b"
    r"|^(who|whose)\b",
    re.IGNORECASE,
)


def indefinite_docstrings(trees: Iterator[tuple[str, ast.Module]]) -> dict[str, list[str]]:
    """The first lines of public docstrings that hold an indefinite pronoun, by file."""
    found = defaultdict(list)
    for file, tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            private = (
                not isinstance(node, ast.Module) and node.name.startswith("_") and node.name != "__init__"
            )
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            if not private and INDEFINITE.search(first):
                found[file].append(first)
    return found


def test_docstrings_begin_without_an_indefinite_pronoun() -> None:
    found = indefinite_docstrings(modules())
    assert found == {}


@pytest.mark.parametrize(
    "line",
    ["Whom the next stranger will be.", "Who is who.", "People whom a query shows.", "Somebody who left."],
)
def test_a_riddle_is_found(line: str) -> None:
    tree = ast.parse(f'def found() -> int:\n    """{line}"""')
    assert indefinite_docstrings(iter([("a.py", tree)])) == {"a.py": [line]}


def test_a_relative_pronoun_is_no_riddle() -> None:
    tree = ast.parse('def found() -> int:\n    """Number of people who are seen by two cameras."""')
    assert indefinite_docstrings(iter([("a.py", tree)])) == {}
