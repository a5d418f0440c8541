"""People as blocks of colour: films of them, a detector that finds blocks, an encoder that sees colours."""

import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from reid.distance import unit
from reid.types import Detections, Embeddings, Image

COLOURS = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 255, 255), (255, 0, 255), (255, 255, 0))  # BGR
GREY = 60
FPS = 20
ENCODER = "blocks@0123456789ab"


def scene(people: dict[int, float], size: tuple[int, int] = (320, 180)) -> Image:
    """Blocks of the colours of `people`, each standing at that share of the width."""
    width, height = size
    image = np.full((height, width, 3), GREY, dtype=np.uint8)
    for person, share in people.items():
        left, tall = round(share * width), round(0.5 * height)
        image[height // 4 : height // 4 + tall, left : left + tall // 3] = COLOURS[person]
    return image


def film(path: Path, seconds: float, people: Sequence[int], size: tuple[int, int] = (320, 180)) -> Path:
    """All of them walk from left to right, one behind the other."""
    count = round(seconds * FPS)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "12"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for number in range(count):
            places = {
                person: 0.05 + 0.16 * place + 0.1 * number / count for place, person in enumerate(people)
            }
            frame = av.VideoFrame.from_ndarray(scene(places, size), format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class BlockDetector:
    """Finds blocks; takes `seconds` for each frame, as a network does."""

    detector_id = "blocks"
    classes = "block (0)"

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.model_s = 0.0
        self.sizes = set[tuple[int, int]]()

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        time.sleep(self.seconds * len(images))
        return [self._found(image) for image in images]

    def _found(self, image: Image) -> Detections:
        self.sizes.add((image.shape[1], image.shape[0]))
        bright = (image.max(axis=2) - image.min(axis=2).astype(np.int32) > 100).astype(np.uint8)
        count, _, boxes, _ = cv2.connectedComponentsWithStats(bright)
        found = [box[:4] for box in boxes[1:count] if box[4] > 200]
        edges = np.array([[x, y, x + w, y + h] for x, y, w, h in found], dtype=np.float32).reshape(-1, 4)
        return Detections(boxes=edges, scores=np.full(len(edges), 0.9, dtype=np.float32))


class BlockEncoder:
    """One axis a colour."""

    encoder_id = ENCODER
    dimension = len(COLOURS)
    model_s = 0.0

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        vectors = np.full((len(crops), self.dimension), 0.05, dtype=np.float32)
        for row, crop in zip(vectors, crops, strict=True):
            height, width = crop.shape[:2]
            middle = crop[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4].reshape(-1, 3)
            colour = np.median(middle, axis=0)
            row[np.abs(np.array(COLOURS) - colour).sum(axis=1).argmin()] = 1
        return Embeddings(vectors=unit(vectors), encoder_id=self.encoder_id)
