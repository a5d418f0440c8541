"""From configuration to encoder: which device, which back end."""

import logging
import re

import torch

from reid.config import EncoderConfig
from reid.embedding.encoder import CropEncoder, Encoder, Runner
from reid.embedding.export import cached_export
from reid.embedding.fastest import fastest
from reid.embedding.onnx_backend import OnnxRunner, has_cuda
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.torch_backend import TorchRunner
from reid.embedding.weights import Weights, open_weights
from reid.errors import InputError
from reid.shipped_weights import chosen

log = logging.getLogger(__name__)

# What can run which kind of weights.
BACKENDS: dict[str, tuple[str, ...]] = {
    "checkpoint": ("torch", "onnxruntime", "openvino"),
    "onnx": ("onnxruntime", "openvino"),
    "openvino": ("openvino",),
}


def build_encoder(config: EncoderConfig, threads: int | None = None) -> Encoder:
    """The encoder that `config` asks for.

    Args:
        threads: CPU threads of one call; None: the back end's choice. Give 1 where cameras share the cores.

    Raises:
        InputError: no weights, a file that cannot be used, or a back end or device that cannot run it.
    """
    path = chosen(config.weights, "encoder")
    if path is None:
        raise InputError(
            "encoder.weights is not set; it wants a re-identification network: "
            "a torchreid checkpoint (.pth), an ONNX file (.onnx) or an OpenVINO file (.xml)"
        )
    weights = open_weights(path)
    asked = None if config.backend == "auto" else config.backend
    if asked is not None and asked not in BACKENDS[weights.kind]:
        raise InputError(
            f"encoder.backend {asked} cannot run {weights.path}; "
            f"use {' or '.join(BACKENDS[weights.kind])}, or auto"
        )
    device, candidates = _device(config.device, [asked] if asked else list(BACKENDS[weights.kind]))
    if not candidates:
        raise InputError(
            f"encoder.device {config.device} cannot run {weights.path}"
            f"{f' with encoder.backend {asked}' if asked else ''}; use device: cpu, or auto"
        )
    backend = candidates[0]
    if len(candidates) > 1:
        backend = fastest(
            weights, candidates, lambda name: _runner(weights, name, device, threads), threads=threads
        )
    log.info("encoder %s: %s on %s, %s", weights.encoder_id, weights.path, backend, device)
    return CropEncoder(
        _runner(weights, backend, device, threads),
        preprocessing=weights.preprocessing,
        encoder_id=weights.encoder_id,
        backend=backend,
        device=device,
        batch=config.batch,
        weights=path,
    )


def _device(asked: str, backends: list[str]) -> tuple[str, list[str]]:
    """The device, and which of `backends` can run there, best first."""
    if asked == "auto":
        for device in ("cuda:0", "mps"):
            if able := [backend for backend in backends if _has(backend, device)]:
                return device, able[:1]
        return "cpu", backends
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", asked):
        raise InputError(f"encoder.device must be auto, cpu, cuda:0 or mps, got {asked!r}")
    able = [backend for backend in backends if _has(backend, asked)]
    return asked, able if asked == "cpu" else able[:1]


def _has(backend: str, device: str) -> bool:
    kind, _, index = device.partition(":")
    match kind, backend:
        case "cpu", _:
            return True
        case "cuda", "torch":
            return int(index or 0) < torch.cuda.device_count()
        case "cuda", "onnxruntime":
            return has_cuda()
        case "mps", "torch":
            return torch.backends.mps.is_available()
        case _:
            return False


def _runner(weights: Weights, backend: str, device: str, threads: int | None) -> Runner:
    if backend == "torch":
        if weights.network is None:
            raise ValueError(f"torch cannot run {weights.path}")
        return TorchRunner(weights.network, device=device, threads=threads)
    path = weights.path if weights.network is None else cached_export(weights)
    if backend == "onnxruntime":
        return OnnxRunner(path, weights.preprocessing.size, device=device, threads=threads)
    return OpenVinoRunner(path, weights.preprocessing.size, threads=threads)
