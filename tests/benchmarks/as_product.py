"""Measuring under the environment in which the command `reid` runs its libraries."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from pipelines.cli.main import ENVIRONMENT
from reid.errors import InputError
from tests.benchmarks.jobs import Report


def as_product(job: Callable[..., Report], *words: Any) -> Report:
    """What `job` returns in a fresh process: libraries read these variables when they are loaded.

    What the user has set stays; the report says what held.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            report = pool.submit(job, *words).result()
        except InputError as error:
            raise SystemExit(str(error)) from error
    names = (*ENVIRONMENT, "OMP_NUM_THREADS")
    return report | {"environment": {name: os.environ.get(name) for name in names}}
