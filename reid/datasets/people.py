"""Folders of people to learn from: `<person>/<camera>/*.jpg`, `<person>/<camera>_*.jpg` or `<person>/*.jpg`.

For learning, unlike for a benchmark, an image is of use even if its camera is not known.
"""

from pathlib import Path

from reid.datasets import folder as folders
from reid.datasets.folder import DISTRACTOR_NAME
from reid.datasets.listing import Listing, images_below, number, person_numbers, require_folder
from reid.datasets.records import Split
from reid.errors import InputError
from reid.wording import counted

LAYOUT = "<person>/<camera>_*.jpg, <person>/<camera>/*.jpg or <person>/*.jpg"
UNKNOWN = "unknown"  # the one camera of all images that name none
TRAIN = "train"
_TEST = {"query", "gallery", "multi_query", "test", "val", "valid", "validation"}


def read_person_folders(root: Path) -> tuple[Split, tuple[str, ...]]:
    """The images below `root`, and sentences for the user about them.

    The camera is the folder below the person's, or else what stands before the first underscore of the image's
    name. Where `root` is divided into train and others, only train is read. The person `-` is left out.

    Raises:
        InputError: no images, images that lie in no person's folder, or test images only.
    """
    require_folder(root, LAYOUT)
    notes = []
    inside = {path.name for path in root.iterdir() if path.is_dir()}
    if inside & _TEST and inside <= _TEST | {TRAIN}:
        if TRAIN not in inside:
            raise InputError(
                f"{root}: holds {', '.join(sorted(inside))} and no {TRAIN}; test images must never be learned "
                f"from, so put what may be into {root / TRAIN}"
            )
        notes.append(f"only {TRAIN} is read of {', '.join(sorted(inside))}")
        root = root / TRAIN
    paths = images_below(root)
    if not paths:
        raise InputError(f"{root}: no images in it; it must hold {LAYOUT}")
    if any(path.parent == root for path in paths):
        return folders.read_people([root])[0], tuple(notes)  # Market-1501's names; refuses all others
    known = [path for path in paths if path.relative_to(root).parts[0] != DISTRACTOR_NAME]
    listing, numbers = _listed(root, known)
    (split,) = number([listing], numbers)
    if len(known) < len(paths):
        notes.append(
            f"{counted(len(paths) - len(known), 'image')} of distractors (folder {DISTRACTOR_NAME}) left out"
        )
    return split, (*notes, *_about_cameras(listing))


def _listed(root: Path, paths: list[Path]) -> tuple[Listing, dict[str, int]]:
    numbers = person_numbers(path.relative_to(root).parts[0] for path in paths)
    listing = Listing(root.name)
    for path in paths:
        person, *deeper = path.relative_to(root).parts[:-1]
        before, underscore, _ = path.name.partition("_")
        camera = deeper[0] if deeper else before if underscore and before else UNKNOWN
        listing.add(path, numbers[person], camera, "/".join(deeper[1:]))
    return listing, numbers


def _about_cameras(listing: Listing) -> list[str]:
    notes = []
    if unknown := listing.cameras.count(UNKNOWN):
        notes.append(
            f"{counted(unknown, 'image names', 'images name')} no camera (a folder below the person's, or what "
            f"stands before an underscore), and count as of one camera, {UNKNOWN}"
        )
    people, cameras = set(listing.persons), set(listing.cameras)
    if len(people) > 1 and len(set(zip(listing.persons, listing.cameras, strict=True))) == len(cameras):
        notes.append(
            f"no camera sees two people, so {sorted(cameras)[0]!r} is hardly a camera; "
            f"name images <camera>_*.jpg, or use folders <person>/<camera>/"
        )
    return notes
