"""The settings that every page has: where it listens, and who may ask."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from reid.section import Section

_LISTEN = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[\w.-]+)):(?P<port>\d{1,5})")


class WebConfig(Section):
    """Address and access of a page."""

    listen: str | None = Field(
        "127.0.0.1:8080",
        description="address and port of the page; one that is not of this machine alone, as 0.0.0.0:8080, needs a "
        "token; port 0: a free one; null: no page",
    )
    token_env: str = Field(
        "REID_TOKEN",
        description="name of the environment variable that holds the page's token, which lets one see and do all; "
        "with _REVIEWER and _VIEWER behind it those of tokens that let one look and decide, or look; all unset: no "
        "token is asked for",
    )
    hosts: list[str] = Field(
        [],
        description="further host names that the page answers to, where a proxy on this machine passes requests on",
    )
    connections: Annotated[int, Field(ge=4)] = Field(
        100,
        description="at the same time; beyond, the one that has waited longest without asking is closed; never more "
        "than a quarter of the files that the process may open",
    )

    @field_validator("listen")
    @classmethod
    def _is_address_and_port(cls, listen: str | None) -> str | None:
        if listen is not None:
            split_listen(listen)
        return listen


def split_listen(listen: str) -> tuple[str, int]:
    """Split `host:port`; an IPv6 address stands in brackets.

    Raises:
        ValueError: it is none.
    """
    found = _LISTEN.fullmatch(listen)
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f"listen is address:port, as in 127.0.0.1:8080 or [::1]:8080, not '{listen}'")
    return found["six"] or found["name"], int(found["port"])
