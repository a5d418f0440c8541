"""The settings of `reid live`, without those of what listens to it."""

from typing import Annotated, Literal

from pydantic import Field

from reid.events import Kind
from reid.section import Distance, Megapixels, Seconds, Section, Share

Positive = Annotated[float, Field(gt=0)]


class SupervisionConfig(Section):
    """When a camera counts as troubled, and what is done about it."""

    transport: Literal["tcp", "udp"] = Field(
        "tcp", description="of RTSP; udp loses frames on bad networks, and delays none"
    )
    open_s: Positive = Field(10.0, description="give up on opening a camera after this long")
    stall_s: Positive = Field(5.0, description="reconnect where no new frame has come for this long")
    hls_stall_s: Positive = Field(
        20.0,
        description="the same for HLS, which comes a segment at a time: three segments or so, at least stall_s",
    )
    camera_clock: Literal["auto", "arrival"] = Field(
        "auto",
        description="auto: frames are timed by the camera's own clock where it sends one (RTCP sender reports, dates "
        "of an HLS playlist) and it is not plainly wrong; arrival: always by when they come",
    )
    snapshot_fps: Annotated[float, Field(ge=0.5, le=25)] = Field(
        2.0,
        description="frames a second that are asked for where an address answers with one image (a snapshot)",
    )
    max_megapixels: Megapixels = Field(
        200.0,
        description="millions of pixels; frames that declare more are refused before they are decoded",
    )
    frozen_s: Positive = Field(
        30.0,
        description="a frame of which no pixel changes for this long is frozen: reconnect once, but not to a file",
    )
    slow_share: Share = Field(
        0.5,
        description="a camera that delivers less than this share of its usual rate, or more by as much, is degraded",
    )
    first_wait_s: Positive = Field(
        1.0, description="before the first attempt to reconnect; doubled each time"
    )
    longest_wait_s: Positive = Field(60.0, description="at most so long between attempts")
    steady_s: Seconds = Field(
        10.0, description="a connection that lasted this long was a good one: the wait begins anew"
    )


class OnlineConfig(Section):
    """When a track gets an answer, and how long it may be changed."""

    answer_after_s: Seconds = Field(
        0.5, description="a person in view for so long gets an answer: known, new or uncertain"
    )
    new_after_s: Seconds = Field(1.5, description="a person in view for less is never new, but uncertain")
    margin: Distance = Field(
        0.05, description="two known people whose distances differ by less are not told apart at a glimpse"
    )
    again_s: Positive = Field(0.5, description="who is uncertain is asked about again so often")
    update_s: Positive = Field(
        2.0, description="what is known of a person in view is brought up to date so often"
    )
    window_s: Positive = Field(
        600.0, description="identities of the last so many seconds may still be changed by re-clustering"
    )
    refine_s: Positive = Field(
        10.0, description="time between re-clusterings; more where they take more than a fifth of it"
    )


class SamplingConfig(Section):
    """How many frames are processed."""

    fps: Positive | None = Field(
        None, description="frames of each camera a second at most; null: as many as the machine sustains"
    )
    max_age_s: Positive = Field(
        0.5, description="a frame that has waited for longer is dropped, because a newer one tells more"
    )
    load: Annotated[float, Field(gt=0, le=1)] = Field(
        0.9, description="share of the machine's rate that is used; the rest is for what comes at once"
    )


class ClipsConfig(Section):
    """Clips of what happened, with boxes and names, in the folder `clips`."""

    events: tuple[Kind, ...] = Field(
        (),
        description="kinds of events that are recorded: seen, left, identity_changed, zone_entered, zone_left, "
        "line_crossed; none: no clips",
    )
    before_s: Seconds = Field(3.0, description="a clip begins so long before its event")
    after_s: Seconds = Field(5.0, description="and ends so long after the last one")
    longest_s: Positive = Field(30.0, description="then the next one begins, where events do not end")
    width: Annotated[int, Field(ge=64)] = Field(960, description="pixels; wider frames are made smaller")
    blur: Literal["none", "all"] = Field(
        "none", description="people in clips: none or all of them blurred; boxes and names stay"
    )
    most_mib: Annotated[int, Field(ge=1)] = Field(
        10_000, description="MiB of all clips together; the oldest are deleted when a new one makes it more"
    )
