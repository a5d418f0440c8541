"""Files that come with reid: beside the packages in a clone, inside the package in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """The shipped `configs` or `weights` folder."""
    installed = _PACKAGE / "_shipped" / folder
    return installed if installed.is_dir() else _PACKAGE.parent / folder


def demo_recording() -> Path:
    """The folder of the rendered three-camera recording and its truth."""
    return _PACKAGE / "demo"
