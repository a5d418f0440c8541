"""What kind of network a file holds, by its first bytes: names such as `model.pth.tar-60` do not say."""

import zipfile
from pathlib import Path
from typing import Literal

Content = Literal["checkpoint", "torchscript", "onnx", "openvino", "safetensors", "unknown"]

_ZIP = b"PK\x03\x04"
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))  # what torch.save wrote before 1.6
_ONNX = b"\x08"  # protobuf's key of the field ir_version, which every exporter writes first
_HEAD = 512


def content_of(path: Path) -> Content:
    """The kind of network in the file at `path`; unknown where its beginning does not tell, or there is no file.

    A zip that cannot be read, as a copy that was cut off, is taken for the checkpoint that it was.
    """
    if not path.is_file():
        return "unknown"
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_ZIP):
        return _zipped(path)
    if head.startswith(_PICKLE):
        return "checkpoint"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<net")) and b"<net" in head:
        return "openvino"
    if head[8:9] == b"{" and head[4:8] == bytes(4):  # the length of its JSON header, 8 bytes little-endian
        return "safetensors"
    return "onnx" if head.startswith(_ONNX) else "unknown"


def _zipped(path: Path) -> Content:
    """A zip: of torch.save, of TorchScript (which is a program), or of another kind."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "checkpoint"
    inside = [name.partition("/")[2] for name in names]  # below the folder that torch puts everything in
    if "constants.pkl" in inside or any(name.startswith("code/") for name in inside):
        return "torchscript"
    return "checkpoint" if "data.pkl" in inside else "unknown"
