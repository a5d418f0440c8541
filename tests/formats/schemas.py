"""JSON schemas of files, made from the code: `python -m tests.formats.schemas` writes docs/schemas."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reid import json_text
from reid.embedding.crops import Preprocessing
from reid.evaluation.identity import IdentityScores
from reid.linking.calibration_file import CalibrationFile
from reid.outputs.model_card import ModelCard
from reid.outputs.static_things import ThingFacts

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
# by file name: what is written, and what it says
KINDS: Mapping[str, tuple[Any, str]] = {
    "calibration": (CalibrationFile, "calibration.json: the threshold of one encoder"),
    "model": (ModelCard, "model.json: the card of a trained encoder; beside these keys `format`"),
    "scores": (
        IdentityScores,
        "scores.json of reid evaluate; beside these keys the folders, the settings and the ceiling",
    ),
    "static": (ThingFacts, "one of `things` in the static.json of reid live"),
    "side-car": (Preprocessing, "<weights>.yaml beside an encoder: how its crops are prepared"),
}


def schema(name: str) -> str:
    """One schema as text."""
    kind, title = KINDS[name]
    made = _bare(TypeAdapter(kind).json_schema(mode="validation"))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return json_text.dumps(head | made, indent=1) + "\n"


def _bare(part: Any, *, names: bool = False) -> Any:
    """Without pydantic's titles and the docstrings of the code: `names` are keys of a document, which all stay."""
    if isinstance(part, list):
        return [_bare(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _bare(item, names=key in ("properties", "$defs") and not names)
        for key, item in part.items()
        if names or key not in ("title", "description")
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in KINDS:
        (FOLDER / f"{each}.json").write_text(schema(each), encoding="utf-8")
