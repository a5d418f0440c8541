"""The notebook of the documentation: it runs from top to bottom, says what it promises, and holds no output."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import reid

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def code_cells() -> list[str]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_it_holds_no_output_and_no_image() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    )
    assert not any(
        "attachments" in cell or "data:image" in "".join(cell["source"]) for cell in notebook["cells"]
    )
    assert NOTEBOOK.stat().st_size < 16_000


def test_it_walks_through_the_library() -> None:
    used = {
        node.attr
        for cell in code_cells()
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "reid"
    }
    wanted = {"load_encoder", "track", "link", "open_gallery", "evaluate_tracks", "evaluate_retrieval"}
    assert wanted <= used <= set(reid.__all__)


@pytest.mark.slow
def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Its cells run in order in one namespace, as a kernel runs them."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(code_cells()):
        exec(compile(cell, f"{NOTEBOOK.name}, code cell {number}", "exec"), space)
    assert {tracklet.camera_id for tracklet in space["tracklets"]} == {"cam1", "cam2"}
    assert space["hits"][0].name == "Ann", "the first tracklet is of the first person"
    assert space["hits"][0].distance < space["hits"][1].distance
    assert space["tracks"].global_ids.idf1 > 0.7
    assert space["scores"].rank(1) > 0.8
    assert "IDF1" in capsys.readouterr().out
