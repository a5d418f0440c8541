"""People in a photo: which part of it is searched for."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from reid.detection.detector import Detector
from reid.embedding.crops import cut
from reid.errors import InputError
from reid.geometry import clip
from reid.types import Array, Image
from reid.wording import counted

# of a detection, from which it counts; trackers use weaker ones, which a single photo cannot confirm
CONFIDENCE = 0.25
# A photo so much higher than wide is looked at as a crop: those of people who walk are 1.6 to 3.3.
UPRIGHT = 1.5
# Share of a crop that its person covers. Measured on 300 crops of Market-1501, CUHK03 and rendered people, with a
# border of half their size: of 98 % more than this. Without the border, which no training picture lacks, the detector
# finds half of them, and doubles others.
FILLS = 0.4
BORDER = 0.5
GREY = (114, 114, 114)  # as detectors of the YOLO family are padded with
SMALL = 0.5  # share of that person's box, which those of bystanders in a crop do not reach

Box = tuple[float, float, float, float]  # left, top, width, height in pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPerson:
    """One person that the detector found in a photo."""

    number: int  # from 1, from left to right
    box: Box
    confidence: float


class SeveralPeople(InputError):
    """A photo of several people without a word on which one is meant.

    >>> import reid
    >>> try:
    ...     with reid.open_gallery(GALLERY) as gallery:
    ...         found = gallery.search(frame)
    ... except reid.SeveralPeople as several:
    ...     [person.number for person in several.people][:2]
    [1, 2]
    """

    def __init__(self, name: str, image: Image, people: Sequence[PhotoPerson]) -> None:
        super().__init__(
            f"{name}: shows {len(people)} people; say which one with --person 1 to {len(people)}, or with "
            "--box LEFT,TOP,WIDTH,HEIGHT"
        )
        self.name = name
        self.image = image
        self.people = tuple(people)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChosenPerson:
    """The part of a photo that is searched for, and why that."""

    name: str  # of the photo
    crop: Image
    box: Box
    why: str


def people_in(image: Image, detector: Detector) -> list[PhotoPerson]:
    """The people of an image (H, W, 3) BGR, from left to right."""
    height, width = image.shape[:2]
    wide, high = (round(BORDER * width), round(BORDER * height)) if height >= UPRIGHT * width else (0, 0)
    looked_at = cv2.copyMakeBorder(image, high, high, wide, wide, cv2.BORDER_CONSTANT, value=GREY)
    found = detector.detect([np.asarray(looked_at, dtype=np.uint8)])[0]
    boxes = clip(found.boxes - np.array([wide, high, wide, high], dtype=np.float32), width, height)
    order: list[int] = np.lexsort((boxes[:, 1], boxes[:, 0])).tolist()
    return [
        PhotoPerson(
            number=number,
            box=_box(boxes[at]),
            confidence=float(found.scores[at]),
        )
        for number, at in enumerate(order, start=1)
    ]


def within_box(name: str, image: Image, box: Box) -> ChosenPerson:
    """The part of a photo in a box that a user gave.

    Raises:
        InputError: the box is empty or lies outside.
    """
    left, top, wide, high = box
    height, width = image.shape[:2]
    if not np.all(np.isfinite(box)) or wide < 1 or high < 1:
        raise InputError(
            f"--box {_told(box)}: must be left,top,width,height in pixels, at least 1 wide and high"
        )
    if left >= width or top >= height or left + wide <= 0 or top + high <= 0:
        raise InputError(f"--box {_told(box)}: lies outside {name}, which has {width} x {height} pixels")
    return _chosen(name, image, box, "the box that was given")


def choose(name: str, image: Image, people: Sequence[PhotoPerson], person: int | None) -> ChosenPerson:
    """The person of a photo who is searched for.

    Args:
        person: number among `people`; None: the only one.

    Raises:
        SeveralPeople: none is named.
        InputError: there is none, or not that one.
    """
    if person is not None:
        if not 1 <= person <= len(people):
            there = f"1 to {len(people)}" if people else "give --box LEFT,TOP,WIDTH,HEIGHT"
            raise InputError(
                f"--person {person}: {name} shows {counted(len(people), 'person', 'people')}; {there}"
            )
        return _chosen(name, image, people[person - 1].box, f"person {person} of {len(people)}")
    height, width = image.shape[:2]
    whole = (0.0, 0.0, float(width), float(height))
    if not people:
        if height >= UPRIGHT * width:
            return _chosen(name, image, whole, "the whole photo: no person was detected, and it is upright")
        raise InputError(
            f"{name}: no person was found in it; give a larger or sharper photo, a crop of one person, or "
            "say where the person is (--box LEFT,TOP,WIDTH,HEIGHT)"
        )
    upright = height >= UPRIGHT * width
    largest = max(people, key=lambda one: one.box[2] * one.box[3])
    size = largest.box[2] * largest.box[3]
    others = [one.box[2] * one.box[3] for one in people if one is not largest]
    if upright and size >= FILLS * width * height and all(other < SMALL * size for other in others):
        return _chosen(name, image, whole, "the whole photo, which one person fills")
    if others:
        raise SeveralPeople(name, image, people)
    return _chosen(name, image, largest.box, "the only person in it")


def _chosen(name: str, image: Image, box: Box, why: str) -> ChosenPerson:
    left, top, wide, high = box
    crop = cut(image, np.array([[left, top, left + wide, top + high]], dtype=np.float32))[0]
    return ChosenPerson(name=name, crop=np.ascontiguousarray(crop), box=box, why=why)


def _box(corners: Array) -> Box:
    left, top, right, bottom = corners.tolist()
    return left, top, right - left, bottom - top


def _told(box: Box) -> str:
    return ",".join(f"{value:g}" for value in box)
