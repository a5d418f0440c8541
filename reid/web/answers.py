"""What the JSON answers of all pages have in common."""

from pydantic import BaseModel, ConfigDict, Field


class AnswerModel(BaseModel):
    """An answer with fixed fields; times are seconds since 1970 in UTC unless they say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorAnswer(AnswerModel):
    """Why a request was refused."""

    error: str = Field(description="one sentence")


# what every route may answer in place of what was asked for
REFUSALS: dict[int | str, dict[str, object]] = {"4XX": {"model": ErrorAnswer}}


def content(media_type: str) -> dict[int | str, dict[str, object]]:
    """Document an answer that is no JSON."""
    schema = {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}
    return {200: {"content": {media_type: {"schema": schema}}}}
