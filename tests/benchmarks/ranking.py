"""How fast ranking and re-ranking are beside torchreid's, at the size of Market-1501.

    python -m tests.benchmarks.ranking --output ranking.json [--quick]

The labels are Market's, the vectors made up (planted.py). Everybody computes the same figures of the same
problem with the same number of threads. Re-ranking: from features to mAP, once, each in a process of its own.
Ranking: given the matrix of distances (torchreid's Python only that, it takes a minute), and from features.
Some ten minutes; --quick takes a tiny problem, whose figures say nothing but that the program runs.

torchreid is compared with where it is installed (`pip install --no-deps torchreid`); what is missing is null.
Its Cython evaluator has to be built: the distribution leaves the source out, so take
`torchreid/metrics/rank_cylib/rank_cy.pyx` from the repository KaiyangZhou/deep-person-reid, run
`cythonize -i rank_cy.pyx` (with cython, numpy's headers in CFLAGS, and a C compiler) and put the folder of
the result on PYTHONPATH. Its re-ranking is the dense textbook: a port of the authors' code that squares the
distances it is given, so it is given Euclidean ones, as the paper has it.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from reid.evaluation.retrieval.distances import CosineRows, DistanceRows, MatrixRows
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.rerank import RerankedRows
from reid.evaluation.retrieval.scores import per_query
from tests.benchmarks import peers
from tests.benchmarks.jobs import Report, in_process, machine, seconds, table, versions
from tests.benchmarks.planted import Problem, problem

WIDTHS = (512, 2048)
QUICK_WIDTHS = (128,)
OURS, CYTHON, PYTHON, DENSE = "reid", "torchreid_cython", "torchreid_python", "torchreid_dense"
PEERS = {CYTHON: peers.cython_evaluator, PYTHON: peers.python_evaluator}
REPEATS = {OURS: 5, CYTHON: 3, PYTHON: 1}  # the last takes a minute


def mean_ap(distances: DistanceRows, one: Problem) -> float:
    return float(per_query(rank(distances, one.query, one.gallery)).ap.mean())


def ranking(width: int, *, quick: bool) -> Report:
    """Seconds and mAP of every evaluator, given the matrix and from features."""
    one = problem(width, quick=quick)
    matrix = 1 - one.query_vectors @ one.gallery_vectors.T
    labels = (one.query.persons, one.gallery.persons, one.query.cameras, one.gallery.cameras)
    scores: dict[str, float] = {}

    def ours(distances: DistanceRows) -> None:
        scores[OURS] = mean_ap(distances, one)

    calls: dict[str, Any] = {
        "given_matrix": {OURS: lambda: ours(MatrixRows(matrix))},
        "from_features": {OURS: lambda: ours(CosineRows(one.query_vectors, one.gallery_vectors))},
    }

    def add(name: str, peer: peers.Peer) -> None:
        def theirs(distances: Any) -> None:
            scores[name] = float(peer(distances, *labels, 50, False)[1])

        calls["given_matrix"][name] = lambda: theirs(matrix)
        if REPEATS[name] > 1:  # a matrix takes a second: no other minute for that
            calls["from_features"][name] = lambda: theirs(1 - one.query_vectors @ one.gallery_vectors.T)

    for name, load in PEERS.items():
        peer = load()
        if peer is not None:
            add(name, peer)
    report: Report = {}
    for way, contenders in calls.items():
        measured = seconds({name: (REPEATS[name], call) for name, call in contenders.items()})
        for name, result in measured.items():
            result["mAP"] = scores[name]
            result["times_ours"] = round(result["median_s"] / measured[OURS]["median_s"], 2)
        report[way] = {name: measured.get(name) for name in (OURS, *PEERS)}
    return report


def reranking(width: int, contender: str, *, quick: bool) -> Report:
    """From features to the mAP of re-ranked lists, once: the process is fresh, so that its peak means something."""
    one = problem(width, quick=quick)
    began, used = time.perf_counter(), time.process_time()
    if contender == OURS:
        score = mean_ap(RerankedRows(one.query_vectors, one.gallery_vectors), one)
    else:
        peer = peers.re_ranking()
        if peer is None:
            return {"absent": True}
        queries, gallery = one.query_vectors, one.gallery_vectors
        pairs = ((queries, gallery), (queries, queries), (gallery, gallery))
        score = mean_ap(MatrixRows(peer(*(_euclidean(a, b) for a, b in pairs))), one)
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "cpu_seconds": round(time.process_time() - used, 3),
        "mAP": score,
    }


def _euclidean(a: Any, b: Any) -> Any:
    """Distances of unit vectors, in place: what is counted as theirs is theirs."""
    product = a @ b.T
    product *= -2
    product += 2
    np.maximum(product, 0, out=product)
    return np.sqrt(product, out=product)


def compared(ours: Report, theirs: Report) -> Report:
    """Both, and how they compare; null where the other one is not installed."""
    if theirs.pop("absent", False):
        return {OURS: ours, DENSE: None, "speedup": None, "memory_share": None, "mAP_difference": None}
    return {
        OURS: ours,
        DENSE: theirs,
        "speedup": round(theirs["seconds"] / ours["seconds"], 2),
        "memory_share": round(ours["peak_rss_mib"] / theirs["peak_rss_mib"], 4),
        "mAP_difference": ours["mAP"] - theirs["mAP"],
    }


def measure(*, quick: bool) -> Report:
    report: Report = {
        "machine": machine(),
        "versions": versions("reidentify", "numpy", "scipy", "torchreid", "cython"),
        "quick": quick,
        "ranking": {},
        "reranking": {},
    }
    for width in QUICK_WIDTHS if quick else WIDTHS:
        report["ranking"][str(width)] = in_process(ranking, width, quick=quick)
        both = (in_process(reranking, width, name, quick=quick) for name in (OURS, DENSE))
        report["reranking"][str(width)] = compared(*both)
    return report


def summary(report: Report) -> str:
    rows = []
    for width, ways in report["ranking"].items():
        for way in ("given_matrix", "from_features"):
            for name, result in ways[way].items():
                found = result or {}
                times = [found.get(key) for key in ("median_s", "times_ours", "mAP")]
                rows.append([f"ranking, {way.replace('_', ' ')}", width, name, *times, None])
    for width, both in report["reranking"].items():
        for name in (OURS, DENSE):
            found = both[name] or {}
            ratio = 1.0 if name == OURS else both["speedup"]
            figures = (found.get("mAP"), found.get("peak_rss_mib"))
            rows.append(["re-ranking", width, name, found.get("seconds"), ratio, *figures])
    return table(["what", "width", "who", "seconds", "times ours", "mAP", "peak MiB"], rows)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args(argv)
    report = measure(quick=told.quick)
    told.output.write_text(json.dumps(report, indent=1) + "\n")
    print(summary(report))
    absent = {
        name
        for ways in report["ranking"].values()
        for name, found in ways["given_matrix"].items()
        if not found
    }
    absent |= {DENSE for both in report["reranking"].values() if both[DENSE] is None}
    for name in sorted(absent):
        print(f"{name} is not installed: not compared (see the beginning of this program)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
