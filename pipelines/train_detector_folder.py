"""The folder of one training of a detector: what lies in it, and whether a repeated command goes on with it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.train_folder import digest
from pipelines.writable import check_folder
from reid import json_text
from reid.cache import replacing, write_text
from reid.detection.training_config import DetectorTrainConfig
from reid.detection.training_run import EpochFigures
from reid.errors import InputError

# What does not change the result: where it is written, what computes it, what is exported afterwards.
NOT_COMPARED = {"data", "output", "overwrite", "threads", "device", "quantise", "start_from"}


class DetectorFolder:
    """Paths of the files of one training."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = root / "training.json"
        self.detector = root / "detector.pth"
        self.onnx = root / "detector.onnx"
        self.int8 = root / "detector_int8_openvino_model"
        self.figures = root / "detector.json"
        self.log = root / "ultralytics.log"
        self.results = root / "results.csv"
        self.states = root / "weights"  # ultralytics'
        self.state = self.states / "last.pt"
        self._ours = {
            *(
                self.settings,
                self.detector,
                self.onnx,
                self.int8,
                self.figures,
                self.log,
                self.results,
                self.states,
            ),
            *(root / name for name in ("args.yaml", "dataset.yaml", "train.txt", "val.txt")),
        }

    def check(self, config: DetectorTrainConfig) -> None:
        """What can be said before anything is read.

        Raises:
            InputError: the folder cannot be written to, holds other things, or what the training starts from.
        """
        check_folder(self.root)
        for flag, given in (("--start-from", config.start_from), ("data", config.data)):
            if given is not None and given.resolve().parent == self.root.resolve():
                raise InputError(
                    f"{flag} {given} lies in --output {self.root}, which is written to; name another --output"
                )
        foreign = [path.name for path in sorted(self.root.iterdir()) if path not in self._ours]
        foreign = [name for name in foreign if not name.startswith(".")]
        if foreign and (config.overwrite or not self.settings.is_file()):
            raise InputError(
                f"--output {self.root} holds files that no training made ({foreign[0]!r}); name a new or empty folder"
            )

    def open(self, config: DetectorTrainConfig, data: str) -> None:
        """Make the folder ready, empty but for what the same training has left in it; `check` was called before.

        Args:
            data: fingerprint of the pictures.

        Raises:
            InputError: another training lies in it, without --overwrite.
        """
        name, start = _fingerprint(config, data), digest(config.start_from)
        if not config.overwrite and self.settings.is_file():
            found = _json(self.settings)
            # the weights to start from may be gone by now: the state holds what became of them
            if found.get("fingerprint") == name and start in (None, found.get("start")):
                return
            raise InputError(
                f"--output {self.root} holds a training with other settings or pictures; name another folder, or "
                "replace it with --overwrite"
            )
        for path in self._ours:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        content = {"fingerprint": name, "start": start, "config": config.model_dump(mode="json")}
        write_text(self.settings, json_text.dumps(content, indent=1) + "\n")

    def history(self) -> list[EpochFigures]:
        """Of the epochs that are over."""
        return [EpochFigures(**one) for one in _json(self.figures).get("epochs", [])]

    def seconds(self) -> float:
        """Spent on them."""
        return float(_json(self.figures).get("seconds", 0.0))

    def write(self, history: Sequence[EpochFigures], seconds: float, **facts: Any) -> None:
        """The figures so far."""
        best = best_of(history)
        content = {**facts, "seconds": round(seconds, 1), "best": asdict(best)}
        content["epochs"] = [asdict(one) for one in history]
        with replacing(self.figures) as partial:
            partial.write_text(json_text.dumps(content, indent=1) + "\n", encoding="utf-8")


def best_of(history: Sequence[EpochFigures]) -> EpochFigures:
    """The epoch whose weights are kept."""
    return [one for one in history if one.best][-1]


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _fingerprint(config: DetectorTrainConfig, data: str) -> str:
    """Of all that decides what a training becomes, but for the weights that it starts from."""
    settings = config.model_dump(mode="json", exclude=NOT_COMPARED)
    return json_text.digest([settings, data])
