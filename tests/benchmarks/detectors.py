"""A detector of people beside a reference: who finds more people at equal precision, and how long a frame takes.

    python -m tests.benchmarks.detectors --detectors OURS REFERENCE --image-size 512 640 \\
        --scenes test=data/people/test.txt:data/people/test_ignore.json --by-folder \\
        --heads mall=data/people/test_mall.txt:data/people/mall_heads.json \\
        --mot reid/demo/cam1.mp4=reid/demo/cam1_gt.txt --output detectors.json

Boxes are matched at IoU 0.5, one to one, the surest first; people lower than --min-height pixels of the original
image are neither right nor wrong, and so are unmatched boxes that are lower. Both detectors run as the product
runs them (`YoloDetector`), down to confidence 0.01.

*Equal precision*: the reference has some precision at confidence C; at that precision, which people does each
detector find at its best? The interval is the middle 95 % where images are drawn with replacement.

Photographs have people whom nobody labelled. What is done about a box there is a rule, and all three are reported:
`listed`: an ignore file excuses it. If the file was made with the reference, it excuses all mistakes of the
reference and only some of the other's. `agreed`: boxes that both detectors have, with confidence 0.15 or more, are
excused. `none`: nothing is.

Scenes with head points only: a box finds the head in its upper 30 %; how tall the people are says a line fitted
to the confident boxes of both detectors.

Times: with the product's confidence, frame by frame in turn, so that what else the machine does falls on both.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from reid.camera_config import DetectorConfig
from reid.detection.yolo import YoloDetector
from reid.types import Detections
from tests.benchmarks import detection_scores as scores
from tests.benchmarks.as_product import as_product
from tests.benchmarks.detection_scores import Curve, Found
from tests.benchmarks.detector_tables import summary
from tests.benchmarks.head_points import fit_tallness, judge_heads
from tests.benchmarks.jobs import Report, machine, versions
from tests.benchmarks.labelled_scenes import Scene, Shot, by_folder, head_points, photographs, recording

SIDES = ("candidate", "reference")
CONFIDENCES = (0.25, 0.40)
LEAST = 0.01
RULES = ("listed", "agreed", "none")

Pair = tuple[Found, Found]
Both = tuple[Detections, Detections]


def judged(shot: Shot, both: Both, rule: str, min_height: float) -> Pair:
    """What counts of the boxes of both detectors in an image with boxes as truth."""
    extra = shot.listed if rule == "listed" else shot.listed[:0]
    if rule == "agreed" and shot.time_s is None:  # in a recording, the truth is whole
        extra = scores.agreed(*both, known=np.concatenate([shot.people, shot.ignored]))
    ignored = np.concatenate([shot.ignored, extra])
    first, second = (scores.judge(one, shot.people, ignored, min_height=min_height) for one in both)
    return first, second


def judged_heads(
    scene: Scene, found: Sequence[Both], min_height: float
) -> tuple[list[Pair], dict[str, float]]:
    """Likewise where heads are points; and the line that says how tall people are."""
    heads = [np.asarray(shot.heads, np.float32) for shot in scene.shots]
    sides = [[both[side] for both in found] for side in (0, 1)]
    tallness = fit_tallness([*sides[0], *sides[1]], heads * 2)
    ours, theirs = (
        [
            judge_heads(one, points, tallness, min_height=min_height)
            for one, points in zip(side, heads, strict=True)
        ]
        for side in sides
    )
    return list(zip(ours, theirs, strict=True)), asdict(tallness)


def figures(pairs: Sequence[Pair], *, resamples: int) -> Report:
    """What the two have found in some images."""
    lines = [scores.curve(scores.joined([pair[side] for pair in pairs])) for side in (0, 1)]
    report: Report = {
        "images": len(pairs),
        "people": sum(pair[0].people for pair in pairs),
        "ap50": [scores.average_precision(line) for line in lines],
        "equal_precision": {},
        "same_confidence": {},
    }
    for confidence in CONFIDENCES:

        def ratio(ours: Curve, theirs: Curve, at: float = confidence) -> float | None:
            found = scores.equal_precision(ours, theirs, at)
            return found and found["ratio"]

        equal = scores.equal_precision(*lines, confidence)
        if equal is not None:
            equal["ratio_95"] = scores.interval(pairs, ratio, times=resamples)
        points = [scores.at_confidence(line, confidence) for line in lines]
        report["equal_precision"][f"{confidence:.2f}"] = equal
        report["same_confidence"][f"{confidence:.2f}"] = {
            "precision": [point and point.precision for point in points],
            "recall": [point.recall if point else 0.0 for point in points],
        }
    return report


def mean_ratios(scenes: dict[str, Report]) -> Report:
    """Ratio of recalls at equal precision, each scene counting alike."""
    found = {}
    for confidence in (f"{value:.2f}" for value in CONFIDENCES):
        equal = [scene["equal_precision"][confidence] for scene in scenes.values()]
        ratios = [one["ratio"] for one in equal if one and one["ratio"] is not None]
        found[confidence] = fmean(ratios) if ratios else None
    return found


def quality(
    scenes: Sequence[Scene], found: dict[str, list[Both]], rule: str, told: argparse.Namespace
) -> Report:
    """Every scene, and all with boxes together; heads are another kind of truth, so they are not pooled."""
    each: dict[str, Report] = {}
    pooled: list[Pair] = []
    fitted: dict[str, Report] = {}
    for scene in scenes:
        if scene.has_heads:
            pairs, line = judged_heads(scene, found[scene.name], told.min_height)
            fitted[scene.name] = line
        else:
            both = zip(scene.shots, found[scene.name], strict=True)
            pairs = [judged(shot, one, rule, told.min_height) for shot, one in both]
            pooled += pairs
        each[scene.name] = figures(pairs, resamples=told.resamples)
    for name, line in fitted.items():
        each[name]["height_of_head_at"] = line
    together = figures(pooled, resamples=told.resamples) if pooled else None
    return {"scenes": each, "pooled": together, "mean_ratio": mean_ratios(each)}


def detected(scene: Scene, detectors: Sequence[YoloDetector]) -> list[Both]:
    found = []
    for shot in scene.shots:
        image = shot.load()
        ours, theirs = (detector.detect([image])[0] for detector in detectors)
        found.append((ours, theirs))
    return found


def frame_times(
    images: Sequence[Any], calls: Sequence[Callable[[Any], Any]]
) -> list[list[tuple[float, float]]]:
    """Wall and CPU seconds of each call on each image, in turn, who begins alternates.

    The first image of every size is run once before: networks are compiled for a shape.
    """
    spent: list[list[tuple[float, float]]] = [[] for _ in calls]
    seen = set()
    for number, image in enumerate(images):
        if image.shape not in seen:
            seen.add(image.shape)
            for call in calls:
                call(image)
        for side in range(len(calls)) if number % 2 else reversed(range(len(calls))):
            began, used = time.perf_counter(), time.process_time()
            calls[side](image)
            spent[side].append((time.perf_counter() - began, time.process_time() - used))
    return spent


def speed(spent: Sequence[Sequence[tuple[float, float]]]) -> Report:
    wall = [[1000 * both[0] for both in side] for side in spent]
    return {
        "frames": len(wall[0]),
        "median_ms": [median(side) for side in wall],
        "mean_ms": [fmean(side) for side in wall],
        "cpu_median_ms": [1000 * median(both[1] for both in side) for side in spent],
        "median_ratio": median(ours / theirs for ours, theirs in zip(*wall, strict=True)),
        "mean_ratio": fmean(wall[0]) / fmean(wall[1]),
    }


def speeds(scenes: Sequence[Scene], told: argparse.Namespace) -> Report:
    """Milliseconds a frame, of images evenly from every scene."""
    detectors = [YoloDetector(config) for config in configs(told, DetectorConfig().confidence)]
    calls = [lambda image, one=one: one.detect([image]) for one in detectors]
    each: Report = {}
    everything: list[list[tuple[float, float]]] = [[], []]
    share = max(1, told.speed_frames // len(scenes))
    for scene in scenes:
        rows = np.linspace(0, len(scene.shots) - 1, min(share, len(scene.shots))).astype(int).tolist()
        spent = frame_times([scene.shots[row].load() for row in rows], calls)
        each[scene.name] = speed(spent)
        everything = [all_ + some for all_, some in zip(everything, spent, strict=True)]
    return {"scenes": each, "all": speed(everything)}


def configs(told: argparse.Namespace, confidence: float) -> list[DetectorConfig]:
    return [
        DetectorConfig(
            weights=weights, confidence=confidence, iou=iou, image_size=size, backend=backend, device="cpu"
        )
        for weights, iou, size, backend in zip(
            told.detectors, told.iou, told.image_size, told.backends, strict=True
        )
    ]


def measure(told: argparse.Namespace) -> Report:
    scenes = read_scenes(told)
    detectors = [YoloDetector(config) for config in configs(told, LEAST)]
    found = {scene.name: detected(scene, detectors) for scene in scenes}
    report: Report = {
        "machine": machine(None) | {"cores_allowed": len(os.sched_getaffinity(0))},
        "versions": versions("reidentify", "ultralytics", "torch", "openvino", "numpy"),
        "min_height_px": told.min_height,
        "iou": scores.IOU,
        "detectors": {
            side: {
                "weights": str(config.weights),
                "iou": config.iou,
                "image_size": config.image_size,
                "backend": config.backend,
            }
            for side, config in zip(SIDES, configs(told, LEAST), strict=True)
        },
        "rule": told.rule,
        "rules": {rule: quality(scenes, found, rule, told) for rule in RULES},
    }
    report["speed"] = speeds(scenes, told) if told.speed_frames else None
    return report


def read_scenes(told: argparse.Namespace) -> list[Scene]:
    scenes: list[Scene] = []
    for text in told.scenes:
        scene = photographs(text, every=told.every)
        scenes += by_folder(scene) if told.by_folder else [scene]
    scenes += [head_points(text, every=told.every) for text in told.heads]
    scenes += [recording(text, every=10 * told.every) for text in told.mot]
    names = [scene.name for scene in scenes]
    if not scenes or len(set(names)) < len(names):
        raise SystemExit(f"scenes must be given, and have names of their own, got {names}")
    return scenes


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--detectors", type=Path, nargs=2, required=True, metavar=("CANDIDATE", "REFERENCE"))
    parser.add_argument("--image-size", type=int, nargs=2, default=[640, 640], metavar=("A", "B"))
    usual = DetectorConfig().iou
    parser.add_argument("--iou", type=float, nargs=2, default=[usual, usual], metavar=("A", "B"))
    parser.add_argument("--backends", nargs=2, default=["auto", "auto"], metavar=("A", "B"))
    parser.add_argument("--scenes", nargs="+", default=[], metavar="NAME=LIST[:IGNORE.json]")
    parser.add_argument("--by-folder", action="store_true", help="each folder of images is a scene")
    parser.add_argument("--mot", nargs="+", default=[], metavar="VIDEO=GT.txt")
    parser.add_argument("--heads", nargs="+", default=[], metavar="NAME=LIST:HEADS.json")
    parser.add_argument("--min-height", type=float, default=60, metavar="PX")
    parser.add_argument("--rule", choices=RULES, default="listed", help="that the table is of")
    parser.add_argument("--every", type=int, default=1, help="only every so many images, to try it")
    parser.add_argument("--resamples", type=int, default=200, help="of the intervals")
    parser.add_argument("--speed-frames", type=int, default=150, help="0: no times")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    told = parser.parse_args(argv)
    report = as_product(measure, told)
    told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(summary(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
