"""A group of settings, and the kinds of values that several of them have."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

LONGEST_NAME = 255  # bytes, on every file system that is in use

Share = Annotated[float, Field(ge=0, le=1)]
Distance = Annotated[float, Field(ge=0, le=2)]
Seconds = Annotated[float, Field(ge=0)]
Megapixels = Annotated[float, Field(gt=0, le=1000)]  # OpenCV refuses more than 2 ** 30 pixels itself
Options = dict[str, Any]
OptionsByName = dict[str, Options]


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _possible_path(cls, value: Any) -> Any:
        if isinstance(value, Path):
            if "\0" in str(value):
                raise ValueError("a path cannot hold a NUL character")
            if any(len(os.fsencode(part)) > LONGEST_NAME for part in value.parts):
                raise ValueError(f"a name in a path has at most {LONGEST_NAME} bytes")
        return value
