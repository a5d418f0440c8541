"""Config from a YAML file, environment and flags: `load` lays them over the defaults and checks the result.

YAML values are taken as the text that is written, like a flag's, and the model alone gives them a type.
So `off`, `010` and `2024-01-01` mean what they look like, and a camera may be called `no`.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.complaints import Origins, complaint
from pipelines.keys import Key, keys, plain
from reid.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
Tree = dict[str, Any]
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One value from outside the YAML file; a mapping adds its items to those that are there."""

    path: tuple[str, ...]
    value: Any
    origin: str  # how an error calls it: "--fps", "REID_DETECTOR"


def load(
    model: type[Model],
    yaml_path: Path | None = None,
    overrides: Sequence[Override] = (),
    fallbacks: Sequence[Override] = (),
    *,
    base: Model | None = None,
) -> Model:
    """Defaults (or `base`) < `yaml_path` < `fallbacks` (only where still unset) < `overrides`, checked.

    Raises:
        InputError: one sentence that names file or flag, key, value, and what would work.
    """
    known = keys(model)
    tree: Tree = {}
    for key in known:
        if base is not None:
            _put(tree, key.path, plain(functools.reduce(getattr, key.path, base)))
        elif not key.required:
            _put(tree, key.path, plain(key.default))
    origins = Origins(file=None if yaml_path is None else str(yaml_path))
    if yaml_path is not None:
        _overlay(tree, read_yaml(yaml_path), (), known)
    for override in overrides:
        _apply(tree, override, origins)
    for fallback in fallbacks:
        if _get(tree, fallback.path) is None:
            _apply(tree, fallback, origins)
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise InputError(complaint(error, tree, origins, known)) from None


def _overlay(tree: Tree, data: Tree, above: tuple[str, ...], known: Iterable[Key]) -> None:
    """Lay the file's `data` over `tree`: section into section, anything else in place of what is there."""
    groups = {key.path[:depth] for key in known for depth in range(1, len(key.path))}
    for name, value in data.items():
        path = (*above, name)
        if path in groups and value is None:
            continue  # a section whose keys are all commented out
        if path in groups and isinstance(value, dict):
            _overlay(tree.setdefault(name, {}), value, path, known)
        else:
            tree[name] = value


def _apply(tree: Tree, override: Override, origins: Origins) -> None:
    before = _get(tree, override.path)
    merge = isinstance(before, dict) and isinstance(override.value, dict)
    if _put(tree, override.path, before | override.value if merge else override.value):
        named = (
            {(*override.path, item): f"{override.origin} {item}" for item in override.value} if merge else {}
        )
        origins.named |= named or {override.path: override.origin}


def _put(tree: Tree, path: tuple[str, ...], value: Any) -> bool:
    """False where the file holds something else than a section on the way: the check will name that."""
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            return False
    tree[path[-1]] = value
    return True


def _get(tree: Tree, path: tuple[str, ...]) -> Any:
    here: Any = tree
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here


def read_yaml(path: Path) -> Tree:
    """The file's mapping; its leaves are text, or None for a plain null."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such config file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; --config takes a YAML file") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not a text file in UTF-8 (byte {error.start}); is it a YAML file?"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    value = parse_yaml(text, str(path))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(
            f"{path}: must hold `key: value` lines, not {'a list' if isinstance(value, list) else 'text'}"
        )
    return value


def parse_yaml(text: str, origin: str) -> Any:
    """The YAML document in `text`, as mappings, lists, text and None; `origin` is what an error calls it."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        return None if node is None else _value(node, (), (), lambda why: InputError(f"{origin}: {why}"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        why = " ".join((error.problem or error.context or "cannot be understood").split())
        raise InputError(f"{origin}: {where}is not valid YAML: {why}") from None
    except yaml.reader.ReaderError as error:
        raise InputError(
            f"{origin}: is not a YAML text file: character {error.position} is not allowed"
        ) from None
    except RecursionError:
        raise InputError(f"{origin}: is nested too deeply") from None


def _value(
    node: yaml.Node, path: tuple[str, ...], above: tuple[int, ...], refuse: Callable[[str], InputError]
) -> Any:
    if id(node) in above:
        raise refuse(f"line {node.start_mark.line + 1}: {'.'.join(path)} contains itself")
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, str(index)), above, refuse) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in NULLS else node.value
    result: Tree = {}
    lines: dict[str, int] = {}
    for key, item in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise refuse(f"line {line}: a key must be a plain word")
        here = (*path, key.value)
        if key.value in result:
            raise refuse(f"{'.'.join(here)} is given twice, at lines {lines[key.value]} and {line}")
        result[key.value], lines[key.value] = _value(item, here, above, refuse), line
    return result
