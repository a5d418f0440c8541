"""The report as tests read it: elements, text, and tags that do not pair up."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from reid.outputs.report import write_report
from tests.outputs.scenes import Scene

VOID = {"meta", "link", "img", "br", "input"}
HOSTILE = "<b>&\"'</script><script>alert(1)</script>{{ 7 * 7 }}"  # names may be anything
OPTIONAL = {"td", "th", "tr", "li"}  # may be left open


@dataclass
class Page(HTMLParser):
    """What a browser would see: elements with attributes, text, and tags that do not pair up."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.feed(self.html)
        self.close()
        self.unpaired += self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID | OPTIONAL:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in OPTIONAL and (not self.stack or self.stack.pop() != tag):
            self.unpaired.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def having(self, tag: str, name: str) -> list[str]:
        return [attrs.get(name) or "" for got, attrs in self.elements if got == tag and name in attrs]

    def classed(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.elements if name in (attrs.get("class") or "").split()]


def written(tmp_path: Path, scene: Scene) -> str:
    path = tmp_path / "report.html"
    write_report(
        path,
        run=scene.run,
        tracklets=scene.tracklets,
        matches=scene.matches,
        identities=scene.identities,
        join_gap_s=2.0,
    )
    return path.read_text(encoding="utf-8")


def page(tmp_path: Path, scene: Scene) -> Page:
    return Page(written(tmp_path, scene))


def calibrated(scene: Scene, **changes: Any) -> Scene:
    """The same run with a calibration that has curves and a probability map."""
    steps = np.arange(0, 2.01, 0.05)
    calibration = {
        "data_set": "crops & co",
        "operating_point": "max-f1 (0.9), sites of 24 people",
        "max_distance": 0.34,
        "genuine_rate": 0.934,
        "impostor_rate": 0.0021,
        "people": 24,
        "camera_pairs": {"cam1-cam2": 0.41},
        "curves": {
            "distance": steps.tolist(),
            "genuine_rate": np.clip(steps / 0.6, 0, 1).tolist(),
            "impostor_rate": np.clip((steps - 0.5) / 0.7, 0, 1).tolist(),
        },
    }
    threshold = {"max_distance": 0.34, "source": "calibration", "calibration": calibration | changes}
    matches = [
        replace(m, probability=None if m.distance is None else max(0.0, 1 - 2 * m.distance))
        for m in scene.matches
    ]
    return replace(scene, run=scene.run | {"threshold": threshold}, matches=matches)
