"""Boxes with identities as MOTChallenge text: one line a box, frames counted from 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid import disk
from reid.errors import InputError
from reid.text_file import read_text

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]

_COLUMNS = ("frame", "id", "left", "top", "width", "height", "conf", "class", "visibility")
_NEEDED = 6
_MOST_BYTES = 4 * 2**30  # a day of ten people a frame has a fourth of it
PERSON = 1  # the class of people in MOTChallenge's truth
_LARGEST = 1e12  # beyond any frame, id or pixel, and safe in int64 and float32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackTable:
    """The boxes of one camera, one row a box, in any order.

    Raises:
        ValueError: an array has another length than `frames`.
    """

    frames: Integers  # (N,) counted from 1
    ids: Integers  # (N,) who it is; at most once a frame
    boxes: Floats  # (N, 4) xyxy pixels
    confidences: Floats  # (N,) in truth 0 marks a row that does not count
    visibilities: Floats  # (N,) share of the person that is visible, in [0, 1]
    classes: Integers  # (N,) MOTChallenge's numbers: PERSON counts, others do not; results hold people only

    def __post_init__(self) -> None:
        count = len(self.frames)
        for name in ("frames", "ids", "boxes", "confidences", "visibilities", "classes"):
            shape = getattr(self, name).shape
            wanted = (count, 4) if name == "boxes" else (count,)
            if shape != wanted:
                raise ValueError(f"TrackTable.{name} must have shape {wanted}, got {shape}")

    def __len__(self) -> int:
        return len(self.frames)

    def select(self, rows: NDArray[np.bool_] | Integers) -> "TrackTable":
        """Select rows: a mask (N,) or row numbers in the order wanted."""
        return TrackTable(
            frames=self.frames[rows],
            ids=self.ids[rows],
            boxes=self.boxes[rows],
            confidences=self.confidences[rows],
            visibilities=self.visibilities[rows],
            classes=self.classes[rows],
        )

    def by_frame(self) -> "TrackTable":
        """The rows in order of frames; rows of one frame keep their order."""
        return self.select(np.argsort(self.frames, kind="stable"))


def table(
    frames: Sequence[int] | Integers,
    ids: Sequence[int] | Integers,
    boxes: NDArray[np.floating] | Sequence[Sequence[float]],
    *,
    confidences: Sequence[float] | NDArray[np.floating] | None = None,
    visibilities: Sequence[float] | NDArray[np.floating] | None = None,
    classes: Sequence[int] | Integers | None = None,
) -> TrackTable:
    """A table from plain sequences; boxes xyxy pixels (N, 4), all visible, confident people if not said."""
    count = len(frames)
    return TrackTable(
        frames=np.asarray(frames, dtype=np.int64),
        ids=np.asarray(ids, dtype=np.int64),
        boxes=np.asarray(boxes, dtype=np.float32).reshape(-1, 4),
        confidences=np.asarray([1.0] * count if confidences is None else confidences, dtype=np.float32),
        visibilities=np.asarray([1.0] * count if visibilities is None else visibilities, dtype=np.float32),
        classes=np.asarray([PERSON] * count if classes is None else classes, dtype=np.int64),
    )


def first_repeat(frames: Integers, ids: Integers) -> tuple[int, int] | None:
    """Row numbers of the first id that stands twice in a frame: (earlier row, row), or None."""
    order = np.lexsort((ids, frames))
    same = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    if not same.any():
        return None
    later = order[1:][same]
    at = int(np.argmin(later))
    return int(order[:-1][same][at]), int(later[at])


def read_mot(path: Path) -> TrackTable:
    """Read MOTChallenge text, truth or result: `frame,id,left,top,width,height,conf,class,visibility`.

    Columns after the sixth may be missing (conf, class and visibility are then 1) and more may follow. A negative
    class or visibility is what results have there and means unknown, thus 1. Rows that do not count (conf 0 or
    another class in truth) are kept: what counts is for the score to say. An empty file is a camera without a box.

    Raises:
        InputError: no such file, or a line that cannot be used, by its number.
    """
    text = read_text(path, f"MOTChallenge text ({','.join(_COLUMNS)} a line)", most=_MOST_BYTES)
    numbers: list[int] = []
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            rows.append(_parse(f"{path}, line {number}", line))
            numbers.append(number)
    values = np.asarray(rows, dtype=np.float64).reshape(-1, len(_COLUMNS))
    frames, ids = values[:, 0].astype(np.int64), values[:, 1].astype(np.int64)
    repeat = first_repeat(frames, ids)
    if repeat is not None:
        earlier, row = repeat
        raise InputError(
            f"{path}, line {numbers[row]}: frame {frames[row]} has id {ids[row]} in line {numbers[earlier]} "
            "already; one person has at most one box a frame"
        )
    boxes = np.concatenate([values[:, 2:4], values[:, 2:4] + values[:, 4:6]], axis=1)
    visibilities = np.where(values[:, 8] < 0, 1.0, values[:, 8])
    classes = np.where(values[:, 7] < 0, PERSON, values[:, 7]).astype(np.int64)
    return table(frames, ids, boxes, confidences=values[:, 6], visibilities=visibilities, classes=classes)


def _parse(place: str, line: str) -> list[float]:
    """The nine numbers of one line, checked."""
    fields = line.split(",")
    if len(fields) < _NEEDED:
        raise InputError(
            f"{place}: {len(fields)} comma-separated columns in {line.strip()[:60]!r}, "
            f"at least {_NEEDED} needed of {','.join(_COLUMNS)}"
        )
    row = [1.0] * len(_COLUMNS)
    for index, (name, field) in enumerate(zip(_COLUMNS, fields, strict=False)):
        try:
            row[index] = float(field)
        except ValueError:
            raise InputError(f"{place}: {name} is {field.strip()!r}, expected a number") from None
        if not abs(row[index]) < _LARGEST:  # nan too
            raise InputError(f"{place}: {name} is {field.strip()}, expected a number below {_LARGEST:g}")
    for index, least, why in ((0, 1, "frames count from 1"), (1, 0, "boxes without ids cannot be scored")):
        if row[index] != int(row[index]) or row[index] < least:
            raise InputError(
                f"{place}: {_COLUMNS[index]} is {fields[index].strip()}, expected a whole number of at least "
                f"{least} ({why})"
            )
    if row[7] != int(row[7]):
        raise InputError(
            f"{place}: class is {fields[7].strip()}, expected a whole number: 1 is a person, -1 unknown"
        )
    for index in (4, 5):
        if row[index] < 0:
            name = _COLUMNS[index]
            raise InputError(f"{place}: {name} is {fields[index].strip()}, expected 0 or more pixels")
    return row


def write_mot(path: Path, tracks: TrackTable) -> None:
    """Write a MOTChallenge result: `frame,id,left,top,width,height,conf,-1,-1,-1`, by frame, then id.

    Box and confidence have 2 decimals: a hundredth of a pixel is far below what a detector can tell.
    """
    ordered = tracks.select(np.lexsort((tracks.ids, tracks.frames)))
    corner = ordered.boxes[:, :2]
    # a box turned inside out is empty, as in geometry.area
    size = np.maximum(ordered.boxes[:, 2:] - corner, 0)
    lines = [
        f"{frame},{person},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{conf:.2f},-1,-1,-1\n"
        for frame, person, (left, top), (width, height), conf in zip(
            ordered.frames, ordered.ids, corner, size, ordered.confidences, strict=True
        )
    ]
    with disk.naming(path):
        path.write_text("".join(lines), encoding="utf-8")
