"""Checkpoints for the fast CPU back ends: exported once, checked against PyTorch, kept in a cache."""

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from reid import json_text
from reid.cache import cache_folder, cached
from reid.distance import unit
from reid.embedding.crops import Preprocessing
from reid.embedding.encoder import Runner
from reid.embedding.onnx_backend import OnnxRunner
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.torch_backend import TorchRunner
from reid.embedding.weights import METADATA_KEY, Weights
from reid.errors import InputError
from reid.home import usable_home
from reid.offline import keep_offline

log = logging.getLogger(__name__)

MAX_DIFFERENCE = 1e-3  # of unit vectors, between export and PyTorch
OPSET = 17  # LayerNormalization and older; every onnxruntime since 1.13 reads it
_NAME = "network.onnx"
_LAYOUT = "1"  # of the cached folders; a higher number makes all exports anew


def cached_export(weights: Weights) -> Path:
    """The ONNX file of a checkpoint, for onnxruntime and OpenVINO; exported if not yet in the cache.

    Beside it lies `export.json` with the parity of both that was measured.

    Raises:
        InputError: a back end does not agree with PyTorch within `MAX_DIFFERENCE`.
    """
    network = weights.network
    if network is None:
        raise ValueError(f"{weights.path} is no checkpoint, so there is nothing to export")
    folder = cache_folder() / "exports" / f"{weights.encoder_id}-{_LAYOUT}"
    return cached(folder, lambda partial: _make(partial, weights, network)) / _NAME


def _make(partial: Path, weights: Weights, network: nn.Module) -> None:
    """Export and compare, into an empty folder."""
    log.info("exporting %s to the cache", weights.path)
    path, size = partial / _NAME, weights.preprocessing.size
    export_onnx(path, network, weights.preprocessing)
    runners: dict[str, Runner] = {
        "onnxruntime": OnnxRunner(path, size),
        "openvino": OpenVinoRunner(path, size),
    }
    differences = {name: parity(runner, network, weights.preprocessing) for name, runner in runners.items()}
    log.info("%s: largest difference from torch: %s", weights.path, differences)
    for name, difference in differences.items():
        if not difference <= MAX_DIFFERENCE:
            raise InputError(
                f"{weights.path}: exported, {name} differs from torch by {difference:.2g}, more than "
                f"{MAX_DIFFERENCE}; use encoder.backend: torch"
            )
    report = {"encoder_id": weights.encoder_id, "max_difference": differences, "torch": torch.__version__}
    (partial / "export.json").write_text(json_text.dumps(report, indent=2), encoding="utf-8")


def export_onnx(path: Path, network: nn.Module, preprocessing: Preprocessing) -> None:
    """Write `network` as ONNX with a dynamic batch and its preprocessing in the metadata."""
    import onnx

    with warnings.catch_warnings():
        # dynamo=False is deprecated; the new exporter wants one more package (onnxscript) for the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (_example(preprocessing),),
            str(path),
            input_names=["images"],
            output_names=["features"],
            dynamic_axes={"images": {0: "batch"}, "features": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {METADATA_KEY: json_text.dumps(preprocessing.to_dict())})
    onnx.save(model, str(path))


def export_openvino(path: Path, network: nn.Module, preprocessing: Preprocessing) -> None:
    """Write `network` as OpenVINO IR, float32, dynamic batch, with its preprocessing in it."""
    usable_home()
    keep_offline()
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        # By way of ONNX: OpenVINO's own tracing of PyTorch takes twice as long and gives the same network.
        export_onnx(Path(folder) / _NAME, network, preprocessing)
        model = openvino.Core().read_model(Path(folder) / _NAME)
        model.set_rt_info(json_text.dumps(preprocessing.to_dict()), METADATA_KEY)
        openvino.save_model(model, str(path), compress_to_fp16=False)
        del model  # it may map the file, which keeps Windows from deleting it


def parity(runner: Runner, network: nn.Module, preprocessing: Preprocessing) -> float:
    """The largest difference of unit vectors between `runner` and PyTorch, on a fixed batch of noise."""
    shape = (3, 3, *preprocessing.size)
    batch = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return float(np.abs(unit(runner(batch)) - unit(TorchRunner(network)(batch))).max())


def _example(preprocessing: Preprocessing) -> torch.Tensor:
    # Two, because tracing takes a batch of one for a constant.
    return torch.zeros(2, 3, *preprocessing.size)
