"""JSON as RFC 8259 has it: every file, line and answer that the program writes is made here."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")  # of surrogate pairs: bytes of file names that are no UTF-8


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
    Half a surrogate pair, which UTF-8 lacks, becomes JSON's own escape of it.

    Args:
        indent: spaces a level; None: all in one line.
        ascii_only: other characters are escaped, for streams of unknown encoding and for hashes.
        default: makes something of what JSON cannot hold, as in `json.dumps`.
    """
    text = json.dumps(
        finite(value),
        indent=indent,
        sort_keys=sort_keys,
        ensure_ascii=ascii_only,
        default=None if default is None else lambda one: finite(default(one)),
        allow_nan=False,
    )
    return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


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


def digest(value: Any, size: int = 8) -> str:
    """A name (2 * size hex digits) of plain values by their content; the order of keys does not matter."""
    text = dumps(value, sort_keys=True, ascii_only=True)
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
