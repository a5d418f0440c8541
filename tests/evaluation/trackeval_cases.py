"""Cases that are scored by TrackEval, too: its figures lie in trackeval.json, so that they are always compared.

python -m tests.evaluation.trackeval_cases      writes that file anew; needs trackeval, see CONTRIBUTING.md
"""

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from reid.evaluation.mot import TrackTable, read_mot, table
from tests.evaluation.worlds import concatenated, demo, random_camera, random_site, spoil

STORED = Path(__file__).with_name("trackeval.json")
MOT_CLASSES = Path(__file__).parents[1] / "cases" / "mot-classes"
FRAMES = 540  # of the demo
SITES = range(10)
NAMES = {
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "hota": "HOTA",
    "deta": "DetA",
    "assa": "AssA",
    "loca": "LocA",
    "mota": "MOTA",
    "motp": "MOTP",
    "switches": "IDSW",
    "fragmentations": "Frag",
    "false_positives": "CLR_FP",
    "misses": "CLR_FN",
}
Case = tuple[TrackTable, TrackTable]  # truth, result
Site = tuple[dict[str, TrackTable], dict[str, TrackTable], int]  # and frames of a camera


def line(frames: range, one: int, x: float = 0.0) -> TrackTable:
    return table(list(frames), [one] * len(frames), [(x, 0, x + 10, 20)] * len(frames))


def joined(*tables: TrackTable) -> TrackTable:
    return table(*(np.concatenate([getattr(t, name) for t in tables]) for name in ("frames", "ids", "boxes")))


NOBODY = table([], [], [])
DEGENERATE: dict[str, Case] = {
    "no result": (line(range(1, 5), 1), NOBODY),
    "no truth": (NOBODY, line(range(1, 5), 1)),
    "neither": (NOBODY, NOBODY),
    "one box": (line(range(1, 2), 1), line(range(1, 2), 4)),
    "never in one frame": (line(range(1, 4), 1), line(range(5, 9), 1)),
    "far apart": (line(range(1, 4), 1), line(range(1, 4), 1, x=99)),
    "overlap of exactly a half": (line(range(1, 4), 1), line(range(1, 4), 1, x=10 / 3)),
    "frames without results between": (
        line(range(1, 9), 1),
        joined(line(range(1, 3), 2), line(range(6, 9), 2)),
    ),
    "two results on one person": (
        line(range(1, 9), 1),
        joined(line(range(1, 9), 2), line(range(1, 9), 3, x=1)),
    ),
    "the nearer one comes later": (
        line(range(1, 9), 1),
        joined(line(range(1, 9), 2, x=2), line(range(5, 9), 3)),
    ),
}


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    crowd = float(rng.choice([15.0, 40.0, 120.0]))
    return random_camera(rng, frames=25, people=int(rng.integers(1, 9)), spread=crowd)


def with_classes(seed: int) -> Case:
    """Truth in which tracks are of any of MOTChallenge's classes, and single boxes of confidence 0."""
    rng = np.random.default_rng(1000 + seed)
    truth, result = random_camera(rng, frames=25, people=8, spread=float(rng.choice([15.0, 40.0, 120.0])))
    of = rng.choice([1, 1, 1, 2, 3, 6, 7, 8, 9, 11, 12, 13], size=20)
    confidences = (rng.random(len(truth)) > 0.15).astype(float)
    return (
        table(truth.frames, truth.ids, truth.boxes, confidences=confidences, classes=of[truth.ids]),
        result,
    )


def demo_site() -> Site:
    truth = demo(range(100, 400))
    return truth, spoil(truth, np.random.default_rng(1)), FRAMES


def linked_site() -> Site:
    truth = demo(range(150, 350))
    return truth, spoil(truth, np.random.default_rng(2)), FRAMES


def random_linked_site(seed: int) -> Site:
    return *random_site(np.random.default_rng(seed)), 12


def in_a_row(site: Site) -> tuple[Case, Case]:
    """All cameras as one sequence, as they are and with a passer-by between them.

    To TrackEval, which knows no cameras, the last frame of one is the frame before the next one's first. A passer-by
    whom the result misses makes it forget that frame.
    """
    *sides, frames = site
    one, other = (concatenated(side, frames) for side in sides)
    pauses = [(frames + 1) * index for index in range(1, len(sides[0]))]
    corners = np.zeros((len(pauses), 2))
    passer_by = table(pauses, [9000] * len(pauses), np.hstack([corners, corners + 20]))
    missed = table(pauses, [9001] * len(pauses), np.hstack([corners + 5000, corners + 5020]))
    return (one, other), (joined(one, passer_by), joined(other, missed))


def cases() -> dict[str, Case]:
    """All cases that TrackEval scores, by name."""
    found = dict(DEGENERATE)
    found |= {f"random {seed}": random_case(seed) for seed in range(25)}
    found |= {f"classes {seed}": with_classes(seed) for seed in range(25)}
    found["mot-classes"] = (
        read_mot(MOT_CLASSES / "truth" / "cam3.txt"),
        read_mot(MOT_CLASSES / "results-tracks" / "cam3.txt"),
    )
    truth, result, frames = demo_site()
    found |= {f"demo {name}": (truth[name], result[name]) for name in truth}
    found["demo, local ids"] = (
        concatenated(truth, frames, local_ids=True),
        concatenated(result, frames, local_ids=True),
    )
    sites = {"demo, linked": linked_site()} | {f"site {seed}": random_linked_site(seed) for seed in SITES}
    for name, site in sites.items():
        found[name], found[f"{name}, passer-by"] = in_a_row(site)
    return found


def trackeval_scores(truth: TrackTable, result: TrackTable) -> dict[str, float]:
    """What TrackEval makes of the two as files of MOT17: its own reading, its own choice of what counts."""
    import trackeval

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, side in ((root / "gt" / "a.txt", truth), (root / "t" / "data" / "a.txt", result)):
            path.parent.mkdir(parents=True)
            path.write_text(_text(side))
        last = max([1, *truth.frames.tolist(), *result.frames.tolist()])
        dataset = trackeval.datasets.MotChallenge2DBox(
            {
                "GT_FOLDER": str(root / "gt"),
                "TRACKERS_FOLDER": str(root),
                "TRACKERS_TO_EVAL": ["t"],
                "GT_LOC_FORMAT": "{gt_folder}/{seq}.txt",
                "SKIP_SPLIT_FOL": True,
                "SEQ_INFO": {"a": last},
                "PRINT_CONFIG": False,
            }
        )
        data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data("t", "a"), "pedestrian")
    quiet = {"PRINT_CONFIG": False}
    found: dict[str, Any] = {
        **trackeval.metrics.CLEAR(quiet).eval_sequence(data),
        **trackeval.metrics.Identity(quiet).eval_sequence(data),
    }
    higher = trackeval.metrics.HOTA().eval_sequence(data)
    found |= {key: np.mean(higher[key]) for key in ("HOTA", "DetA", "AssA", "LocA")}
    return {key: float(found[key]) for key in NAMES.values()}


def stored() -> Mapping[str, Mapping[str, float]]:
    """TrackEval's figures by case, under its own names."""
    figures: Mapping[str, Mapping[str, float]] = json.loads(STORED.read_text())["cases"]
    return figures


def _text(side: TrackTable) -> str:
    boxes = side.boxes.astype(float)
    rows = zip(side.frames, side.ids, boxes, side.confidences, side.classes, strict=True)
    return "".join(
        f"{frame},{one},{x0!r},{y0!r},{x1 - x0!r},{y1 - y0!r},{conf:g},{kind},1\n"
        for frame, one, (x0, y0, x1, y1), conf, kind in (
            (frame, one, box.tolist(), conf, kind) for frame, one, box, conf, kind in rows
        )
    )


def main() -> None:
    figures = {name: trackeval_scores(*case) for name, case in cases().items()}
    lines = [f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in figures.items()]
    head = f'{{"trackeval": "{version("trackeval")}", "cases": {{\n'
    STORED.write_text(head + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
