"""The chart of a threshold: it can be drawn, whatever the distances are."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.outputs.calibration_chart import Diagram, Panel, write_chart

EDGES = np.linspace(0, 2, 1001)


def panel(genuine: float, impostor: float, points: dict[str, float]) -> Panel:
    return Panel(
        title="Tracklets",
        edges=EDGES,
        genuine=np.clip((EDGES - genuine + 0.2) / 0.4, 0, 1),
        impostor=np.clip((EDGES - impostor + 0.2) / 0.4, 0, 1),
        points=points,
        chosen="max-f1",
    )


DIAGRAM = Diagram(
    said=np.array([0.1, 0.9]),
    seen=np.array([0.2, 0.8]),
    share=np.array([0.9, 0.1]),
    error=0.1,
    doubtful_error=0.2,
    method="isotonic",
)


@pytest.mark.slow
@pytest.mark.parametrize("diagram", [DIAGRAM, None])
def test_it_is_drawn(tmp_path: Path, diagram: Diagram | None) -> None:
    path = tmp_path / "x.png"
    panels = (panel(0.3, 0.8, {"max-f1": 0.5, "fmr=1e-3": 0.5}), panel(0.2, 1.9, {"max-f1": 0.4}))
    write_chart(path, "net.pth on crops", panels, diagram)
    image = cv2.imread(str(path))
    assert image is not None
    assert image.shape[1] > (1800 if diagram else 1400)
    assert image.std() > 10, "something is on it"
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]


def test_equal_distances(tmp_path: Path) -> None:
    same = Panel(
        title="x", edges=EDGES, genuine=np.ones(1001), impostor=np.ones(1001), points={}, chosen=None
    )
    write_chart(tmp_path / "x.png", "t", (same,), None)
    assert cv2.imread(str(tmp_path / "x.png")) is not None


def test_the_chart_knows_where_the_pairs_end(tmp_path: Path) -> None:
    """Thresholds beyond all pairs are drawn too."""
    write_chart(tmp_path / "x.png", "t", (panel(0.3, 0.5, {"max-f1": 1.6}),), None)
    assert cv2.imread(str(tmp_path / "x.png")) is not None
