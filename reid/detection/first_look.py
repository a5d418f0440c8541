"""A detector file seen from outside: ultralytics takes seconds to find out that it is none."""

import shutil
import tempfile
from pathlib import Path

from reid.errors import InputError
from reid.network_file import Content, content_of
from reid.text_file import refuse_pipe
from reid.yaml_file import read_yaml

# What ultralytics has weights in. Not .yaml: it would make a network of random weights of it.
FILES = (".pt", ".onnx", ".engine", ".tflite", ".mnn", ".mlmodel")
FOLDERS = ("_model", ".mlpackage", ".aimodel")
# Programs: TorchScript writes files while it is loaded (checked), TensorFlow's graphs have operations for it.
PROGRAMS = (".torchscript", ".pb", "_saved_model")
SUFFIX: dict[Content, str] = {"checkpoint": ".pt", "onnx": ".onnx"}  # that ultralytics knows the content by


def check_detector(weights: Path) -> Path:
    """The existing `weights`; InputError where a look at name and beginning shows that they are no network."""
    refuse_pipe(weights, "a detector")
    content = content_of(weights)
    if content == "torchscript" or weights.name.lower().endswith(PROGRAMS):
        raise InputError(
            f"{weights}: a network in a form that can run code when it is loaded; export it as ONNX: "
            "yolo export model=FILE.pt format=onnx"
        )
    if weights.is_dir():
        if not weights.name.lower().endswith(FOLDERS):
            raise InputError(f"{weights}: not a detector; {_known()}")
        if weights.name.endswith("_openvino_model") and not any(weights.glob("*.xml")):
            raise InputError(f"{weights}: damaged, or not a detector; export it or copy it again")
        if (metadata := weights / "metadata.yaml").exists():
            read_yaml(metadata, "what ultralytics writes beside a network")  # which it reads without bounds
        return weights
    if content == "openvino":
        raise InputError(
            f"{weights}: part of an OpenVINO export; give its folder, whose name ends in _openvino_model"
        )
    if content in SUFFIX:  # whatever it is called
        return weights
    if not weights.name.lower().endswith(FILES):
        raise InputError(f"{weights}: not a detector; {_known()}")
    if weights.suffix.lower() in SUFFIX.values():
        raise InputError(f"{weights}: damaged, or not a detector; export it or copy it again")
    return weights


class KnownByName:
    """A detector file under a name that ultralytics takes for what it is.

    It goes by the suffix, and drops apostrophes and outer spaces of a path. Where that would go wrong, a copy with a
    plain name serves, for as long as this object lives.
    """

    def __init__(self, weights: Path) -> None:
        suffix = SUFFIX.get(content_of(weights), weights.suffix)
        text = str(weights)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.path = weights
        if text == text.strip().replace("'", "") and suffix == weights.suffix:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="reid-detector-")
        if weights.is_dir():
            ending = next(ending for ending in (*FOLDERS, "") if weights.name.lower().endswith(ending))
            kind = f"_{weights.name.rsplit('_', 2)[-2]}_model" if ending == "_model" else ending
            self.path = Path(self._folder.name) / f"detector{kind}"
            shutil.copytree(weights, self.path)
        else:
            self.path = Path(self._folder.name) / f"detector{suffix}"
            shutil.copyfile(weights, self.path)


def _known() -> str:
    return f"ultralytics loads files ending in {', '.join(FILES[:3])} and folders ending in _openvino_model"
