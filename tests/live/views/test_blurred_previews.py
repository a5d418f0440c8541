"""People in previews and clips are blurred where that is asked for."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from reid.live.identity.appearance import Appearance
from reid.live.views.preview import HOLD_S, drawn
from reid.types import Frame, Image
from tests.live.views.filmed import Camera

BOX = (60.0, 40.0, 100.0, 140.0)
INSIDE = (slice(60, 120), slice(70, 90))


def stripes() -> Image:
    rows = (np.arange(180) // 6 % 2 * 200 + 20).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(rows[:, None, None], (180, 320, 3)))


def visit(end_s: float, *, thing: bool = False, scale: float = 1.0) -> Appearance:
    box = np.array(BOX, dtype=np.float32) * np.float32(scale)
    return Appearance(camera_id="a", tracker_id=1, start_s=0.0, end_s=end_s, box=box, thing=thing)


def contrast(jpeg: bytes) -> float:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return float(image[INSIDE].mean(axis=(1, 2)).std())


@pytest.mark.parametrize(
    ("since_s", "thing", "blurred"),
    [(0.0, False, True), (HOLD_S, False, True), (HOLD_S + 0.1, False, False), (0.0, True, False)],
)
def test_people_and_who_was_just_lost_are_blurred(since_s: float, thing: bool, blurred: bool) -> None:
    frame = Frame(camera_id="a", index=1, timestamp_s=10.0, image=stripes())
    visits = [visit(10.0 - since_s, thing=thing)]
    assert contrast(drawn(frame, visits, 320, 90, 0.0)) > 80
    shown = contrast(drawn(frame, visits, 320, 90, 0.0, blur=True))
    assert shown < 40 if blurred else shown > 80
    assert frame.image[INSIDE].std() > 80, "the networks' frame stays"


def test_boxes_follow_the_size_of_the_drawing() -> None:
    large = cv2.resize(stripes(), (640, 360), interpolation=cv2.INTER_NEAREST)
    frame = Frame(camera_id="a", index=1, timestamp_s=10.0, image=np.asarray(large, dtype=np.uint8))
    assert contrast(drawn(frame, [visit(10.0, scale=2.0)], 320, 90, 0.0, blur=True)) < 40


@pytest.mark.parametrize("blur", ["none", "all"])
def test_clips_are_blurred(tmp_path: Path, blur: str) -> None:
    camera = Camera(tmp_path / "clips", width=320, blur=blur)
    for number in range(50):
        camera.index += 1
        frame = Frame(camera_id="a", index=camera.index, timestamp_s=camera.now, image=stripes())
        camera.clips.frame(frame, [visit(camera.now)])
        if number == 15:
            camera.event(1)
    camera.clips.close(20)
    (path,) = (tmp_path / "clips").rglob("*.mp4")
    with av.open(str(path)) as film:
        images = [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]
    assert len(images) > 20
    found = [float(image[INSIDE].mean(axis=(1, 2)).std()) for image in images]
    assert max(found) < 40 if blur == "all" else min(found) > 70
