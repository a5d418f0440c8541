"""Detections in zones to ignore: none of a frame of another camera, whatever its size."""

import numpy as np

from reid.camera import see
from reid.timing import Stopwatch
from reid.types import Detections, Frame
from reid.zone_config import ZoneConfig
from reid.zones.ignored import IgnoredZones
from tests.live.blocks import BlockDetector, BlockEncoder, scene

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
STREET = ZoneConfig(name="street", purpose="ignore", polygon=LEFT)
DESK = ZoneConfig(name="desk", purpose="count", polygon=LEFT)


def frame(camera_id: str, size: tuple[int, int]) -> Frame:
    """A person on the left, and one on the right."""
    return Frame(camera_id=camera_id, index=0, timestamp_s=0.0, image=scene({0: 0.1, 1: 0.7}, size))


def test_people_in_it_are_no_detections_and_are_not_embedded() -> None:
    ignored = IgnoredZones({"a": [STREET, DESK], "b": [DESK]})
    frames = [frame("a", (320, 180)), frame("b", (320, 180)), frame("c", (320, 180)), frame("a", (640, 360))]
    seen = see(frames, BlockDetector(), BlockEncoder(), Stopwatch(), leave_out=ignored)
    assert [len(one.people) for one in seen] == [1, 2, 2, 1]
    assert [len(one.embeddings) for one in seen] == [1, 2, 2, 1]
    assert [one.people.boxes[0, 0] > 0.5 * one.frame.image.shape[1] for one in seen] == [
        True,
        False,
        False,
        True,
    ]
    ignored.set({"c": [STREET]})
    seen = see(frames, BlockDetector(), BlockEncoder(), Stopwatch(), leave_out=ignored)
    assert [len(one.people) for one in seen] == [2, 2, 1, 2]


def test_an_empty_frame_stays_empty() -> None:
    nothing = Detections(boxes=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32))
    assert len(IgnoredZones({"a": [STREET]})(frame("a", (320, 180)), nothing)) == 0
