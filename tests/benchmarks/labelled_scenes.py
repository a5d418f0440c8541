"""Images of people with truth, for judging detectors: labelled photographs, rendered recordings, head points."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.evaluation.mot import TrackTable, read_mot
from reid.geometry import Boxes
from reid.outputs.ranked_lists import read_image
from reid.types import Image
from reid.video.reader import read
from reid.video.source import Source

_ORIENTATION, _TURNED = 274, (5, 6, 7, 8)  # EXIF; OpenCV turns such images, Pillow does not


def _none() -> Boxes:
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One image and who is in it; boxes are xyxy pixels."""

    name: str
    load: Callable[[], Image]
    people: Boxes  # (N, 4) to be found
    ignored: Boxes = field(default_factory=_none)  # (M, 4) finding them is neither right nor wrong
    listed: Boxes = field(default_factory=_none)  # (L, 4) likewise, by an ignore file
    heads: NDArray[np.float32] | None = None  # (H, 2) points: then there are no boxes
    time_s: float | None = None  # of a recording
    ids: tuple[int, ...] = ()  # (N,) who each of `people` is, where that is known
    visibilities: tuple[float, ...] = ()  # (N,) where known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    name: str
    shots: tuple[Shot, ...]

    @property
    def has_heads(self) -> bool:
        return any(shot.heads is not None for shot in self.shots)


def photographs(text: str, *, every: int = 1) -> Scene:
    """NAME=LIST or NAME=LIST:IGNORE.json: images with YOLO labels."""
    name, listing, json_file = _parts(text)
    ignore = _by_image(json_file) if json_file else {}
    shots = []
    for path, key in _images(listing)[::every]:
        boxes = yolo_boxes(label_path(path), size_of(path))
        listed = _boxes(ignore.get(key))
        shots.append(Shot(name=key, load=partial(read_image, path), people=boxes, listed=listed))
    if ignore and not any(shot.name in ignore for shot in shots):
        raise InputError(f"{json_file}: names none of the images of {listing}")
    return Scene(name=name, shots=tuple(shots))


def head_points(text: str, *, every: int = 1) -> Scene:
    """NAME=LIST:HEADS.json: images with one point a head."""
    name, listing, json_file = _parts(text)
    if json_file is None:
        raise InputError(f"{text}: expected NAME=LIST:HEADS.json")
    points = _by_image(json_file)
    shots = []
    for path, key in _images(listing)[::every]:
        if (found := points.get(key)) is None:
            raise InputError(f"{json_file}: no head points of {key}")
        heads = np.asarray(found, np.float32).reshape(-1, 2)
        shots.append(Shot(name=key, load=partial(read_image, path), people=_none(), heads=heads))
    return Scene(name=name, shots=tuple(shots))


def recording(text: str, *, every: int = 10, visible: float = 0.5) -> Scene:
    """VIDEO=GT.txt: every so many frames; who is visible by less than that share is ignored."""
    video, _, truth_file = text.partition("=")
    if not truth_file:
        raise InputError(f"{text}: expected VIDEO=GT.txt")
    truth, path = read_mot(Path(truth_file)), Path(video)
    source = Source(camera_id=path.stem, files=(path,))
    shots = [
        _frame_of(truth, frame.index + 1, frame.image, frame.timestamp_s, visible, path.stem)
        for frame in read(source, SourceConfig(), on_damage=print)
        if frame.index % every == 0
    ]
    return Scene(name=path.stem, shots=tuple(shots))


def _frame_of(truth: TrackTable, number: int, image: Image, time_s: float, visible: float, name: str) -> Shot:
    rows = truth.select(truth.frames == number)
    clear = (rows.visibilities >= visible) & (rows.confidences > 0)
    return Shot(
        name=f"{name} {number}",
        load=lambda: image,
        people=rows.boxes[clear],
        ignored=rows.boxes[~clear],
        time_s=time_s,
        ids=tuple(rows.ids[clear].tolist()),
        visibilities=tuple(rows.visibilities[clear].tolist()),
    )


def by_folder(scene: Scene) -> list[Scene]:
    """One scene for each folder of images, in order of appearance."""
    groups: dict[str, list[Shot]] = {}
    for shot in scene.shots:
        groups.setdefault(Path(shot.name).parent.name, []).append(shot)
    return [Scene(name=f"{scene.name}-{name}", shots=tuple(shots)) for name, shots in groups.items()]


def label_path(image: Path) -> Path:
    """ultralytics' rule: the last folder `images` becomes `labels`, the suffix .txt."""
    head, found, tail = image.as_posix().rpartition("/images/")
    if not found:
        raise InputError(f"{image}: not below a folder images, so there is no folder labels")
    return Path(f"{head}/labels/{tail}").with_suffix(".txt")


def yolo_boxes(path: Path, size: tuple[int, int]) -> Boxes:
    """People (class 0) as xyxy pixels (N, 4) of an image of `size` (width, height); no file: nobody."""
    if not path.is_file():
        return _none()
    rows = [[float(word) for word in line.split()] for line in path.read_text().splitlines() if line.strip()]
    people = np.asarray([row[1:5] for row in rows if row[0] == 0], np.float32).reshape(-1, 4)
    corners = np.concatenate([people[:, :2] - people[:, 2:] / 2, people[:, :2] + people[:, 2:] / 2], axis=1)
    return np.asarray(corners * np.asarray([*size, *size], np.float32), np.float32)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height upright, from the file's header."""
    with Pillow.open(path) as opened:
        width, height = opened.size
        turned = opened.getexif().get(_ORIENTATION) in _TURNED
    return (height, width) if turned else (width, height)


def _parts(text: str) -> tuple[str, Path, Path | None]:
    name, equals, rest = text.partition("=")
    if not equals or not name or not rest:
        raise InputError(f"{text}: expected NAME=LIST or NAME=LIST:FILE.json")
    listing, colon, json_file = rest.rpartition(":")
    if colon and json_file.endswith(".json"):
        return name, Path(listing), Path(json_file)
    return name, Path(rest), None


def _images(listing: Path) -> list[tuple[Path, str]]:
    """Each image's path, and its name in the list without a leading ./"""
    if not listing.is_file():
        raise InputError(f"{listing}: no such list of images")
    lines = [line.strip() for line in listing.read_text().splitlines() if line.strip()]
    return [(listing.parent / line, Path(line).as_posix()) for line in lines]


def _by_image(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    found: dict[str, Any] = {
        Path(name).as_posix(): rows for name, rows in json.loads(path.read_text()).items()
    }
    return found


def _boxes(rows: Sequence[Sequence[float]] | None) -> Boxes:
    """The first four numbers of each row."""
    return np.asarray([row[:4] for row in rows or []], np.float32).reshape(-1, 4)
