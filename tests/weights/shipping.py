"""A made-up clone whose weights folder holds what a test ships."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.main import main
from reid import shipped
from reid.shipped import demo_recording

FACTS = {"card": "card.md", "input": "64x32", "trained_on": "nobody", "figure": "mAP 1.0"}


def ship(patch: pytest.MonkeyPatch, root: Path, *entries: dict[str, Any]) -> Path:
    """Make `entries` all that ships, not sealed, with the real demo recording; returns the weights folder."""
    demo = demo_recording()
    (root / "reid").mkdir(parents=True)
    (root / "reid" / "demo").symlink_to(demo)
    folder = root / "weights"
    folder.mkdir()
    patch.setattr(shipped, "_PACKAGE", root / "reid")
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        patch.delenv(name, raising=False)
    write(folder, *entries)
    return folder


def write(folder: Path, *entries: dict[str, Any]) -> None:
    (folder / "card.md").write_text("# A card\n\nMade for *tests*.\n", encoding="utf-8")
    content = {"entries": [FACTS | entry for entry in entries]}
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


def seal() -> None:
    assert main(["weights", "seal", "--quiet"]) == 0


def flip(path: Path) -> None:
    """Another file of the same size."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
