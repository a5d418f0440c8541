"""torchreid's evaluators and re-ranking, loaded file by file: importing the package wants a dozen others."""

import importlib.util
import sys
import warnings
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

Peer = Callable[..., Any]


def python_evaluator() -> Peer | None:
    """`evaluate_py(distances, query persons, gallery persons, query cameras, gallery cameras, ranks, False)`."""
    return _load("rank", "metrics", "evaluate_py")


def cython_evaluator() -> Peer | None:
    """`evaluate_cy`, called alike: of a built rank_cy on the path (PYTHONPATH), or beside its source."""
    return _load("rank_cy", "metrics/rank_cylib", "evaluate_cy", elsewhere=True)


def re_ranking() -> Peer | None:
    """`re_ranking(query-gallery, query-query, gallery-gallery)`: dense; it squares what it is given."""
    return _load("rerank", "utils", "re_ranking")


def _load(module: str, folder: str, function: str, *, elsewhere: bool = False) -> Peer | None:
    """A function of one of torchreid's files; None where that is not installed or not built."""
    package = importlib.util.find_spec("torchreid")
    places = [] if package is None or package.origin is None else [Path(package.origin).parent]
    paths = [str(root / inner / folder) for root in places for inner in ("reid", "")]
    spec = PathFinder.find_spec(module, paths) or (PathFinder.find_spec(module) if elsewhere else None)
    if spec is None or spec.loader is None:
        return None
    loaded = importlib.util.module_from_spec(spec)
    known = sys.modules.get("torchreid")
    sys.modules["torchreid"] = None  # type: ignore[assignment]  # rank.py would import all of it, and torch
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rank.py says that it has no Cython part: we load that ourselves
            spec.loader.exec_module(loaded)
    finally:
        sys.modules.pop("torchreid")
        if known is not None:
            sys.modules["torchreid"] = known
    peer: Peer = getattr(loaded, function)
    return peer
