"""Whether an export finds what the original finds: their decoded boxes on a frame with people."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from reid.detection.loading import LoadedNetwork, load_network
from reid.detection.precision import full_precision
from reid.errors import InputError
from reid.shipped import demo_recording
from reid.types import Array, Image

LARGEST_DIFFERENCE_PX = 1.0  # of box coordinates, in the network's pixels
LARGEST_SCORE_DIFFERENCE = 0.05
_FRAME = 60  # of the demo recording: three people are in it
_STRIDE = 32  # that the sides of a network's input are multiples of
_LEAST_SCORE = 1e-4  # so that something is compared of networks that are sure of nothing
_OVERLAP = 0.7
_MOST, _ALL = 300, 30000
_MARGIN, _SUREST = (
    0.01,
    10,
)  # of scores at which a list may have been cut off, and how many are above that anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """The largest differences of an export's boxes, and how many boxes were compared."""

    boxes_px: float
    scores: float
    boxes: int

    @property
    def good(self) -> bool:
        """Whether there was something to compare, and it was the same."""
        same = self.boxes_px <= LARGEST_DIFFERENCE_PX and self.scores <= LARGEST_SCORE_DIFFERENCE
        return same and self.boxes > 0


def compare(original: Path, exported: Path, image_size: int) -> Parity:
    """Decode both networks' boxes on a frame of the demo recording and compare them, each way.

    Each box of the one has to be among those of the other before overlapping ones are dropped: which of two equals
    is dropped hangs on the last digit of their scores.
    """
    frame = _frame(image_size)
    networks = [load_network(path, path) for path in (original, exported)]
    kept = [_decoded(network, frame, image_size, _OVERLAP, _MOST) for network in networks]
    every = [_decoded(network, frame, image_size, 1.0, _ALL) for network in networks]
    found = [_furthest(kept[0], every[1]), _furthest(kept[1], every[0])]
    return Parity(
        boxes_px=max(one.boxes_px for one in found),
        scores=max(one.scores for one in found),
        boxes=sum(one.boxes for one in found),
    )


def _frame(image_size: int) -> Image:
    """A frame with people that needs no padding, which is another one where an export states another stride."""
    file = demo_recording() / "cam1.mp4"
    video = cv2.VideoCapture(str(file))
    video.set(cv2.CAP_PROP_POS_FRAMES, _FRAME)
    read, frame = video.read()
    video.release()
    if not read:
        raise InputError(f"{file}: cannot be read, though it ships with reid; install reidentify again")
    height, width = frame.shape[:2]
    rows = max(1, round(image_size * height / width / _STRIDE))
    resized = cv2.resize(frame, (image_size, rows * _STRIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)


def _decoded(network: LoadedNetwork, frame: Image, size: int, overlap: float, most: int) -> Array:
    """Boxes as rows of x1, y1, x2, y2, score, class."""
    with full_precision():
        (result,) = network.model.predict(
            [frame], imgsz=size, device="cpu", conf=_LEAST_SCORE, iou=overlap, max_det=most, verbose=False
        )
    boxes = result.obb if result.boxes is None else result.boxes
    parts = (boxes.xyxy, boxes.conf[:, None], boxes.cls[:, None])
    return np.concatenate([part.cpu().numpy() for part in parts], axis=1).astype(np.float32)


def _furthest(boxes: Array, others: Array) -> Parity:
    """How far the boxes are from what is most like each of them among `others`."""
    if len(others) == _MOST:  # a network that chooses by itself (YOLO26) has cut its list off
        above = int((boxes[:, 4] > others[:, 4].min() + _MARGIN).sum())
        boxes = boxes[: max(above, _SUREST)]  # the surest come first
    furthest_px = furthest_score = 0.0
    for box in boxes:
        same = others[others[:, 5] == box[5]]
        if not len(same):
            return Parity(boxes_px=float("inf"), scores=float("inf"), boxes=len(boxes))
        apart_px = np.abs(same[:, :4] - box[:4]).max(axis=1)
        apart = np.abs(same[:, 4] - box[4])
        best = int(np.argmin(np.maximum(apart_px / LARGEST_DIFFERENCE_PX, apart / LARGEST_SCORE_DIFFERENCE)))
        furthest_px, furthest_score = (
            max(furthest_px, float(apart_px[best])),
            max(furthest_score, float(apart[best])),
        )
    return Parity(boxes_px=furthest_px, scores=furthest_score, boxes=len(boxes))
