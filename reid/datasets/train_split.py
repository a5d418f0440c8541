"""The part of a published data set that may be learned from: never its query and gallery."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from reid.datasets import folder, market1501, msmt17
from reid.datasets.listing import EXAMPLE, Listing, images_below, label, number, require_folder
from reid.datasets.market1501 import GALLERY, MULTI_QUERY, QUERY, TRAIN
from reid.datasets.records import Split
from reid.errors import InputError
from reid.wording import counted

Read = tuple[Split, tuple[str, ...]]  # images, and sentences for the user about them


def read_market_train(root: Path) -> Read:
    """`bounding_box_train` of Market-1501 or its kin, or all images with such names below another folder.

    Distractors and junk are left out; people are called as in the names, `0002`.

    Raises:
        InputError: a benchmark without its train images, or no image has such a name.
    """
    require_folder(root, f"{TRAIN}, or images named as in Market-1501, {EXAMPLE}")
    where = root / TRAIN if (root / TRAIN).is_dir() else root
    if where == root and market1501.is_root(root):
        raise InputError(
            f"{root}: there is no {TRAIN} beside {QUERY} and {GALLERY}, which must never be learned from; "
            "copy it there, or give other images"
        )
    listing, left_out, nameless = Listing(root.name), 0, []
    for path in images_below(where):
        if (found := label(path.name)) is None:
            nameless.append(path)
        elif found.person <= 0:
            left_out += 1
        else:
            listing.add(path, found.person, found.camera, found.passage)
    if not listing.paths:
        raise InputError(f"{where}: no image of a person in it is named as in Market-1501, {EXAMPLE}")
    notes = []
    if left_out:
        notes.append(f"{counted(left_out, 'image')} of distractors (0000) and junk (-1) left out")
    if nameless:
        first = nameless[0].relative_to(where)
        notes.append(
            f"{counted(len(nameless), 'image')} left out, not named like {EXAMPLE}, the first: {first}"
        )
    (split,) = number([listing])
    names = {person: f"{person:04d}" for person in set(listing.persons)}
    return replace(split, person_names=names), tuple(notes)


def read_msmt17_train(root: Path) -> Read:
    """The 1,041 train people of MSMT17.

    Raises:
        InputError: as `read_msmt17`; or there is no list of train images.
    """
    require_folder(root, msmt17.WANTED)
    if not msmt17.is_root(root):
        raise InputError(f"{root}: not MSMT17's own folder, which holds {msmt17.WANTED}")
    data = msmt17.read_msmt17(root)
    if data.train is None:
        raise InputError(
            f"{root}: there is no {msmt17.LISTS['train']}, and the test images must never be learned from; "
            "copy it there, or give other images"
        )
    return data.train, data.notes


def refuse_test_images(source: Path, paths: Iterable[Path]) -> None:
    """Raise InputError if an image lies in the query or gallery of a benchmark, however it came to be given."""
    folders = {path.resolve().parent for path in paths}  # a link leads to what it is, not to where it lies
    whole = {
        part.parent
        for where in folders
        for part in (where, *where.parents)
        if part.name in _TEST and any(is_root(part.parent) for is_root in _ROOTS)
    }
    if whole:
        instead = " or ".join(map(str, sorted(whole)))
        raise InputError(
            f"{source}: has a benchmark's test images, which must never be learned from; give {instead}, "
            "of which only the train images are read"
        )


_TEST = {QUERY, GALLERY, MULTI_QUERY, "gallery", "multi_query", *(test for _, test in msmt17.FOLDERS)}
_ROOTS = (market1501.is_root, msmt17.is_root, folder.is_root)
