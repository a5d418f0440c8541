"""Check that a job's inputs do not lie where it writes: replacing results would delete them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from reid.errors import InputError

Inputs = Iterable[tuple[str, Path]]  # what it is called in a sentence, and where it lies


def refuse_inputs(root: Path, inputs: Inputs) -> None:
    """Look at where links lead, on both sides.

    Raises:
        InputError: an input lies in `root`, or is it.
    """
    folder = root.resolve()
    for name, path in inputs:
        found = path.resolve()
        if found == folder or folder in found.parents:
            raise InputError(
                f"{name} {path} lies in --output {root}, which is written to; name another --output, or move it"
            )


def inputs_of(
    config: BaseModel, *, skip: Iterable[str] = ("output", "gallery")
) -> Iterator[tuple[str, Path]]:
    """Every path that the settings name, but for those to skip at the top: also of settings to come."""
    for name in type(config).model_fields:
        if name not in skip:
            yield from _paths(name, getattr(config, name))


def _paths(name: str, value: object) -> Iterator[tuple[str, Path]]:
    match value:
        case Path():
            yield f"--{name}", value
        case BaseModel():
            for key in type(value).model_fields:
                yield from _paths(f"{name}.{key}", getattr(value, key))
        case tuple() | list():
            for one in value:
                yield from _paths(name, one)
