"""The back ends of the table `reid.tables.ENCODER_BACKENDS`: what they make of weights, and where they can run."""

import torch

from reid.embedding.export import cached_export
from reid.embedding.onnx_backend import OnnxRunner, has_cuda
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.torch_backend import TorchRunner
from reid.embedding.weights import Weights
from reid.registry import NoSettings


def torch_runner(settings: NoSettings, weights: Weights, device: str, threads: int | None) -> TorchRunner:
    """The network of a checkpoint."""
    if weights.network is None:
        raise ValueError(f"torch cannot run {weights.path}")
    return TorchRunner(weights.network, device=device, threads=threads)


def onnx_runner(settings: NoSettings, weights: Weights, device: str, threads: int | None) -> OnnxRunner:
    """An ONNX file, or the export of a checkpoint."""
    path = weights.path if weights.network is None else cached_export(weights)
    return OnnxRunner(path, weights.preprocessing.size, device=device, threads=threads)


def openvino_runner(
    settings: NoSettings, weights: Weights, device: str, threads: int | None
) -> OpenVinoRunner:
    """An OpenVINO or ONNX file, or the export of a checkpoint."""
    path = weights.path if weights.network is None else cached_export(weights)
    return OpenVinoRunner(path, weights.preprocessing.size, threads=threads)


def torch_has(device: str) -> bool:
    """Whether PyTorch can compute on cpu, mps or cuda:0."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return int(index or 0) < torch.cuda.device_count()
    return kind == "cpu" or (kind == "mps" and torch.backends.mps.is_available())


def onnx_has(device: str) -> bool:
    """Whether onnxruntime can compute on cpu or cuda:0."""
    return device == "cpu" or (device.startswith("cuda") and has_cuda())
