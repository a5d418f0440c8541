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


# Persons who are none in particular. A docstring's first line says which it means: an unknown person, a track, ...
INDEFINITE = re.compile(
    r"\b(nobody|somebody|someone|anybody|anyone|everybody|everyone|whoever|whom|whomever|no one)\b"
    r"|^(who|whose)\b",
    re.IGNORECASE,
)

# Files whose docstrings still begin with one. The list may only shrink.
INDEFINITE_FILES = {
    "pipelines/gallery.py",
    "pipelines/recordings/linkage.py",
    "pipelines/settings/validation.py",
    "reid/linking/answer.py",
    "reid/linking/memory.py",
    "reid/linking/offline.py",
    "reid/linking/online.py",
    "reid/linking/reclustering.py",
    "reid/live/admin/command_queue.py",
    "reid/live/admin/control.py",
    "reid/live/capture/address.py",
    "reid/live/capture/camera.py",
    "reid/live/capture/camera_health.py",
    "reid/live/capture/playback.py",
    "reid/live/config.py",
    "reid/live/identity/appearance.py",
    "reid/live/identity/ledger.py",
    "reid/live/identity/site.py",
    "reid/live/loop.py",
    "reid/live/views/clip.py",
    "reid/live/views/clip_folder.py",
    "reid/live/views/clip_recorder.py",
    "reid/live/views/preview.py",
    "reid/live/views/recent_people.py",
    "reid/live/views/site_state.py",
    "reid/live/web/access.py",
    "reid/live/web/body.py",
    "reid/live/web/page_config.py",
    "reid/outputs/events/config.py",
    "reid/outputs/events/event_lines.py",
    "reid/outputs/events/mqtt.py",
    "reid/outputs/events/outage.py",
    "reid/outputs/events/outbox.py",
    "reid/outputs/events/receiver.py",
    "reid/store/index.py",
    "reid/store/sqlite/corrections.py",
    "reid/store/sqlite/journal.py",
    "reid/store/sqlite/live_run.py",
    "reid/store/sqlite/people_now.py",
    "reid/store/sqlite/prototypes.py",
    "reid/store/sqlite/pruning.py",
    "reid/store/sqlite/runs.py",
    "reid/store/sqlite/store.py",
    "reid/store/sqlite/writer_lock.py",
    "reid/tracking/assembler.py",
}


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
    assert {file: lines for file, lines in found.items() if file not in INDEFINITE_FILES} == {}
    assert set(found) == INDEFINITE_FILES, (
        "some of INDEFINITE_FILES are clean by now: take them out of the list"
    )


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
