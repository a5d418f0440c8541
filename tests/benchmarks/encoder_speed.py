"""Milliseconds a crop of encoders, by back end, threads and batch.

    python -m tests.benchmarks.encoder_speed --encoders a.pth b.onnx --output encoder_speed.json

Encoders are built as the product builds them. Everybody takes a turn in every round, so that what else the machine
does falls on all; the figure is the median over rounds, of the network alone and with resizing and normalising crops.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

import numpy as np

from reid.camera_config import EncoderConfig
from reid.embedding.build import backends_of, build_encoder
from reid.embedding.encoder import Encoder
from reid.embedding.weights import open_weights
from reid.types import Image
from tests.benchmarks.as_product import as_product
from tests.benchmarks.jobs import Report, machine, table, versions

CROP = (128, 64)  # height, width in pixels
BATCHES = (1, 32)
THREADS = (1, 2)


@dataclass(frozen=True, slots=True)
class Contender:
    encoder: str
    backend: str
    threads: int


class Clock(Protocol):
    def __call__(self) -> float: ...


def rounds_of(
    contenders: Mapping[Contender, Encoder],
    crops: Mapping[int, Sequence[Image]],
    rounds: int,
    clock: Clock = time.perf_counter,
) -> dict[tuple[Contender, int], list[tuple[float, float]]]:
    """Seconds of (network, whole call) in every round, of each contender and batch, in turn after a warm-up."""
    spent: dict[tuple[Contender, int], list[tuple[float, float]]] = {}
    for number in range(1 + rounds):
        for contender, encoder in contenders.items():
            for batch, some in crops.items():
                network, began = encoder.model_s, clock()
                encoder.encode(some)
                whole = clock() - began
                if number:
                    times = spent.setdefault((contender, batch), [])
                    times.append((encoder.model_s - network, whole))
    return spent


def row(contender: Contender, batch: int, times: Sequence[tuple[float, float]]) -> Report:
    """One line of the report."""
    each = [[1000 * value / batch for value in column] for column in zip(*times, strict=True)]
    return {
        "encoder": contender.encoder,
        "backend": contender.backend,
        "threads": contender.threads,
        "batch": batch,
        "network_ms": round(median(each[0]), 3),
        "network_least_ms": round(min(each[0]), 3),
        "with_preparation_ms": round(median(each[1]), 3),
    }


def built(paths: Sequence[Path], threads: Sequence[int]) -> dict[Contender, Encoder]:
    found: dict[Contender, Encoder] = {}
    for path in paths:
        for backend in backends_of(open_weights(path).kind):
            config = EncoderConfig.model_validate({"weights": path, "backend": backend, "device": "cpu"})
            for count in threads:
                found[Contender(str(path), backend, count)] = build_encoder(config, threads=count)
    return found


def measure(told: argparse.Namespace) -> Report:
    rng = np.random.default_rng(0)
    most = rng.integers(0, 256, (max(told.batches), *CROP, 3), dtype=np.uint8)
    crops = {batch: list(most[:batch]) for batch in told.batches}
    contenders = built(told.encoders, told.threads)
    report: Report = {
        "machine": machine(None) | {"cores_allowed": len(os.sched_getaffinity(0))},
        "versions": versions("reidentify", "torch", "onnxruntime", "openvino"),
        "rounds": told.rounds,
    }
    spent = rounds_of(contenders, crops, told.rounds)
    report["ms_per_crop"] = [row(who, batch, times) for (who, batch), times in spent.items()]
    return report


def summary(report: Report) -> str:
    """A row for each encoder, back end and number of threads; a column for each batch."""
    batches = list(dict.fromkeys(one["batch"] for one in report["ms_per_crop"]))
    rows: dict[tuple[str, str, int], list[str]] = {}
    for one in report["ms_per_crop"]:
        key = (Path(one["encoder"]).name, one["backend"], one["threads"])
        rows.setdefault(key, []).append(f"{one['network_ms']:.2f} ({one['with_preparation_ms']:.2f})")
    head = ["encoder", "back end", "threads", *(f"batch {batch}" for batch in batches)]
    lines = table(head, [[*key, *cells] for key, cells in rows.items()])
    return f"milliseconds a crop: network (with preparation)\n{lines}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoders", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--threads", type=int, nargs="+", default=list(THREADS))
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES))
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    told = parser.parse_args(argv)
    report = as_product(measure, told)
    told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(summary(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
