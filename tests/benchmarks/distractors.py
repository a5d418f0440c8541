"""What 500,000 distractors cost: memory and minutes of ranking Market-1501 with all of them in the gallery.

    python -m tests.benchmarks.distractors --output distractors.json [--quick]

The problem is that of ranking.py, 512 wide; the data set offers as many distractors as an extra. Random
directions stand for them: the cost is the same, the mAP falls less than with real ones. Once in float32 and
once in float16, each in a process of its own, whose peak includes the vectors themselves. --quick takes a
tiny problem, whose figures say nothing.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from reid.datasets.records import DISTRACTOR
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.scores import per_query
from tests.benchmarks.jobs import Report, in_process, machine, table, versions
from tests.benchmarks.planted import problem

WIDTH, COUNT = 512, 500_000
QUICK_WIDTH, QUICK_COUNT = 128, 2_000
TYPES = ("float32", "float16")
_AT_ONCE = 10_000


def crowded(kind: str, *, quick: bool) -> Report:
    """Minutes from vectors to mAP with the distractors, and the mAP without them."""
    count = QUICK_COUNT if quick else COUNT
    one = problem(QUICK_WIDTH if quick else WIDTH, quick=quick)
    query, few = one.query_vectors.astype(kind), one.gallery_vectors.astype(kind)
    before = rank(CosineRows(query, few), one.query, one.gallery)
    gallery = _with_distractors(few, count)
    labels = Labelled(
        persons=np.concatenate([one.gallery.persons, np.full(count, DISTRACTOR)]),
        cameras=np.concatenate([one.gallery.cameras, np.zeros(count, np.int64)]),
    )
    began, used = time.perf_counter(), time.process_time()
    after = rank(CosineRows(query, gallery), one.query, labels)
    return {
        "gallery": len(gallery),
        "width": gallery.shape[1],
        "minutes": round((time.perf_counter() - began) / 60, 4),
        "cpu_minutes": round((time.process_time() - used) / 60, 4),
        "gallery_mib": round(gallery.nbytes / (1 << 20), 1),
        "mAP_before": float(per_query(before).ap.mean()),
        "mAP": float(per_query(after).ap.mean()),
    }


def _with_distractors(few: Any, count: int) -> Any:
    """The gallery `few` (G, D), followed by `count` random unit vectors of the same type."""
    rng = np.random.default_rng(2)
    gallery = np.empty((len(few) + count, few.shape[1]), few.dtype)
    gallery[: len(few)] = few
    for start in range(len(few), len(gallery), _AT_ONCE):
        part = gallery[start : start + _AT_ONCE]
        drawn = rng.standard_normal(part.shape, dtype=np.float32)
        part[:] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return gallery


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args(argv)
    report: Report = {
        "machine": machine(),
        "versions": versions("reidentify", "numpy"),
        "quick": told.quick,
        **{kind: in_process(crowded, kind, quick=told.quick) for kind in TYPES},
    }
    told.output.write_text(json.dumps(report, indent=1) + "\n")
    head = ("gallery", "minutes", "cpu_minutes", "peak_rss_mib", "mAP_before", "mAP")
    print(table(["type", *head], [[kind, *(report[kind][name] for name in head)] for kind in TYPES]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
