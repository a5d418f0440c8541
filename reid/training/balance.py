"""Balance of people and cameras in a split: counts before a training, and warnings."""

from dataclasses import dataclass

import numpy as np

from reid.datasets.records import DISTRACTOR, Split
from reid.wording import counted

FEW = 0.01  # share of all images below which a camera is hardly learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A split in numbers; distractors are not counted."""

    people: int
    images: int
    cameras: int  # with at least one person
    one_image: int  # people with one image
    one_camera: int  # people seen by one camera, those with one image included
    least: int  # images of a person
    median: float
    most: int
    by_camera: tuple[tuple[str, int], ...]  # images of every camera with a person, in the split's order


def balance(split: Split) -> Balance:
    """Count people, images and cameras of a split with at least one person."""
    shown = split.select(split.persons != DISTRACTOR)
    if not len(shown):
        raise ValueError("a split must show a person")
    _, images = np.unique(shown.persons, return_counts=True)
    seen = np.unique(np.stack([shown.persons, shown.cameras]), axis=1)
    _, cameras = np.unique(seen[0], return_counts=True)
    by_camera = np.bincount(shown.cameras, minlength=len(split.camera_names)).tolist()
    return Balance(
        people=len(images),
        images=len(shown),
        cameras=len(np.unique(shown.cameras)),
        one_image=int(np.sum(images == 1)),
        one_camera=int(np.sum(cameras == 1)),
        least=int(images.min()),
        median=float(np.median(images)),
        most=int(images.max()),
        by_camera=tuple(
            (name, count) for name, count in zip(split.camera_names, by_camera, strict=True) if count
        ),
    )


def describe(found: Balance) -> list[tuple[str, str]]:
    """Rows of what and how many, for a table."""
    people = f"{found.people:,}"
    few = [
        f"{count:,} {what}"
        for count, what in ((found.one_image, "with one image"), (found.one_camera, "in one camera"))
        if count
    ]
    rows = [
        ("people", ", ".join([people, *few])),
        ("images", f"{found.images:,}"),
        ("images of a person", f"{found.least:,} to {found.most:,}, median {found.median:g}"),
        ("cameras", f"{found.cameras:,}"),
    ]
    if found.cameras > 1:
        counts = sorted((count, name) for name, count in found.by_camera)
        (least, rare), (most, busy) = counts[0], counts[-1]
        rows.append(("images of a camera", f"{least:,} ({rare}) to {most:,} ({busy})"))
    return rows


def warnings(found: Balance, *, images: int | None = None) -> list[str]:
    """Sentences about what will not be learned well.

    Args:
        images: K, images of a person in a batch, where batches are made by person.
    """
    said = []
    if found.one_image:
        said.append(
            f"{counted(found.one_image, 'person has', 'people have')} one image: nothing can be pulled together, "
            "so in objectives of pairs and triplets they only count as another person"
        )
    if found.cameras > 1 and found.one_camera == found.people:
        said.append(
            "no person is seen by two cameras, so what a change of camera does to a person's look is not learned"
        )
    elif found.one_camera > found.people / 2:
        said.append(
            f"{found.one_camera:,} of {found.people:,} people are seen by one camera only; the others alone teach "
            "what a change of camera does to a person's look"
        )
    if images is not None and images > found.median:
        said.append(
            f"batch.images is {images}, but half of the people have {found.median:g} or fewer images, which "
            f"are repeated within a batch; {max(2, int(found.median))} would do"
        )
    rare = [(name, count) for name, count in found.by_camera if count < FEW * found.images]
    if rare:
        named = ", ".join(f"{name} ({count:,})" for name, count in rare[:5])
        said.append(
            f"{counted(len(rare), 'camera has', 'cameras have')} less than {FEW:.0%} of the images: "
            f"{named}{', ...' if len(rare) > 5 else ''}; people are hardly learned as these see them"
        )
    return said
