"""Settings of the jobs that no file configures."""

from pathlib import Path

from pydantic import Field

from reid.config import Section, Share


class EvaluateConfig(Section):
    """`reid evaluate`: results against the truth."""

    truth: Path = Field(description="folder with <camera>.txt, <camera>_gt.txt or <camera>/gt/gt.txt")
    output: Path | None = Field(None, description="JSON file, or folder for scores.json; null: in RESULTS")
    visibility: Share = Field(0.0, description="true boxes count from this visible share on")
    iou: Share = Field(0.5, description="intersection over union from which a box counts as found")
