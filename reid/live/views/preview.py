"""A camera's frame with the people in it, for viewers of the page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import cv2
import numpy as np

from reid.live.clock import SiteClock
from reid.live.identity.appearance import Appearance
from reid.live.views.site_state import SiteState
from reid.types import Frame
from reid.video.blur import blur_boxes
from reid.video.draw import Mark, annotate

HOLD_S = 0.5  # a person whom the tracker has just lost is still there


@dataclass(slots=True, kw_only=True, eq=False)
class Preview:
    """Draws what is watched.

    Args:
        fps: frames of each camera a second at most.
        width: pixels at most.
        quality: of JPEG, 1 to 100.
        blur: whether people are blurred.
    """

    site_state: SiteState
    fps: float
    width: int
    quality: int
    blur: bool = False
    clock: SiteClock = field(default_factory=SiteClock)
    _drawn_s: dict[str, float] = field(default_factory=dict)

    def frame(self, frame: Frame, visits: Sequence[Appearance]) -> None:
        """Show the frame with the people in it, if a viewer looks and the last one is old enough."""
        since_s = frame.timestamp_s - self._drawn_s.get(frame.camera_id, float("-inf"))
        if self.site_state.watched(frame.camera_id) and not 0 <= since_s < 1 / self.fps:
            self._drawn_s[frame.camera_id] = frame.timestamp_s
            wall_s = self.clock.wall_s(frame.timestamp_s)
            jpeg = drawn(frame, visits, self.width, self.quality, wall_s, blur=self.blur)
            self.site_state.set_preview(frame.camera_id, jpeg)


def drawn(
    frame: Frame,
    visits: Sequence[Appearance],
    width: int,
    quality: int,
    wall_s: float,
    *,
    blur: bool = False,
) -> bytes:
    """The frame with boxes, names and the time of day, at most `width` pixels wide, as JPEG.

    Args:
        blur: blur the people who are in it, and who were lost within the last HOLD_S.
    """
    scale = min(1.0, width / frame.image.shape[1])
    size = (round(frame.image.shape[1] * scale), round(frame.image.shape[0] * scale))
    image = frame.image if scale == 1 else cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    marks = [
        Mark(box=visit.box * np.float32(scale), person_id=visit.person_id)
        for visit in visits
        if visit.shown(frame)
    ]
    clock = datetime.fromtimestamp(wall_s)
    of_day_s = clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6
    if blur:
        there = [
            visit.box * np.float32(scale)
            for visit in visits
            if not visit.thing and frame.timestamp_s - visit.end_s <= HOLD_S
        ]
        image = blur_boxes(image, np.array(there, dtype=np.float32).reshape(-1, 4))
    drawing = annotate(np.asarray(image, dtype=np.uint8), marks, camera=frame.camera_id, time_s=of_day_s)
    ok, jpeg = cv2.imencode(".jpg", drawing, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise RuntimeError(f"OpenCV could not write a frame of shape {drawing.shape} as JPEG")
    return jpeg.tobytes()
