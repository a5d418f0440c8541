"""People that a detector misses, and boxes of it that show nobody."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.camera_config import DetectorConfig
from reid.detection.yolo import YoloDetector
from reid.geometry import Boxes, iou
from reid.types import Detections, Image
from tests.benchmarks.detection_scores import IOU, claim, heights
from tests.benchmarks.jobs import Report
from tests.benchmarks.labelled_scenes import Scene, Shot, photographs, recording
from tests.benchmarks.sheets import Tile, save, sheet

CONFIDENCE = 0.25
LEAST = 0.01
APART_S = 2.0
TOUCHING = 0.3  # IoU from which a box is told of, though it is no match
CONTEXT = 1.6
TRUTH, BOX = (0, 220, 255), (255, 120, 0)  # BGR: yellow, blue
ACROSS = 5
TILE = (220, 230)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Miss:
    """A person without a box, or a box without a person."""

    shot: Shot
    box: NDArray[np.float32]  # (4,)
    person: int | None  # None: unknown, or nobody
    visibility: float | None
    score: float | None  # of the box, or of the box that overlaps the person most confidently
    overlap: float | None  # with the person, or with the nearest person
    other: NDArray[np.float32] | None  # (4,) that box, or that person
    taken: bool  # that box has found somebody else, or that person has a surer box
    weight: float  # the largest are shown first


def missed(shot: Shot, found: Detections, *, min_height: float) -> list[Miss]:
    """People of `shot` at least so high whom no box of CONFIDENCE or more finds; `found` goes down to LEAST."""
    overlap = iou(found.boxes, shot.people)
    matching = np.where(found.scores[:, None] >= CONFIDENCE, overlap, np.float32(0))
    given = claim(_at_least(matching), found.scores)
    rows = np.flatnonzero(heights(shot.people) >= min_height).tolist()
    return [_miss(shot, row, found, overlap[:, row], given >= 0) for row in rows if row not in given]


def _miss(
    shot: Shot, person: int, found: Detections, overlap: NDArray[np.float32], taken: NDArray[np.bool_]
) -> Miss:
    """With the surest box that overlaps; one that has found somebody else only where there is no other."""
    near = overlap >= TOUCHING
    near = near & ~taken if (near & ~taken).any() else near
    best = int(np.where(near, found.scores, -1).argmax()) if near.any() else None
    return Miss(
        shot=shot,
        box=shot.people[person],
        person=shot.ids[person] if shot.ids else None,
        visibility=shot.visibilities[person] if shot.visibilities else None,
        score=None if best is None else float(found.scores[best]),
        overlap=None if best is None else float(overlap[best]),
        other=None if best is None else found.boxes[best],
        taken=best is not None and bool(taken[best]),
        weight=float(heights(shot.people[person : person + 1])[0]),
    )


def _at_least(overlap: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(overlap >= IOU, overlap, np.float32(0))


def made_up(shot: Shot, found: Detections) -> list[Miss]:
    """Boxes of CONFIDENCE or more that match nobody, not even somebody hardly visible."""
    sure = found.scores >= CONFIDENCE
    boxes, scores = found.boxes[sure], found.scores[sure]
    everybody = np.concatenate([shot.people, shot.ignored])
    overlap = iou(boxes, everybody)
    right = claim(_at_least(overlap), scores) >= 0
    rows = np.flatnonzero(~right).tolist()
    return [_false(shot, boxes[row], float(scores[row]), overlap[row], everybody) for row in rows]


def _false(
    shot: Shot, box: NDArray[np.float32], score: float, overlap: NDArray[np.float32], everybody: Boxes
) -> Miss:
    nearest = int(overlap.argmax()) if len(overlap) and overlap.max() > 0 else None
    return Miss(
        shot=shot,
        box=box,
        person=None,
        visibility=None,
        score=score,
        overlap=0.0 if nearest is None else float(overlap[nearest]),
        other=None if nearest is None else everybody[nearest],
        taken=nearest is not None and bool(overlap[nearest] >= IOU),
        weight=score,
    )


def diverse(misses: Sequence[Miss], count: int) -> list[Miss]:
    """The `count` of largest weight, none like one already chosen.

    Alike are, in recordings: the same person, or a box at nearly the same place of the same camera, within
    APART_S seconds; otherwise: the same image.
    """
    chosen: list[Miss] = []
    for miss in sorted(misses, key=lambda one: -one.weight):
        if len(chosen) == count:
            break
        if not any(_alike(miss, one) for one in chosen):
            chosen.append(miss)
    return chosen


def _alike(a: Miss, b: Miss) -> bool:
    if a.shot.time_s is None or b.shot.time_s is None:
        return a.shot.name == b.shot.name
    if abs(a.shot.time_s - b.shot.time_s) >= APART_S:
        return False
    if a.person is not None and b.person is not None:
        return a.person == b.person
    same_camera = a.shot.name.rpartition(" ")[0] == b.shot.name.rpartition(" ")[0]
    return same_camera and bool(iou(a.box[None], b.box[None])[0, 0] > TOUCHING)


def cut(
    image: Image, box: NDArray[np.float32], drawn: Sequence[tuple[NDArray[np.float32], tuple[int, int, int]]]
) -> Image:
    """The surroundings of `box`, CONTEXT times as large and in the shape of a tile, with the boxes drawn."""
    width, height = box[2] - box[0], box[3] - box[1]
    tall = max(height, width * TILE[1] / TILE[0]) * CONTEXT
    half = np.array([tall * TILE[0] / TILE[1], tall]) / 2
    middle = (box[:2] + box[2:]) / 2
    size = np.array([image.shape[1], image.shape[0]])
    middle = np.clip(
        middle, np.minimum(half, size / 2), np.maximum(size - half, size / 2)
    )  # stay in the image
    low = np.maximum(np.round(middle - half), 0).astype(int)
    high = np.minimum(np.round(middle + half), size).astype(int)
    scale = TILE[1] / max(1, high[1] - low[1])
    part = image[low[1] : high[1], low[0] : high[0]]
    part = cv2.resize(part, (max(1, round(part.shape[1] * scale)), TILE[1]), interpolation=cv2.INTER_CUBIC)
    for one, colour in drawn:
        corners = np.round((one - np.concatenate([low, low])) * scale).astype(int).tolist()
        cv2.rectangle(part, tuple(corners[:2]), tuple(corners[2:]), colour, 2)
    return np.asarray(part, np.uint8)


def missed_tile(miss: Miss) -> Tile:
    visible = "" if miss.visibility is None else f", visible {100 * miss.visibility:.0f} %"
    box = "no box overlaps"
    if miss.score is not None:
        whose = "neighbour's box" if miss.taken else "box"
        box = f"{whose} {miss.score:.2f}, IoU {miss.overlap:.2f}"
    drawn = [(miss.box, TRUTH)] + ([] if miss.other is None else [(miss.other, BOX)])
    lines = (f"{heights(miss.box[None])[0]:.0f} px high{visible}", box, _place(miss.shot))
    return Tile(image=cut(miss.shot.load(), miss.box, drawn), lines=lines)


def false_tile(miss: Miss) -> Tile:
    near = "nobody there"
    if miss.overlap:
        what = (
            "a second box"
            if miss.taken
            else "badly placed"
            if miss.overlap >= TOUCHING
            else "hardly a person"
        )
        near = f"{what}, IoU {miss.overlap:.2f}"
    drawn = ([] if miss.other is None else [(miss.other, TRUTH)]) + [(miss.box, BOX)]
    lines = (f"confidence {miss.score:.2f}", near, _place(miss.shot))
    return Tile(image=cut(miss.shot.load(), miss.box, drawn), lines=lines)


def _place(shot: Shot) -> str:
    if shot.time_s is None:
        return Path(shot.name).stem
    camera, _, number = shot.name.rpartition(" ")
    return f"{camera}, frame {number}"


def _rows(tiles: Sequence[Tile]) -> list[Sequence[Tile]]:
    return [tiles[start : start + ACROSS] for start in range(0, len(tiles), ACROSS)]


def measure(told: argparse.Namespace) -> Report:
    """Runs the detector and draws both sheets."""
    scenes = [recording(text, every=told.every) for text in told.mot]
    for text in told.scenes:
        scene = photographs(text)
        scenes.append(replace(scene, shots=tuple(shot for shot in scene.shots if told.only in shot.name)))
    config = DetectorConfig(
        weights=told.detector,
        confidence=LEAST,
        image_size=told.image_size,
        backend=told.backend,
        device="cpu",
    )
    detector = YoloDetector(config)
    lost, false, counts = _run(scenes, detector, told.min_height)
    people, images = (sum(one[key] for one in counts.values()) for key in ("people", "images"))
    heading = [
        f"Missed: people at least {told.min_height:.0f} px high and half visible, without a box of confidence "
        f"{CONFIDENCE} of their own: {len(lost)} of {people} people in {images} rendered images.",
        f"Shown are the tallest, nobody twice within {APART_S:.0f} s. Yellow: the person. Blue: the surest box that "
        f"overlaps (IoU {TOUCHING} or more); a neighbour's where it has found somebody else.",
    ]
    tiles = [missed_tile(miss) for miss in diverse(lost, told.count)]
    sizes = {"missed.png": save(sheet(heading, _rows(tiles), tile=TILE), told.output / "missed.png")}
    heading = [
        f"False: boxes of confidence {CONFIDENCE} or more that match nobody at IoU {IOU}, or whose person has a "
        f"surer one: {len(false)} in {images} rendered images.",
        "Shown are the surest. Blue: the box. Yellow: the person who overlaps it most.",
    ]
    tiles = [false_tile(miss) for miss in diverse(false, told.count)]
    sizes["false.png"] = save(sheet(heading, _rows(tiles), tile=TILE), told.output / "false.png")
    return {"detector": str(told.detector), "image_size": told.image_size, "counts": counts, "bytes": sizes}


def _run(
    scenes: Sequence[Scene], detector: YoloDetector, min_height: float
) -> tuple[list[Miss], list[Miss], dict[str, dict[str, int]]]:
    lost: list[Miss] = []
    false: list[Miss] = []
    counts: dict[str, dict[str, int]] = {}
    for scene in scenes:
        before = len(lost), len(false)
        people = 0
        for shot in scene.shots:
            found = detector.detect([shot.load()])[0]
            lost += missed(shot, found, min_height=min_height)
            false += made_up(shot, found)
            people += int(np.count_nonzero(heights(shot.people) >= min_height))
        counts[scene.name] = {
            "images": len(scene.shots),
            "people": people,
            "missed": len(lost) - before[0],
            "false": len(false) - before[1],
        }
    return lost, false, counts
