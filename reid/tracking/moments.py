"""A track cut into short stretches of time, each with its mean vector and its best crop."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from reid.tracking.quality import sharpness
from reid.types import Array, Image

MOMENT_S = 0.5  # shorter than it takes two people to swap places, longer than one blurred step


@dataclass(slots=True, kw_only=True)
class Moment:
    """One stretch: the quality-weighted sum of its vectors, and the best crop as JPEG."""

    start_s: float
    vector_sum: Array  # (D,)
    weight: float = 0.0
    best_quality: float = -1.0
    best_s: float = 0.0
    crop: bytes = b""
    _uncoded: Image | None = field(default=None, repr=False)

    def add(self, time_s: float, vector: Array, quality: float, crop: Image) -> None:
        """Take one observation. `crop` (H, W, 3) may be a view of the frame; what is kept is copied."""
        self.vector_sum += quality * vector
        self.weight += quality
        if quality <= self.best_quality:
            return
        # blur only decides between candidates that are good otherwise, and costs too much to measure on all
        rating = quality * min(1.0, 0.5 + sharpness(crop) / 40)
        if rating > self.best_quality:
            self.best_quality, self.best_s, self._uncoded = rating, time_s, crop.copy()

    def close(self, jpeg_quality: int) -> None:
        """Compress the crop; called once, when the stretch is over."""
        self.crop, self._uncoded = self.jpeg(jpeg_quality), None

    def jpeg(self, quality: int) -> bytes:
        """The best crop so far, compressed."""
        if self._uncoded is None:
            return self.crop
        ok, data = cv2.imencode(".jpg", self._uncoded, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not ok:
            raise RuntimeError(f"OpenCV could not write a crop of shape {self._uncoded.shape} as JPEG")
        return data.tobytes()

    @property
    def vector(self) -> Array:
        """Unit mean vector (D,)."""
        return np.asarray(
            self.vector_sum / max(float(np.linalg.norm(self.vector_sum)), 1e-12), dtype=np.float32
        )


def merge(moments: list[Moment]) -> Moment:
    """Several stretches as one."""
    best = max(moments, key=lambda moment: moment.best_quality)
    return Moment(
        start_s=moments[0].start_s,
        vector_sum=np.sum([moment.vector_sum for moment in moments], axis=0, dtype=np.float32),
        weight=sum(moment.weight for moment in moments),
        best_quality=best.best_quality,
        best_s=best.best_s,
        crop=best.crop,
        _uncoded=best._uncoded,
    )


def condense(moments: list[Moment], count: int) -> list[Moment]:
    """At most `count` moments, neighbours merged into groups of equal length."""
    if len(moments) <= count:
        return moments
    groups = np.array_split(np.arange(len(moments)), count)
    return [merge([moments[i] for i in group]) for group in groups]
