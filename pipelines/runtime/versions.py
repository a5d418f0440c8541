"""Versions of the packages that a result was made with."""

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from reid import __version__


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """reid's, Python's and each package's; None where it is not installed under that name (onnxruntime-gpu)."""
    found: dict[str, str | None] = {"reid": __version__, "python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
