"""Choices of one setting in a search: `1e-4..1e-2 log`, `0.1..0.5`, `2..8`, `average|gem`."""

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.settings.keys import keys, listed, nearest
from reid.training.config import TrainConfig
from reid.yaml_file import NULLS

if TYPE_CHECKING:
    import optuna

# The images are decoded once for all trainings, and all are judged by the same people.
FIXED = ("sources", "output", "overwrite", "device", "threads", "save_s", "data.", "validation.")
_RANGE = re.compile(
    r"\s*(?P<low>[^.\s|]*(?:\.\d+)?(?:e[+-]?\d+)?)\.\.(?P<high>\S+?)(?P<log>\s+log)?\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A range of numbers, or a list of texts."""

    key: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    values: tuple[str, ...] = ()

    def suggest(self, trial: "optuna.Trial") -> str | None:
        """A value as it would be written on the command line; None for null."""
        if self.values:
            value = str(trial.suggest_categorical(self.key, self.values))
            return None if value in NULLS else value
        if self.whole:
            return str(trial.suggest_int(self.key, int(self.low), int(self.high), log=self.log))
        return repr(trial.suggest_float(self.key, self.low, self.high, log=self.log))


def parse_choice(key: str, text: str) -> Choice:
    """Parse `text` as the choices of a training's setting `key`.

    Raises:
        ValueError: no such setting, one that a search cannot change, or a text that is no range and no list.
    """
    known = {one.name: one for one in keys(TrainConfig)}
    if key not in known:
        near = nearest(key, known)
        better = f"did you mean {listed(near)}?" if near else "see reid train --help"
        raise ValueError(f"{key!r} is no setting of a training; {better}")
    if key.startswith(FIXED) or known[key].kind in ("mapping", "list"):
        raise ValueError(f"{key!r} is the same for all trainings of a search; search another setting")
    if "|" in text:
        values = tuple(value.strip() for value in text.split("|"))
        if len(set(values)) == len(values) and all(values):
            return Choice(key=key, values=values)
    if (found := _RANGE.fullmatch(text)) and known[key].kind in ("number", "integer", "other"):
        try:
            low, high = float(found["low"]), float(found["high"])
        except ValueError:
            low, high = 0.0, 0.0
        log, whole = bool(found["log"]), known[key].kind == "integer"
        numbers = math.isfinite(high) and not (whole and (low % 1 or high % 1))
        if low < high and (low > 0 or not log) and numbers:
            return Choice(key=key, low=low, high=high, log=log, whole=whole)
    raise ValueError(
        f"{key} is to be searched in {text!r}; write LOW..HIGH with LOW below HIGH, LOW..HIGH log with LOW above 0, "
        "or A|B|C"
    )
