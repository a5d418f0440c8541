"""Text and JSON files that others may have written: read within bounds, or refused in one sentence.

A reader of such a file can meet anything: a folder, a pipe that never ends, bytes that are no text, numbers of a
thousand digits. Every one of them is an `InputError` here, so that readers check only what the file says.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reid.errors import InputError

MOST_BYTES = 64 * 2**20  # of a text file: beyond a day of boxes of one camera, far below what fills memory
MOST_DEPTH = 64  # of lists and mappings within each other


def check_regular(path: Path, wanted: str, *, advice: str = "") -> None:
    """Refuse what cannot be opened as a file, without opening it: a pipe would wait for its other end for ever.

    Args:
        wanted: what the file should be, as in "expected `wanted`".
        advice: what to do where there is no such file; begins with "; ".

    Raises:
        InputError: there is no such file, it is a folder, a pipe or a device, or its name cannot be one.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected {wanted}{advice}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected {wanted}") from None
    except ValueError as error:  # a NUL
        raise InputError(f"{str(path)!r}: cannot be a path ({error}); expected {wanted}") from None
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: is a folder; expected {wanted}")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is a pipe or a device, not a file; expected {wanted}")


def refuse_pipe(path: Path, wanted: str) -> None:
    """Refuse a pipe or a device, as `check_regular` does; opening the file says what else is wrong."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise InputError(f"{path}: is a pipe or a device, not a file; expected {wanted}")


def read_bytes(path: Path, wanted: str, *, most: int = MOST_BYTES, advice: str = "") -> bytes:
    """The content of a small file; `wanted` and `advice` are as in `check_regular`.

    Raises:
        InputError: it cannot be read, or has more than `most` bytes.
    """
    check_regular(path, wanted, advice=advice)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected {wanted}") from None
    if len(content) > most:
        raise InputError(f"{path}: is larger than {most / 2**20:g} MiB; expected {wanted}")
    return content


def read_text(path: Path, wanted: str, *, most: int = MOST_BYTES, advice: str = "") -> str:
    """The text of a file in UTF-8, with or without a mark at its beginning; see `read_bytes`."""
    try:
        return read_bytes(path, wanted, most=most, advice=advice).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not a text file in UTF-8 (byte {error.start}); expected {wanted}"
        ) from None


def read_json(path: Path, wanted: str, *, most: int = MOST_BYTES, advice: str = "") -> Any:
    """The value in a JSON file; NaN, infinity, and numbers of thousands of digits are none. See `read_bytes`."""
    text = read_text(path, wanted, most=most, advice=advice)
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputError(f"{path}: cannot be read ({error}); expected {wanted}") from None


def parse_json(text: str | bytes) -> Any:
    """The value that JSON text holds.

    Raises:
        ValueError: it is none, holds NaN or a number that no machine holds, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def first_complaint(error: ValidationError) -> str:
    """What pydantic has first against a file: the key, the value where it is short, and why."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    why = " ".join(first["msg"].removeprefix("Value error, ").split())
    why = why.replace("Input should", "must") if "Input should" in why else why[:1].lower() + why[1:]
    shown = repr(first["input"])
    given = f" is {shown}" if first["type"] != "missing" and len(shown) <= 60 else ""
    return f"{where}{given}: {why}" if where else why


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _float(text: str) -> float:
    value = float(text)
    if abs(value) == float("inf"):
        raise ValueError(f"{text[:20]} is too large for a number")
    return value


def _int(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= (value := int(text)) < 2**64:
        raise ValueError(f"{text[:20]}... is too large for a whole number")
    return value
