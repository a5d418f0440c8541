"""Names and first lines: one class name, one concept; a docstring begins with the field's nouns."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pipelines
import reid

ROOTS = [Path(package.__path__[0]) for package in (reid, pipelines)]

# Class names that still mean two things. The list may only shrink.
TWICE = {"Visit"}


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
    assert {name: files for name, files in twice.items() if name not in TWICE} == {}
    assert set(twice) == TWICE, "some of TWICE are unique by now: take them out of the list"


def test_a_second_class_of_a_name_is_found() -> None:
    tree = ast.parse("class Scores: ...\nclass _Own: ...")
    assert classes_by_name(iter([("a.py", tree), ("b.py", tree)])) == {"Scores": ["a.py", "b.py"]}
