"""What the routes that change something take: the header of the page, and bodies without unknown fields."""

from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field

from reid.web.access import HEADER

PersonId = Annotated[int, Field(ge=0, le=2**63 - 1)]  # what a gallery can hold


class Body(BaseModel):
    """Body of a request; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class RenameBody(Body):
    label: str | None = Field(max_length=80)

    @property
    def name(self) -> str | None:
        """The name with single spaces; None: it is taken away."""
        return " ".join((self.label or "").split()) or None


class MergeBody(Body):
    into: PersonId


class DecisionBody(Body):
    number: PersonId | None = Field(default=None, description="of the decision; null or left out: the latest")


def asks(
    x_reid: Annotated[
        str, Header(alias=HEADER, description="any value; pages of other sites cannot send it")
    ],
) -> None:
    """Document the header; a request without it has been refused before."""
