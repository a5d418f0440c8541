"""The clips of the shared folder, whole."""

import os
from pathlib import Path

import pytest

from tests.video.media import camera, read_all

MEDIA = Path(os.environ.get("REID_SHARED") or Path(__file__).parents[3] / "shared") / "media"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "count", "fps"),
    [
        ("one-by-one-person-detection.mp4", 1394, 10.0),
        ("people-detection.264", 596, 12.0),
        ("atrium/cam1.mp4", 540, 12.0),
    ],
)
def test_every_frame_of_a_real_clip_is_read(name: str, count: int, fps: float) -> None:
    path = MEDIA / name
    if not path.is_file():
        pytest.skip(f"needs {name} in the shared folder that REID_SHARED names")
    frames, damage = read_all(camera(path), fps=1.0)
    assert damage == []
    assert frames[-1].index == count - 1 - (count - 1) % round(fps)
    assert frames[-1].timestamp_s == pytest.approx(frames[-1].index / fps)
