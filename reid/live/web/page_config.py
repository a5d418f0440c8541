"""The settings of the live page."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from reid.web.config import WebConfig


class PageConfig(WebConfig):
    """Address, access and previews of the page."""

    folders: list[Path] = Field(
        [],
        description="video files in these folders may be added as cameras through the page, beside streams and video "
        "devices; none: no files",
    )
    preview_fps: Annotated[float, Field(gt=0, le=30)] = Field(
        5.0, description="annotated frames a second that are drawn of each camera while a page shows them"
    )
    preview_width: Annotated[int, Field(ge=64)] = Field(
        640, description="pixels; wider frames are made smaller for the page"
    )
    preview_blur: Literal["none", "all"] = Field(
        "none", description="people in previews: none or all of them blurred; boxes and names stay"
    )
    preview_quality: Annotated[int, Field(ge=1, le=100)] = Field(75, description="JPEG quality of previews")
