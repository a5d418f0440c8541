"""Crops as files by person: Market-1501's names, or folders."""

from collections import Counter
from collections.abc import Iterator

from pipelines.exporting.people import ExportedSite
from pipelines.exporting.target import Target
from reid.datasets.folder import DISTRACTOR_NAME
from reid.datasets.market1501 import TRAIN
from reid.outputs.folder import file_stem
from reid.types import person_name


def write_market1501(site: ExportedSite, target: Target) -> Iterator[str]:
    """`bounding_box_train/PPPP_cCsS_FFFFFF_NN.jpg`: person, camera, results folder, frame, box.

    What is a query and what is searched is a question of the experiment, so there are no such folders.
    """
    boxes: Counter[tuple[int, int, int, int]] = Counter()
    for one in site.tracklets:
        for moment, crop in enumerate(one.tracklet.crops):
            key = (one.person_id, one.camera, one.sequence, one.frame_of(moment) + 1)
            boxes[key] += 1
            person, camera, sequence, frame = key
            name = f"{person:04d}_c{camera}s{sequence}_{frame:06d}_{boxes[key]:02d}.jpg"
            target.write(f"{TRAIN}/{name}", crop)
        target.advance(len(one.tracklet.crops))
    yield (
        f"{TRAIN} only: choose yourself what is a query and what is searched, where this is to test and not to train"
    )


def write_folders(site: ExportedSite, target: Target) -> Iterator[str]:
    """`<person>/<camera>/<track>_<n>.jpg`, the folder being the label, or P0001."""
    names = {one.person_id: file_stem(one.name) for one in site.tracklets}
    names |= {who: person_name(who) for who, name in names.items() if name == DISTRACTOR_NAME}
    for one in site.tracklets:
        camera, run = file_stem(one.tracklet.camera_id), site.folder_of(one.sequence)
        stem = f"{run}_{one.tracklet.track_id}" if run else f"{one.tracklet.track_id}"
        for moment, crop in enumerate(one.tracklet.crops, start=1):
            target.write(f"{names[one.person_id]}/{camera}/{stem}_{moment}.jpg", crop)
        target.advance(len(one.tracklet.crops))
    yield from ()
