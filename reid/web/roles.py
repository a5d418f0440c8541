"""Roles of the callers of a page, each with a token of its own: what one may do."""

import os
import re
from collections.abc import Mapping
from typing import Literal, get_args

from reid.errors import InputError

Role = Literal["viewer", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
MAY = {
    "viewer": "look",
    "reviewer": "look, search by photo and decide who is who",
    "admin": "do all",
}
_SHORTEST = 8  # characters of a token
_SAFE = frozenset({"GET", "HEAD"})
# what cannot be undone, and what changes the site; under /review where a live site serves that page too
_FOR_ADMINS = re.compile(r"(/review)?/api/(people/[^/]*/forget|cameras|cameras/.*|retention/.*)/?")


def needed(method: str, path: str) -> Role:
    """The least role that a request needs."""
    if method in _SAFE:
        return "viewer"
    return "admin" if _FOR_ADMINS.fullmatch(path) else "reviewer"


def allows(role: Role, wanted: Role) -> bool:
    """Whether a role may do what another one may."""
    return ROLES.index(role) >= ROLES.index(wanted)


def tokens(variable: str, environment: Mapping[str, str] = os.environ) -> dict[Role, str]:
    """The tokens by role: the admin's in `variable`, the others' in `variable`_REVIEWER and `variable`_VIEWER.

    Raises:
        InputError: one is too short, or two are equal.
    """
    found: dict[Role, str] = {}
    for role in ROLES:
        name = variable if role == "admin" else f"{variable}_{role.upper()}"
        token = environment.get(name, "").strip()
        if token and len(token) < _SHORTEST:
            raise InputError(f"the token in {name} has {len(token)} characters; take {_SHORTEST} at least")
        if token in found.values():
            raise InputError(f"{name} holds the token of another role; give each role its own")
        if token:
            found[role] = token
    return found
