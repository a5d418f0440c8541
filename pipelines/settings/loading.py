"""Config from a YAML file, environment and flags: `load` lays them over the defaults and checks the result.

YAML values are taken as the text that is written, like a flag's, and the model alone gives them a type.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipelines.settings.keys import Key, keys, plain
from pipelines.settings.renamed import under_todays_names
from pipelines.settings.validation import Origins, complaint
from reid.errors import InputError
from reid.yaml_file import read_yaml

Model = TypeVar("Model", bound=BaseModel)
Tree = dict[str, Any]


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
        content = under_todays_names(read_config(yaml_path), {key.name for key in known}, str(yaml_path))
        _overlay(tree, content, (), known)
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


def read_config(path: Path) -> Tree:
    """The file's mapping; its leaves are text, or None for a plain null."""
    value = read_yaml(path, "a YAML file of settings")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(
            f"{path}: must hold `key: value` lines, not {'a list' if isinstance(value, list) else 'text'}"
        )
    return value
