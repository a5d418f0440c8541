"""What may hold a password or a token is shown without it."""

import re

HIDDEN = "***"
_BEFORE_HOST = re.compile(r"^(\w+://)?.*@", re.DOTALL)
_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")  # an '@' in a path is none
# `token=`, `X-Amz-Signature=`, `api_key=` and the like; not a camera that is called so, hence something before it
_TOLD = re.compile(
    r"(?<=[^A-Za-z0-9])"
    r"((?:[\w.-]*[_.-])?(?:sig|key|pass|sid)"
    r"|[\w.-]*(?:token|secret|passw(?:or)?d|pwd|signature|credential|jwt|apikey|auth|authorization))"
    r"=(?!\{)[^&;#\s]+",
    re.IGNORECASE,
)


def masked(address: str) -> str:
    """Text of an address for an error message, without its credentials.

    That is all before its last '@', and the values of what is called token, key, signature and the like.
    """
    return _TOLD.sub(rf"\1={HIDDEN}", _BEFORE_HOST.sub(rf"\1{HIDDEN}@", address))


def masked_within(value: object) -> object:
    """A setting's value to be printed, its addresses without logins and tokens, also in lists and mappings."""
    if isinstance(value, str):
        return _TOLD.sub(rf"\1={HIDDEN}", _LOGIN.sub(f"{HIDDEN}@", value)) if "://" in value else value
    if isinstance(value, list | tuple):
        return [masked_within(one) for one in value]
    if isinstance(value, dict):
        return {key: masked_within(one) for key, one in value.items()}
    return value


def was_masked(address: str) -> bool:
    """Whether this is what was shown of an address, and not the address."""
    return f"={HIDDEN}" in address or f"{HIDDEN}@" in address
