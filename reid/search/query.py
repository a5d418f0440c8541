"""What is searched for: photos of one person to one vector."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid.detection.detector import Detector
from reid.distance import unit
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.search.photo import Box, ChosenPerson, PhotoPerson, choose, people_in, within_box
from reid.stills import require_still
from reid.types import Array, Embeddings, Image
from reid.wording import counted

CURE = "give a photo of the person"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoQuery:
    """One person, by photos."""

    vector: Array  # (D,) unit length
    encoder_id: str
    photos: tuple[ChosenPerson, ...]


def read_photo(photo: Path | str | Image, number: int = 1) -> tuple[str, Image]:
    """Name and pixels of a photo.

    Raises:
        InputError: the file cannot be read, or is no image of a kind that is read.
        ValueError: the array is empty or not uint8 BGR.
    """
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
            raise ValueError(
                f"a photo must be uint8 (H, W, 3) and not empty, got {photo.dtype} {photo.shape}"
            )
        return f"photo {number}", photo
    return str(photo), require_still(Path(photo), CURE)


def query(
    photos: Sequence[tuple[str, Image]],
    encoder: Callable[[], Encoder],
    detector: Callable[[], Detector],
    *,
    persons: Sequence[int] = (),
    boxes: Sequence[Box] = (),
) -> PhotoQuery:
    """The person of all these photos, as the unit mean of a vector of each.

    Args:
        photos: name and pixels (H, W, 3) BGR of each, at least one.
        encoder, detector: load them; the detector only where it is needed.
        persons: the number of the person in each photo that shows several, in order.
        boxes: the person in each photo; no detector runs then.

    Raises:
        SeveralPeople: a photo shows several people, and no number is left.
        InputError: a photo shows none, or numbers or boxes do not fit the photos.
    """
    chosen = _by_boxes(photos, boxes, persons) if boxes else _by_numbers(photos, detector(), persons)
    embeddings = encoder().encode([one.crop for one in chosen])
    return PhotoQuery(vector=mean_of(embeddings), encoder_id=embeddings.encoder_id, photos=tuple(chosen))


def mean_of(embeddings: Embeddings) -> Array:
    """(D,) unit mean of the vectors of one person."""
    mean: Array = unit(embeddings.vectors.mean(axis=0, keepdims=True))[0]
    return mean


def _by_boxes(
    photos: Sequence[tuple[str, Image]], boxes: Sequence[Box], persons: Sequence[int]
) -> list[ChosenPerson]:
    if persons:
        raise InputError("--person and --box both say which person is meant; give one of them")
    if len(boxes) != len(photos):
        raise InputError(
            f"--box: {counted(len(boxes), 'box', 'boxes')} for {counted(len(photos), 'photo')}; give one for each "
            "photo, in their order"
        )
    return [within_box(name, image, box) for (name, image), box in zip(photos, boxes, strict=True)]


def _by_numbers(
    photos: Sequence[tuple[str, Image]], detector: Detector, persons: Sequence[int]
) -> list[ChosenPerson]:
    found: list[list[PhotoPerson]] = [people_in(image, detector) for _, image in photos]
    if len(persons) > (doubtful := sum(len(people) > 1 for people in found)) and not len(photos) == 1:
        raise InputError(
            f"--person: {len(persons)} given, and {counted(doubtful, 'photo')} of {len(photos)} "
            f"{'shows' if doubtful == 1 else 'show'} several people; give one for each of those, in their order"
        )
    left = list(persons)
    chosen = []
    for (name, image), people in zip(photos, found, strict=True):
        named = left.pop(0) if left and (len(people) > 1 or len(photos) == 1) else None
        chosen.append(choose(name, image, people, named))
    if left:
        raise InputError(f"--person: {len(persons)} given for one photo; give one")
    return chosen
