"""Zones and lines against the truth of the rendered site.

    python -m tests.benchmarks.zones [--results RESULTS] [--events FILE] [--truth FOLDER] [--output FILE.json]

RESULTS is what `reid video` has written of the site with --config tests/benchmarks/zones.yaml; its tracklets are
also played through the site side of `reid live` (`live_played`, see zones_live.py). FILE is the events.jsonl of
`reid live` over the recordings with the same settings. Without them the true boxes alone are measured.

Truth: the foot points of the whole-body boxes (`<camera>_gt_amodal.txt`), frame by frame, inside a polygon by ray
casting or across a line by the sign of a cross product; interruptions of a stay of less than half a second are
bridged, and stays shorter than that are left out. No line of it is shared with reid/zones.

A stay that was found belongs to the true one of its zone that it overlaps most in time, one to one; `dwell_error_s`
is of the differences of their lengths. Counts are compared in sum and by zone: `count_error` is the sum over zones
and directions of what is too much or too little, as a share of the true count.
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
import yaml
from pydantic import TypeAdapter

from reid.evaluation.mot import TrackTable, read_mot
from reid.zone_config import ZoneConfig, ZonesByCamera
from reid.zones.passage import Passage, steps_of
from reid.zones.shapes import CameraShapes
from tests.benchmarks.jobs import Report
from tests.benchmarks.jobs import table as text_table
from tests.benchmarks.zones_live import played
from tests.zones import reference

HERE = Path(__file__).parent
LEAST_S = 0.5
AWAY_S = 2.0  # a person not seen for so long has been out of view
ALONG = ZoneConfig(
    name="along", purpose="count", line=((0.2, 0.74), (1.0, 0.66))
)  # of cam2: along a person's way


@dataclass(slots=True)
class Found:
    """Stays (zone to list of from, until) and crossings (zone and direction to count)."""

    stays: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)


def ways(boxes: TrackTable, fps: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Times and boxes of each person's passages through the camera."""
    found = []
    for person in np.unique(boxes.ids):
        own = boxes.select(boxes.ids == person)
        own = own.select(np.argsort(own.frames))
        for part in np.split(np.arange(len(own)), np.flatnonzero(np.diff(own.frames) >= AWAY_S * fps) + 1):
            found.append(((own.frames[part] - 1) / fps, own.boxes[part]))
    return found


def true_ones(name: str, zones: Sequence[ZoneConfig], boxes: TrackTable, scene: Report) -> Found:
    """What happened, by the slow versions."""
    found, (width, height) = Found(), (scene["width"], scene["height"])
    for times, own in ways(boxes, scene["fps"]):
        x, y = (own[:, 0] + own[:, 2]) / 2, own[:, 3]
        feet = [
            (min(max(a, 0.1), width - 0.1), min(max(b, 0.1), height - 0.1)) for a, b in zip(x, y, strict=True)
        ]
        for zone in zones:
            pixels = [(a * width, b * height) for a, b in zone.points]
            key = f"{name} {zone.name}"
            if zone.line:
                found.crossings[key, "in"] += reference.crossings(pixels, feet)[0]
                found.crossings[key, "out"] += reference.crossings(pixels, feet)[1]
            else:
                inside = [reference.inside(pixels, *foot) for foot in feet]
                own_stays = reference.stays(inside, times.tolist(), least_s=LEAST_S)
                found.stays.setdefault(key, []).extend(own_stays)
    return found


def by_reid(name: str, zones: Sequence[ZoneConfig], boxes: TrackTable, scene: Report) -> Found:
    """What reid/zones makes of boxes."""
    found, shapes = Found(), CameraShapes(zones, (scene["width"], scene["height"]))
    for times, own in ways(boxes, scene["fps"]):
        for step in steps_of(shapes, times, own):
            key = f"{name} {step.zone}"
            if step.direction is not None:
                found.crossings[key, step.direction] += 1
            elif step.entered_s is not None:
                found.stays.setdefault(key, []).append((step.entered_s, step.at_s))
    return found


def of_results(results: Path) -> Found:
    """What zones.csv says."""
    found = Found()
    with (results / "zones.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = f"{row['camera']} {row['zone']}"
            if row["direction"]:
                found.crossings[key, row["direction"]] += 1
            else:
                found.stays.setdefault(key, []).append((float(row["start_s"]), float(row["end_s"])))
    return found


def of_events(file: Path) -> Found:
    """What a live site told; seconds count from its first frame."""
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return of_told(events, min(moment(e) for e in events if e.get("level") == "online"))


def moment(event: Report) -> datetime:
    """When an event was."""
    return datetime.fromisoformat(event["at"])


def of_told(events: Sequence[Report], begun: datetime) -> Found:
    """What events say; seconds count from `begun`."""
    found = Found()
    for event in events:
        at_s = (moment(event) - begun).total_seconds()
        if event["event"] == "line_crossed":
            found.crossings[f"{event['camera']} {event['line']}", event["direction"]] += 1
        elif event["event"] == "zone_left":
            found.stays.setdefault(f"{event['camera']} {event['zone']}", []).append(
                (at_s - event["dwell_s"], at_s)
            )
    return found


def matched(true: Sequence[tuple[float, float]], got: Sequence[tuple[float, float]]) -> list[float]:
    """Differences of the lengths of stays that belong together, in seconds."""
    overlaps = sorted(
        ((min(a[1], b[1]) - max(a[0], b[0]), i, j) for i, a in enumerate(true) for j, b in enumerate(got)),
        reverse=True,
    )
    errors, used_true, used_got = [], set(), set()
    for overlap, i, j in overlaps:
        if overlap > 0 and i not in used_true and j not in used_got:
            used_true.add(i)
            used_got.add(j)
            errors.append((got[j][1] - got[j][0]) - (true[i][1] - true[i][0]))
    return errors


def compared(true: Found, got: Found) -> Report:
    """Counts and dwell of both, by zone and in sum."""
    zones: Report = {}
    errors: list[float] = []
    for key, own in true.stays.items():
        here = matched(own, got.stays.get(key, []))
        errors += here
        zones[key] = {"true": len(own), "found": len(got.stays.get(key, [])), "matched": len(here)}
        zones[key]["dwell_error_median_s"] = round(median(map(abs, here)), 3) if here else None
    lines = {
        f"{key} {way}": {"true": count, "found": got.crossings[key, way]}
        for (key, way), count in sorted(true.crossings.items())
    }
    everything = [*zones.values(), *lines.values()]
    expected = sum(one["true"] for one in everything)
    return {
        "zones": zones,
        "lines": lines,
        "entries": {
            "true": sum(z["true"] for z in zones.values()),
            "found": sum(z["found"] for z in zones.values()),
        },
        "crossings": {
            "true": sum(z["true"] for z in lines.values()),
            "found": sum(z["found"] for z in lines.values()),
        },
        "count_error": round(sum(abs(one["found"] - one["true"]) for one in everything) / expected, 4),
        "dwell_error_s": {
            "stays": len(errors),
            "median": round(median(map(abs, errors)), 3) if errors else None,
            "largest": round(max(map(abs, errors)), 3) if errors else None,
        },
    }


def speed() -> Report:
    """Time of one frame with ten people, three zones and a line."""
    corners = ((0.1, 0.2), (0.4, 0.2), (0.4, 0.9), (0.1, 0.9))
    zones = [
        *(
            ZoneConfig(name=str(n), purpose="dwell", polygon=tuple((x + n / 5, y) for x, y in corners))
            for n in range(3)
        ),
        ZoneConfig(name="line", purpose="count", line=((0.5, 0.1), (0.5, 0.9))),
    ]
    shapes, rng = CameraShapes(zones, (640, 360)), np.random.default_rng(0)
    people = [Passage() for _ in range(10)]
    spent = []
    for frame in range(500):
        corner = rng.uniform(0, 300, (10, 2))
        boxes = np.concatenate([corner, corner + np.array([30, 60])], axis=1).astype(np.float32)
        began = time.perf_counter()
        positions = shapes.positions(boxes)
        for row, person in enumerate(people):
            person.step(shapes, frame / 10, positions, row)
        spent.append(time.perf_counter() - began)
    return {"people": 10, "zones": 3, "lines": 1, "ms_a_frame": round(1000 * median(spent), 3)}


def measure(truth: Path, results: Path | None, events: Path | None) -> Report:
    scene = json.loads((truth / "scene.json").read_text(encoding="utf-8"))
    content = yaml.safe_load((HERE / "zones.yaml").read_text(encoding="utf-8"))
    by_camera = TypeAdapter(ZonesByCamera).validate_python(content["zones"])
    true, got, along, raw = Found(), Found(), Found(), Found()
    for name, zones in by_camera.items():
        boxes = read_mot(truth / f"{name}_gt_amodal.txt")
        for total, part in (
            (true, true_ones(name, zones, boxes, scene)),
            (got, by_reid(name, zones, boxes, scene)),
        ):
            total.stays |= part.stays
            total.crossings += part.crossings
    boxes = read_mot(truth / "cam2_gt_amodal.txt")
    along, raw = by_reid("cam2", [ALONG], boxes, scene), true_ones("cam2", [ALONG], boxes, scene)
    report = {
        "site": {
            "people": scene["person_count"],
            "cameras": len(by_camera),
            "seconds": scene["frames"] / scene["fps"],
        },
        "true_boxes": compared(true, got),
        "line_along_a_way": {
            "crossings_frame_by_frame": sum(raw.crossings.values()),
            "crossings_by_reid": sum(along.crossings.values()),
        },
        "speed": speed(),
    }
    if results is not None:
        report["recordings"] = compared(true, of_results(results))
        told = [event.content() for event in played(results)]
        report["live_played"] = compared(true, of_told(told, datetime.fromtimestamp(0, UTC)))
    if events is not None:
        report["live"] = compared(true, of_events(events))
    return report


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, metavar="RESULTS")
    parser.add_argument("--events", type=Path, metavar="FILE")
    parser.add_argument("--truth", type=Path, metavar="FOLDER", default=HERE.parents[1] / "reid" / "demo")
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    told = parser.parse_args(argv)
    report = measure(told.truth, told.results, told.events)
    if told.output:
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    rows = []
    for name in ("true_boxes", "recordings", "live_played", "live"):
        if name in report:
            one = report[name]
            counts = [f"{one[kind]['found']} of {one[kind]['true']}" for kind in ("entries", "crossings")]
            dwell = one["dwell_error_s"]
            rows.append([name, *counts, f"{one['count_error']:.1%}", dwell["median"], dwell["largest"]])
    print(text_table(("boxes", "entries", "crossings", "count error", "dwell error s", "largest"), rows))
    print("a line along a way:", report["line_along_a_way"], "speed:", report["speed"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
