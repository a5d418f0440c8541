"""Crops as files by person: Market-1501's names, or folders."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pipelines.exporting.people import ExportedSite
from pipelines.exporting.target import FACTS, Target
from reid.datasets.folder import DISTRACTOR_NAME
from reid.datasets.market1501 import TRAIN
from reid.outputs.folder import file_stem
from reid.types import person_name

MOST_CAMERAS, MOST_PEOPLE = 6, 1501  # of Market-1501: readers of it refuse more


def write_market1501(site: ExportedSite, target: Target) -> Iterator[str]:
    """`bounding_box_train/PPPP_cCsS_FFFFFF_NN.jpg`: person, camera, results folder, frame, box.

    What is a query and what is searched is a question of the experiment, so there are no such folders.
    """
    boxes: Counter[tuple[int, int, int, int]] = Counter()
    names: list[list[str]] = []
    for one in site.tracklets:
        keys = [
            (one.person_id, one.camera, one.sequence, one.frame_of(moment) + 1)
            for moment in range(len(one.tracklet.crops))
        ]
        names.append([])
        for key in keys:
            boxes[key] += 1
            person, camera, sequence, frame = key
            box = f"{person:04d}_c{camera}s{sequence}_{frame:06d}_{boxes[key]:02d}"
            names[-1].append(f"{TRAIN}/{box}.jpg")
    _write(site, names, target)
    yield (
        f"{TRAIN} only: choose yourself what is a query and what is searched, where this is to test and not to train"
    )
    most = max(one.person_id for one in site.tracklets)
    if len(site.cameras) > MOST_CAMERAS or most > MOST_PEOPLE:
        yield (
            f"{len(site.cameras)} cameras and people up to number {most}: programs that check for Market-1501's own "
            f"{MOST_CAMERAS} cameras and {MOST_PEOPLE} people refuse that; --format folder has no such limit"
        )


def write_folders(site: ExportedSite, target: Target) -> Iterator[str]:
    """`<person>/<camera>/<track>_<n>.jpg`, the folder being the label, or P0001.

    So it is where the label means something else there: a distractor, or the export's own file.
    """
    people = {one.person_id: file_stem(one.name) for one in site.tracklets}
    taken = {DISTRACTOR_NAME.casefold(), FACTS.casefold()}
    people |= {who: person_name(who) for who, name in people.items() if name.casefold() in taken}
    names = []
    for one in site.tracklets:
        camera, run = file_stem(one.tracklet.camera_id), site.folder_of(one.sequence)
        stem = f"{run}_{one.tracklet.track_id}" if run else f"{one.tracklet.track_id}"
        folder = f"{people[one.person_id]}/{camera}"
        names.append([f"{folder}/{stem}_{moment}.jpg" for moment in range(1, len(one.tracklet.crops) + 1)])
    _write(site, names, target)
    yield from ()


def _write(site: ExportedSite, names: Sequence[Sequence[str]], target: Target) -> None:
    """Write the crops of all tracklets under these names."""
    target.claim(name for own in names for name in own)
    for one, own in zip(site.tracklets, names, strict=True):
        for name, crop in zip(own, one.tracklet.crops, strict=True):
            target.write(name, crop)
        target.advance(len(own))
