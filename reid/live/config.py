"""The settings of `reid live`."""

from typing import Annotated, Literal

from pydantic import Field

from reid.config import Seconds, Section, Share

Positive = Annotated[float, Field(gt=0)]


class SupervisionConfig(Section):
    """When a camera counts as troubled, and what is done about it."""

    transport: Literal["tcp", "udp"] = Field(
        "tcp", description="of RTSP; udp loses pictures on bad networks, and delays none"
    )
    open_s: Positive = Field(10.0, description="give up on opening a camera after this long")
    stall_s: Positive = Field(5.0, description="reconnect where no new picture has come for this long")
    frozen_s: Positive = Field(
        30.0,
        description="a picture that has not changed in a single pixel for this long is frozen: reconnect once",
    )
    slow_share: Share = Field(
        0.5, description="a camera that delivers less than this share of its usual rate is degraded"
    )
    first_wait_s: Positive = Field(
        1.0, description="before the first attempt to reconnect; doubled each time"
    )
    longest_wait_s: Positive = Field(60.0, description="at most so long between attempts")
    steady_s: Seconds = Field(
        10.0, description="a connection that lasted this long was a good one: the wait begins anew"
    )
