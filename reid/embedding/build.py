"""From configuration to encoder: which device, which back end."""

import logging
import re
from pkgutil import resolve_name

from reid.camera_config import EncoderConfig
from reid.embedding.encoder import CropEncoder, Encoder, Runner
from reid.embedding.fastest import fastest
from reid.embedding.kind import Kind
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.shipped_weights import chosen
from reid.tables import ENCODER_BACKENDS

log = logging.getLogger(__name__)


def backends_of(kind: Kind) -> tuple[str, ...]:
    """What of reid can run such weights, best first; what other packages add runs only where it is named."""
    return tuple(name for name in ENCODER_BACKENDS if kind in ENCODER_BACKENDS.built_in[name].runs)


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
    able = backends_of(weights.kind)
    if asked is not None and weights.kind not in ENCODER_BACKENDS[asked].runs:
        raise InputError(
            f"encoder.backend {asked} cannot run {weights.path}; use {' or '.join(able)}, or auto"
        )
    device, candidates = _device(config.device, [asked] if asked else list(able))
    if not candidates:
        raise InputError(
            f"encoder.device {config.device} cannot run {weights.path}"
            f"{f' with encoder.backend {asked}' if asked else ''}; use device: cpu, or auto"
        )

    def runner(name: str) -> Runner:
        return ENCODER_BACKENDS.make(name, Runner, config.options, weights, device, threads)

    backend = candidates[0]
    if len(candidates) > 1:
        backend = fastest(weights, candidates, runner, threads=threads)
    log.info("encoder %s: %s on %s, %s", weights.encoder_id, weights.path, backend, device)
    return CropEncoder(
        runner(backend),
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
    has = ENCODER_BACKENDS[backend].has
    if has is None:
        return device == "cpu"
    able = resolve_name(has) if isinstance(has, str) else has
    return bool(able(device))
