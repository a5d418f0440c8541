"""What an encoder's file holds, by its first bytes, and by its suffix only where they do not tell."""

from pathlib import Path
from typing import Literal

from reid.errors import InputError
from reid.network_file import content_of

Kind = Literal["checkpoint", "onnx", "openvino"]
_BY_NAME: dict[str, Kind] = {
    ".pth": "checkpoint",
    ".pt": "checkpoint",
    ".onnx": "onnx",
    ".xml": "openvino",
}


def kind_of(path: Path) -> Kind:
    """The kind of an existing file: `model.pth.tar-60`, as torchreid calls its checkpoints, says nothing of it.

    Raises:
        InputError: there is no such file, or it is of another kind.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected re-identification weights ({', '.join(_BY_NAME)})")
    match content_of(path):
        case "checkpoint" | "onnx" | "openvino" as kind:
            return kind
        case "torchscript":
            raise InputError(
                f"{path}: a TorchScript archive, which can run code when it is loaded; give its state dict, or "
                "export it as ONNX"
            )
        case "safetensors":
            raise InputError(
                f"{path}: a safetensors file; save its tensors with torch.save(state_dict, 'encoder.pth') first"
            )
    by_name = _BY_NAME.get(path.suffix.lower())
    if by_name is None:
        raise InputError(
            f"{path}: unknown kind of weights; its beginning is neither a PyTorch checkpoint's nor an ONNX or "
            f"OpenVINO file's, and its name ends in none of {', '.join(_BY_NAME)}"
        )
    return by_name
