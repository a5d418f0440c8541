"""Which back end is fastest here: measured once per network and machine, remembered in the cache folder."""

import logging
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock

from reid import json_text
from reid.cache import cache_folder, write_text
from reid.distance import unit
from reid.embedding.crops import Preprocessing, prepare
from reid.embedding.encoder import Runner
from reid.embedding.export import MAX_DIFFERENCE
from reid.embedding.weights import Weights
from reid.errors import InputError
from reid.text_file import read_json
from reid.types import Array

log = logging.getLogger(__name__)

CROPS = 8  # per timed call: about as many people as a frame shows
ROUNDS = 3
_RULE = 2  # of what is chosen; a higher number measures anew


def fastest(
    weights: Weights, candidates: Sequence[str], make: Callable[[str], Runner], *, threads: int | None
) -> str:
    """The candidate that takes the least time per crop on this machine's CPU, of those that give the same vectors.

    Args:
        candidates: best first. The first one says what a file means that is not our own export.
        make: builds the back end of a name.

    Raises:
        InputError: no candidate can run the network, or the first of them cannot run a foreign file.
    """
    key = _key(weights, threads)
    path = cache_folder() / "backends" / f"{json_text.digest(key)}.json"
    if (remembered := _remembered(path)) in candidates:
        return str(remembered)
    path.parent.mkdir(parents=True, exist_ok=True)
    # one process measures, the others take its answer: their vectors would differ in the last digits
    with FileLock(path.with_suffix(".lock")):
        if (remembered := _remembered(path)) in candidates:
            return str(remembered)
        best, times_ms = _measured(weights, candidates, make)
        write_text(path, json_text.dumps(key | {"ms_per_crop": times_ms, "backend": best}, indent=2))
    return best


def _measured(
    weights: Weights, candidates: Sequence[str], make: Callable[[str], Runner]
) -> tuple[str, dict[str, float]]:
    """The fastest of the candidates, and the milliseconds per crop of each; raises as `fastest`."""
    foreign = weights.network is None  # exports of ours were compared with PyTorch
    runners: dict[str, Runner] = {}
    for backend in candidates:
        try:
            runners[backend] = make(backend)
        except InputError as error:  # one back end that cannot must not stop the others that can
            if foreign and backend == candidates[0]:
                raise InputError(
                    f"{error}; if {candidates[1]} is to run it, which may read it otherwise, say so: "
                    f"--encoder.backend {candidates[1]}"
                ) from error
            log.warning("%s cannot run %s: %s", backend, weights.path, error)
    if not runners:
        raise InputError(f"{weights.path}: none of {', '.join(candidates)} can run it")
    batch = _batch(weights.preprocessing)
    if foreign:
        runners = _agreeing(runners, weights, batch)
    times_ms = _times_ms(runners, batch)
    best = min(times_ms, key=lambda backend: times_ms[backend])
    log.info("milliseconds per crop: %s; taking %s", times_ms, best)
    return best, times_ms


def _batch(preprocessing: Preprocessing) -> Array:
    """Noise as the network would see it."""
    pixels = np.random.default_rng(0).integers(0, 256, (CROPS, *preprocessing.size, 3), dtype=np.uint8)
    return prepare(list(pixels), preprocessing)


def _agreeing(runners: dict[str, Runner], weights: Weights, batch: Array) -> dict[str, Runner]:
    """The first runner, and those that give its vectors: equal ids must mean comparable vectors."""
    first, *others = runners
    expected, kept = unit(runners[first](batch)), {first: runners[first]}
    for backend in others:
        vectors = unit(runners[backend](batch))
        apart = float(np.abs(vectors - expected).max()) if vectors.shape == expected.shape else float("inf")
        if apart <= MAX_DIFFERENCE:
            kept[backend] = runners[backend]
        else:
            log.warning(
                "%s: %s differs from %s by %.2g and is not taken", weights.path, backend, first, apart
            )
    return kept


def _times_ms(runners: dict[str, Runner], batch: Array) -> dict[str, float]:
    """Milliseconds per crop, the best of a few calls: other programs can only slow a call down.

    The back ends take turns, so that a busy moment does not fall on one of them alone.
    """
    times = dict.fromkeys(runners, float("inf"))
    for round_ in range(1 + ROUNDS):
        for backend, runner in runners.items():
            start = time.perf_counter()
            runner(batch)
            elapsed = time.perf_counter() - start
            if round_ > 0:  # the first call allocates and compiles
                times[backend] = min(times[backend], elapsed)
    return {backend: round(1000 * elapsed / CROPS, 3) for backend, elapsed in times.items()}


def _remembered(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        return str(read_json(path, "the fastest back end")["backend"])
    except (InputError, KeyError, TypeError) as error:
        log.warning("%s is damaged (%s); measuring again", path, error)
        path.unlink(missing_ok=True)
        return None


def _key(weights: Weights, threads: int | None) -> dict[str, object]:
    return {
        "rule": _RULE,
        "encoder_id": weights.encoder_id,
        "kind": weights.kind,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "versions": {
            name: _version(name) for name in ("torch", "onnxruntime", "onnxruntime-gpu", "openvino")
        },
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")  # platform.processor() is empty on most Linux systems
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} {torch.backends.cpu.get_cpu_capability()}"
    return f"{platform.processor() or platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
