"""A config as YAML that explains itself: what `--print-config` prints and `configs/*.yaml` hold."""

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pipelines.settings.keys import flow, keys, plain, section
from reid.secret import masked_within

HEADER = """\
Read with `--config FILE`. Every key is also a flag (`--detector.confidence 0.2`); flags win over this file.
The environment variables REID_DETECTOR and REID_ENCODER name the weights where neither file nor flag does.
Relative paths start at the folder that the command is run in, not at this file. null: not set."""
WIDTH = 110


def document(config: BaseModel) -> str:
    """`config` as YAML that `load` reads back to the same config, with a comment above every key.

    Logins and tokens in addresses are hidden; whatever opens such an address refuses it.
    """
    lines = [*_comment(summary(type(config)), ""), "#", *(f"# {line}" for line in HEADER.splitlines())]
    return "\n".join([*lines, *_body(type(config), config, (), _notes(type(config)))]) + "\n"


def summary(model: type[BaseModel]) -> str:
    """The first paragraph of the model's own docstring."""
    return " ".join((inspect.cleandoc(model.__dict__.get("__doc__") or "")).split("\n\n")[0].split())


def _notes(model: type[BaseModel]) -> dict[tuple[str, ...], tuple[str, str]]:
    return {key.path: (key.description, key.note) for key in keys(model)}


def _body(
    model: type[BaseModel], config: BaseModel, above: tuple[str, ...], notes: dict[Any, tuple[str, str]]
) -> Iterator[str]:
    indent = "  " * len(above)
    for name, field in model.model_fields.items():
        value = getattr(config, name)
        yield ""
        if (inner := section(field)) is not None:
            yield from _comment(summary(inner), indent)
            yield f"{indent}{name}:"
            # The first key follows its section's name without a gap.
            yield from list(_body(inner, value, (*above, name), notes))[1:]
        else:
            description, note = notes[(*above, name)]
            yield from _comment(description, indent)
            yield f"{indent}# [{note}]"
            yield f"{indent}{name}: {flow(masked_within(plain(value)))}"


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
