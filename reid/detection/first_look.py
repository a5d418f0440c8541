"""A detector file seen from outside: ultralytics takes seconds to find out that it is none."""

from pathlib import Path

from reid.errors import InputError
from reid.text_file import refuse_pipe
from reid.yaml_file import read_yaml

# What ultralytics has weights in. Not .yaml: it would make a network of random weights of it.
FILES = (".pt", ".onnx", ".engine", ".torchscript", ".pb", ".tflite", ".mnn", ".mlmodel")
FOLDERS = ("_model", ".mlpackage", ".aimodel")
BEGINNINGS = {".pt": (b"PK\x03\x04", b"\x80"), ".onnx": (b"\x08",)}  # a zip or a pickle; the field ir_version


def check_detector(weights: Path) -> Path:
    """The existing `weights`; InputError where a look at name and beginning shows that they are no network."""
    if not weights.name.lower().endswith(FOLDERS if weights.is_dir() else FILES):
        raise InputError(
            f"{weights}: not a detector; ultralytics loads files ending in {', '.join(FILES[:3])} and folders "
            "ending in _openvino_model"
        )
    refuse_pipe(weights, "a detector")
    if not _begins_right(weights):
        raise InputError(f"{weights}: damaged, or not a detector; export it or copy it again")
    if (metadata := weights / "metadata.yaml").is_file():
        read_yaml(metadata, "what ultralytics writes beside a network")  # which it reads without bounds
    return weights


def _begins_right(weights: Path) -> bool:
    if weights.is_dir():
        return not weights.name.endswith("_openvino_model") or any(weights.glob("*.xml"))
    with weights.open("rb") as file:
        return file.read(4).startswith(BEGINNINGS.get(weights.suffix.lower(), (b"",)))
