"""What may hold a password is shown without it."""

import re

_BEFORE_HOST = re.compile(r"^(\w+://)?.*@", re.DOTALL)


def masked(address: str) -> str:
    """An address that somebody typed, for an error message: without all that stands before its last '@'."""
    return _BEFORE_HOST.sub(r"\1***@", address)
