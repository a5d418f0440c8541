"""Which back end is fastest here: measured once per network and machine, remembered in the cache folder."""

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from reid import json_text
from reid.cache import cache_folder, write_text
from reid.embedding.encoder import Runner
from reid.embedding.weights import Weights
from reid.errors import InputError

log = logging.getLogger(__name__)

CROPS = 8  # per timed call: about as many people as a frame shows
ROUNDS = 3


def fastest(
    weights: Weights, candidates: Sequence[str], make: Callable[[str], Runner], *, threads: int | None
) -> str:
    """The candidate that takes the least time per crop on this machine's CPU.

    Args:
        make: builds the back end of a name.

    Raises:
        InputError: no candidate can run the network.
    """
    key = _key(weights, threads)
    name = json_text.digest(key)
    path = cache_folder() / "backends" / f"{name}.json"
    remembered = _remembered(path)
    if remembered is not None and remembered in candidates:
        return remembered
    runners: dict[str, Runner] = {}
    for backend in candidates:
        try:
            runners[backend] = make(backend)
        except InputError as error:  # one back end that cannot must not stop the others that can
            log.warning("%s cannot run %s: %s", backend, weights.path, error)
    if not runners:
        raise InputError(f"{weights.path}: none of {', '.join(candidates)} can run it")
    times_ms = _times_ms(runners, weights)
    best = min(times_ms, key=lambda backend: times_ms[backend])
    log.info("milliseconds per crop: %s; taking %s", times_ms, best)
    write_text(path, json_text.dumps(key | {"ms_per_crop": times_ms, "backend": best}, indent=2))
    return best


def _times_ms(runners: dict[str, Runner], weights: Weights) -> dict[str, float]:
    """Milliseconds per crop, the best of a few calls: other programs can only slow a call down.

    The back ends take turns, so that a busy moment does not fall on one of them alone.
    """
    batch = (
        np.random.default_rng(0).standard_normal((CROPS, 3, *weights.preprocessing.size)).astype(np.float32)
    )
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
    if not path.is_file():
        return None
    try:
        backend = json.loads(path.read_text(encoding="utf-8"))["backend"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        log.warning("%s is damaged (%s); measuring again", path, error)
        return None
    return str(backend)


def _key(weights: Weights, threads: int | None) -> dict[str, object]:
    return {
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
