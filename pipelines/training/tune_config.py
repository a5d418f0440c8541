"""The settings of `reid tune`: those of a training, and what is tried."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from pipelines.settings.keys import keys
from pipelines.settings.renamed import todays_name
from pipelines.training.tune_space import Choice, parse_choice
from reid.training.config import TrainConfig


class TuneConfig(TrainConfig):
    """`reid tune`: many short trainings to the settings with the best held-out mAP."""

    output: Path = Field(Path("tuning"), description="folder for the study and the best settings")
    overwrite: bool = Field(False, description="replace another study in the output folder")
    trials: Annotated[int, Field(ge=1)] = Field(
        20, description="trainings in all, those of earlier runs included"
    )
    prune: bool = Field(
        True,
        description="end a training whose held-out mAP is below the median of the others at the same epoch",
    )
    prune_after: Annotated[int, Field(ge=1)] = Field(
        5, description="trainings that are finished before others are compared with them"
    )
    search: dict[str, str] = Field(
        {
            "optimiser.learning_rate": "1e-4..3e-3 log",
            "loss.triplet.margin": "0.1..0.6",
            "augment.erase": "0..0.8",
        },
        description="settings that are tried: LOW..HIGH, LOW..HIGH log, or choices A|B|C",
    )

    @field_validator("search")
    @classmethod
    def _understood(cls, search: dict[str, str]) -> dict[str, str]:
        known = {key.name for key in keys(TrainConfig)}
        search = {todays_name(key, known, f"search {key}"): text for key, text in search.items()}
        for key, text in search.items():
            parse_choice(key, text)
        return search

    def space(self) -> dict[str, Choice]:
        """Choices of the search, by setting."""
        return {key: parse_choice(key, text) for key, text in self.search.items()}
