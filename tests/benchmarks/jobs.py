"""Jobs in processes of their own, with equal threads for everybody; and what a report says of the machine."""

import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

THREADS = 2
MIB = 1 << 20
_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Report = dict[str, Any]


def in_process(job: Callable[..., Report], *words: Any, **named: Any) -> Report:
    """What `job` returns in a fresh process with THREADS threads, and the most memory that process held."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, str(THREADS)))  # read when the process loads its BLAS
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(_measured, job, words, named).result()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _measured(job: Callable[..., Report], words: Sequence[Any], named: Mapping[str, Any]) -> Report:
    report = job(*words, **named)
    return {**report, "peak_rss_mib": peak_mib()}


def peak_mib() -> float:
    """Most memory that this process has held so far."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB, 1)


def seconds(contenders: Mapping[str, tuple[int, Callable[[], Any]]]) -> dict[str, Report]:
    """Times of every contender over its number of repeats, one of each in turn, after a warm-up.

    In turn, so that what else the machine does falls on all of them. Who repeats once is not warmed up:
    a first call that takes a minute is not the slower for being the first.
    """
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for repeats, call in contenders.values():
        if repeats > 1:
            call()
    for turn in range(max(repeats for repeats, _ in contenders.values())):
        for name, (repeats, call) in contenders.items():
            if turn < repeats:
                began = time.perf_counter()
                call()
                spent[name].append(time.perf_counter() - began)
    return {name: summary(values) for name, values in spent.items()}


def summary(values: Sequence[float]) -> Report:
    return {
        "median_s": round(median(values), 4),
        "least_s": round(min(values), 4),
        "most_s": round(max(values), 4),
        "repeats": len(values),
    }


def machine(threads: int | None = THREADS) -> Report:
    """What the figures were measured on; None: as many threads as the libraries take."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_before": [round(value, 2) for value in os.getloadavg()],  # near 0, or somebody else was at work
        "threads_of_each": threads,
    }


def versions(*packages: str) -> dict[str, str | None]:
    """None for what is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Aligned columns; "-" for what was not measured."""
    cells = [[*map(str, head)], *([("-" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
