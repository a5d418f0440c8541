"""A trained detector for the runtimes: ONNX in half the bytes, and OpenVINO in int8."""

import contextlib
import io
import logging
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reid.cache import filling, replacing
from reid.errors import InputError
from reid.offline import keep_offline
from reid.stills import require_still

if TYPE_CHECKING:
    import onnx

IMAGES = 300  # that activations are measured on; nncf's own default
_SMALL = 1000  # tensors with fewer elements stay float32: they weigh nothing, and thresholds are among them
_LARGEST = float(np.finfo(np.float16).max)
_STRIDE = 32  # sides of what the network sees are multiples of it


def to_onnx(state_path: Path, onnx_path: Path, image_size: int) -> None:
    """Write the detector of `state_path` as ONNX: any batch, height and width, ultralytics' metadata.

    Weights lie in the file as float16 and are cast as it is loaded, so every runtime computes in float32.

    Raises:
        InputError: `state_path` is no detector of ours.
    """
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        exported = _export(state_path, Path(folder), "onnx", image_size)
        network = onnx.load(str(exported))
    store_halved(network)
    onnx.checker.check_model(network)
    with replacing(onnx_path) as partial:
        partial.write_bytes(network.SerializeToString())


def store_halved(network: "onnx.ModelProto") -> None:
    """Turn large float32 weights into float16 ones with a cast behind each."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in network.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _SMALL or np.abs(values).max() > _LARGEST:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], name=f"{name}_widened", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *network.graph.node]
    del network.graph.node[:]
    network.graph.node.extend(nodes)


def to_openvino_int8(state_path: Path, folder: Path, images: Sequence[Path], image_size: int) -> None:
    """Write the detector as an OpenVINO folder in int8, which ultralytics loads with images of any shape.

    The decoding of boxes stays in floating point: one int8 scale for pixels and for probabilities would round
    every probability to 0. So do the last convolutions before it: 0.6 points of mAP50 were lost instead of 0.9,
    at no cost in time.

    Args:
        folder: ends in `_openvino_model`; must not exist yet.
        images: like those it will see; `IMAGES` of them, evenly spread, are looked at.

    Raises:
        InputError: nncf is not installed, or `state_path` is no detector of ours.
    """
    assert folder.name.endswith("_openvino_model"), "by its name ultralytics knows what it is"
    nncf = require_nncf()
    keep_offline()
    import openvino

    with tempfile.TemporaryDirectory() as work:
        exported = _export(state_path, Path(work), "openvino", image_size)
        network = openvino.Core().read_model(next(exported.glob("*.xml")))
        chosen = _spread(images)
        nncf.set_log_level(logging.ERROR)
        with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
            quantised = nncf.quantize(
                network,
                nncf.Dataset(list(chosen), lambda path: prepare(path, image_size)),
                preset=nncf.QuantizationPreset.MIXED,  # SiLU has negative values
                subset_size=len(chosen),
                # processors without VNNI add up products of 8 bits in 16, which overflows unless weights have 7
                advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix="enable"),
                ignored_scope=nncf.IgnoredScope(names=_decoding(network)),
            )
        with filling(folder) as partial:
            openvino.save_model(quantised, partial / "detector.xml", compress_to_fp16=False)
            shutil.copy(exported / "metadata.yaml", partial)
        del network, quantised  # they may map files of `work`, which keeps Windows from deleting it


def require_nncf() -> Any:
    """The module.

    Raises:
        InputError: it is not installed.
    """
    try:
        import nncf
    except ImportError as error:
        raise InputError(
            "int8 needs nncf, which is in the extra [quantise]: python -m pip install 'reidentify[quantise]', or "
            "leave --quantise out"
        ) from error
    return nncf


def prepare(path: Path, image_size: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What ultralytics' predictor makes of an image: (1, 3, H, W), RGB, 0 to 1, sides multiples of 32.

    Raises:
        InputError: the image cannot be read.
    """
    from ultralytics.data.augment import LetterBox

    image = require_still(path, "copy it again, or take it out of the list")
    image = LetterBox(image_size, auto=True, stride=_STRIDE)(image=image)
    planes: np.ndarray[Any, np.dtype[np.float32]] = (
        image[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32)
    )
    return np.ascontiguousarray(planes / np.float32(255))


def _spread(images: Sequence[Path]) -> list[Path]:
    count = min(IMAGES, len(images))
    return [images[at * len(images) // count] for at in range(count)]


def _decoding(network: Any) -> list[str]:
    """Names of the head's last convolutions and of what comes behind them; the only sigmoids are there."""
    operations = network.get_ordered_ops()
    sigmoids = [one.get_friendly_name() for one in operations if one.get_type_name() == "Sigmoid"]
    head = sigmoids[-1].split("/", 1)[0]
    behind = re.compile(rf"{re.escape(head)}(/|\.dfl|\.cv[23]\.\d+\.2/.*Convolution$)")
    names = [one.get_friendly_name() for one in operations]
    return [name for name in names if name in sigmoids or behind.match(name)]


def _export(state_path: Path, folder: Path, kind: str, image_size: int) -> Path:
    """By ultralytics, which fuses, traces and adds its metadata."""
    from ultralytics.engine.exporter import Exporter

    from reid.detection.quiet import unchanged_threads
    from reid.detection.state import load_model

    model = load_model(state_path)
    model.task = "detect"
    model.pt_path = str(folder / "detector.pt")  # nothing is there: the export is named after it
    settings = {
        "mode": "export",
        "format": kind,
        "dynamic": True,
        "imgsz": image_size,
        "batch": 1,
        "device": "cpu",
    }
    if kind == "onnx":
        settings["simplify"] = False  # it wants one more package
    with unchanged_threads():
        return Path(Exporter(overrides=settings)(model=model))
