"""JSON as RFC 8259 has it: every file, line and answer that the program writes is made here."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any


def dumps(
    value: Any,
    *,
    indent: int | None = None,
    sort_keys: bool = False,
    ascii_only: bool = False,
    default: Callable[[Any], Any] | None = None,
) -> str:
    """`value` as JSON text, with null for numbers that are none.

    Python writes NaN and Infinity, which JSON has no word for, so that other programs refuse the whole file: a figure
    that is undefined (a mean of nothing, the rate of a camera that stands still) is null instead.

    Args:
        indent: spaces a level; None: all in one line.
        ascii_only: other characters are escaped, for streams of unknown encoding and for hashes.
        default: makes something of what JSON cannot hold, as in `json.dumps`.
    """
    return json.dumps(
        finite(value),
        indent=indent,
        sort_keys=sort_keys,
        ensure_ascii=ascii_only,
        default=None if default is None else lambda one: finite(default(one)),
        allow_nan=False,
    )


def finite(value: Any) -> Any:
    """`value` with None for every float in it that is NaN or infinite, as deep as mappings and sequences go."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: finite(item) for key, item in value.items()}
        case list() | tuple():
            return [finite(item) for item in value]
        case _:
            return value
