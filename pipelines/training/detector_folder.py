"""The folder of one training of a detector: what lies in it, and whether a repeated command goes on with it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.runtime.json_file import json_object
from pipelines.training.folder import OwnedTraining
from reid import json_text
from reid.detection.training_run import DetectorEpochFigures
from reid.errors import InputError
from reid.outputs import atomic
from reid.text_file import first_complaint

# What does not change the result: where it is written, what computes it, what is exported afterwards.
NOT_COMPARED = {"data", "output", "overwrite", "threads", "device", "quantise", "start_from"}
STATES = ("last.pt", "best.pt", ".last.partial.pt")  # what ultralytics and reid.detection.training_run write


class _Figures(BaseModel):
    """Content of detector.json that is read back."""

    model_config = ConfigDict(allow_inf_nan=False)

    epochs: tuple[DetectorEpochFigures, ...] = ()
    seconds: Annotated[float, Field(ge=0)] = 0.0


class DetectorFolder(OwnedTraining):
    """Paths of the files of one training."""

    def __init__(self, root: Path) -> None:
        made = ["training.json", "detector.pth", "detector.onnx", "detector.json"]
        of_ultralytics = [
            "ultralytics.log",
            "results.csv",
            "args.yaml",
            "dataset.yaml",
            "train.txt",
            "val.txt",
        ]
        states = [f"weights/{name}" for name in STATES]
        names = [*made, *of_ultralytics, *states]
        super().__init__(root, "train-detector", names, state="weights/last.pt", not_compared=NOT_COMPARED)
        self.detector = root / "detector.pth"
        self.onnx = root / "detector.onnx"
        self.int8 = root / "detector_int8_openvino_model"
        self.figures = root / "detector.json"
        self.log = root / "ultralytics.log"
        self.results = root / "results.csv"
        self.states = [root / name for name in states]

    def make_room_for_int8(self) -> None:
        """Remove an earlier export.

        Raises:
            InputError: the folder holds files that are not ours.
        """
        files = [self.int8 / name for name in ("detector.xml", "detector.bin", "metadata.yaml")]
        self.files.remove(*files)
        if self.int8.exists():
            raise InputError(f"{self.int8}: holds files that reid did not write; move them elsewhere")
        self.files.claim(*files)

    def history(self) -> list[DetectorEpochFigures]:
        """Read the figures of the epochs that are over."""
        return list(self._read().epochs)

    def seconds(self) -> float:
        """Read the seconds spent on them."""
        return self._read().seconds

    def _read(self) -> _Figures:
        try:
            return _Figures.model_validate(json_object(self.figures))
        except ValidationError as error:
            raise InputError(
                f"{self.figures}: damaged ({first_complaint(error)}); train anew with --overwrite"
            ) from None

    def write(self, history: Sequence[DetectorEpochFigures], seconds: float, **facts: Any) -> None:
        """The figures so far."""
        best = best_of(history)
        content = {**facts, "seconds": round(seconds, 1), "best": asdict(best)}
        content["epochs"] = [asdict(one) for one in history]
        atomic.write_text(self.figures, json_text.dumps(content, indent=1) + "\n")


def best_of(history: Sequence[DetectorEpochFigures]) -> DetectorEpochFigures:
    """Epoch whose weights are kept."""
    return [one for one in history if one.best][-1]
