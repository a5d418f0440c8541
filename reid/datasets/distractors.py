"""A large extra gallery of people that no query shows, as the 500,000 distractors of Market-1501+500k."""

from pathlib import Path

import numpy as np

from reid.datasets.listing import images, label, require_folder
from reid.datasets.records import DISTRACTOR, Split
from reid.errors import InputError
from reid.wording import counted

WANTED = "images of people that no query shows, directly or in a folder `images`"
CAMERA = "distractors"  # of all: a distractor is never searched for, so its camera does not matter


def read_distractors(folder: Path, gallery: Split) -> tuple[Split, tuple[str, ...]]:
    """Read all images of `folder`, or of its folder `images`, as distractors, with notes about them.

    Their cameras and tracklets are numbered behind those of `gallery`, so that both can be put together.

    Any name will do. Where names are Market-1501's, junk (-1) is left out as everywhere, and people (above 0)
    are noted: they are right only if no query shows them.

    Raises:
        InputError: no such folder, or no image in it.
    """
    require_folder(folder, WANTED)
    inner = folder / "images"
    where = inner if inner.is_dir() else folder
    kept: list[Path] = []
    junk = people = 0
    for path in images(where):
        found = label(path.name)
        if found is not None and found.person < 0:
            junk += 1
            continue
        people += found is not None and found.person > 0
        kept.append(path)
    if not kept:
        raise InputError(f"{where}: no images in it; it must hold {WANTED}")
    notes = []
    if junk:
        notes.append(f"{counted(junk, 'junk image')} of {where} left out")
    if people:
        notes.append(
            f"{counted(people, 'distractor has', 'distractors have')} the name of a person in {where}; "
            "if queries show these people, the figures are too low"
        )
    count, cameras = len(kept), gallery.camera_names
    before = int(min(0, gallery.tracklets.min()))
    split = Split(
        name="distractors",
        paths=tuple(kept),
        persons=np.full(count, DISTRACTOR, dtype=np.int64),
        cameras=np.full(count, len(cameras), dtype=np.int64),
        tracklets=before - 1 - np.arange(count, dtype=np.int64),
        camera_names=(*cameras, CAMERA),
        person_names=gallery.person_names,
    )
    return split, tuple(notes)
