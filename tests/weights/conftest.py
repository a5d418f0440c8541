from pathlib import Path

import pytest

from tests.detection.conftest import make
from tests.pipelines.test_bad_input import tiny_encoder
from tests.weights.shipping import ship

__all__ = ["make"]  # detectors that were never trained


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with a real encoder, the default, and a detector in a folder; not sealed."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    folder = ship(
        monkeypatch,
        tmp_path / "clone",
        {"name": "colours", "kind": "encoder", "path": "colours.onnx", "default": True},
        {"name": "nobody", "kind": "detector", "path": "nobody_openvino_model", "made_from": "nobody.pt"},
    )
    tiny_encoder(tmp_path / "colours.onnx")  # which opens it, and here it would not be sealed yet
    (tmp_path / "colours.onnx").rename(folder / "colours.onnx")
    exported = folder / "nobody_openvino_model"
    exported.mkdir()
    for name, content in (("nobody.xml", b"<net/>"), ("nobody.bin", b"\0\1\2"), ("metadata.yaml", b"a: 1\n")):
        (exported / name).write_bytes(content)
    return folder
