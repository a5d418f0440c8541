"""Where moments of a site lie in the annotated video of a camera, in which pauses are cut short."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

PAUSE_S = 10.0  # no pause is shown for longer: files of cameras that wait for motion lie hours apart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoTimes:
    """The annotated video of one camera, beside the report.

    Args:
        path: relative to the report.
        times_s: (F,) its frames' times on the site's clock, ascending.
    """

    path: PurePosixPath
    times_s: NDArray[np.float64]

    def at(self, time_s: float) -> float:
        """Seconds of the video at which a moment of the site is shown; 0 without a frame."""
        if not len(self.times_s):
            return 0.0
        shown = np.concatenate([[0.0], np.cumsum(np.minimum(np.diff(self.times_s), PAUSE_S))])
        return float(np.interp(time_s, self.times_s, shown))

    def link(self, time_s: float) -> str:
        """Address that a browser plays from this moment on."""
        return f"{quote(os.fsencode(self.path.as_posix()))}#t={self.at(time_s):.1f}"


def plays(videos: Mapping[str, VideoTimes], camera_id: str, time_s: float) -> str | None:
    """Address of a camera's video at a moment; None where it has none."""
    return videos[camera_id].link(time_s) if camera_id in videos else None
