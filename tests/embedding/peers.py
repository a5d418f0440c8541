"""torchreid's networks alone: importing the package wants a dozen others."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def torchreid_module(name: str) -> ModuleType:
    """One file of torchreid's models; skips the test where it is not installed."""
    package = importlib.util.find_spec("torchreid")
    if package is None or package.origin is None:
        pytest.skip("torchreid is not installed (pip install --no-deps torchreid)")
    root = Path(package.origin).parent
    for path in (root / "reid" / "models" / f"{name}.py", root / "models" / f"{name}.py"):
        if path.is_file():
            spec = importlib.util.spec_from_file_location(f"torchreid_{name}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    pytest.skip(f"no {name}.py in {root}")
