"""How many bytes an object keeps alive, whatever its parts are called."""

import gc
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

CODE = (type, ModuleType, FunctionType, BuiltinFunctionType)


def held_bytes(root: Any) -> int:
    """Size of all that can be reached from `root`, code aside; a view of an array holds the whole array."""
    seen: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, CODE):
            continue
        seen[id(item)] = item
        waiting += gc.get_referents(item)
        if isinstance(item, np.ndarray):
            waiting.append(item.base)
    return sum(map(sys.getsizeof, seen.values()))
