"""What the camera side of a live site tells its site side: plain data, which a process or a network can carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reid.types import Array, Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraUpdate:
    """One camera after one frame, or after a while without any."""

    camera_id: str
    at_s: float  # of the frame, on the site's clock
    decoded_s: float  # when it was decoded, on the monotonic clock of the machine
    boxes: Mapping[int, Array] = field(default_factory=dict)  # (4,) each, by the tracker's number
    growing: Mapping[int, Tracklet] = field(default_factory=dict)  # so far, of the tracks that are due
    ended: tuple[Tracklet, ...] = ()
    size: tuple[int, int] | None = None  # width and height of the frame in pixels; None: it is of no frame
    following: frozenset[int] = frozenset()  # the tracker's numbers of all tracks that have not ended
