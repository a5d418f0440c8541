"""The tables of trackers, detectors, encoders' back ends, writers and stores: accepted names, and what they make.

Objectives and event sinks have tables beside their settings: reid/losses/config.py, reid/outputs/events/config.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from reid.extension_settings import NameIn
from reid.registry import Extension, Registry

_TRACKER = Extension(build="reid.tracking.ultralytics_tracker:ultralytics_tracker")

# build(settings, config: TrackerConfig, fps) -> reid.tracking.tracker.Tracker, one for each camera
TRACKERS = Registry(
    "tracker",
    "reid.trackers",
    Extension,
    {"bytetrack": _TRACKER, "botsort": _TRACKER, "ocsort": _TRACKER, "deepocsort": _TRACKER},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorExtension(Extension):
    """A row of `DETECTORS`.

    Args:
        detector_id: names what `build` will make by the content of its weights and by its settings, without making
            it: (settings, config) -> text; or where that function lies. None: package, version, settings, and the
            content of `detector.weights` name it.
    """

    detector_id: Callable[..., str] | str | None = None


# build(settings, config: DetectorConfig) -> reid.detection.detector.Detector, one for each process
DETECTORS = Registry(
    "detector",
    "reid.detectors",
    DetectorExtension,
    {
        "ultralytics": DetectorExtension(
            build="reid.detection.yolo:yolo_detector", detector_id="reid.detection.yolo:yolo_id"
        )
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendExtension(Extension):
    """A row of `ENCODER_BACKENDS`.

    Args:
        runs: kinds of weights that it takes, as `reid.embedding.kind` names them.
        has: tells whether it can use a device, (device) -> bool, or where that function lies; None: only the CPU.
    """

    runs: tuple[str, ...] = ("checkpoint", "onnx", "openvino")
    has: Callable[[str], bool] | str | None = None


# build(settings, weights: Weights, device, threads) -> reid.embedding.encoder.Runner; best first
ENCODER_BACKENDS = Registry(
    "back end",
    "reid.encoder_backends",
    BackendExtension,
    {
        "torch": BackendExtension(
            build="reid.embedding.runners:torch_runner",
            runs=("checkpoint",),
            has="reid.embedding.runners:torch_has",
        ),
        "onnxruntime": BackendExtension(
            build="reid.embedding.runners:onnx_runner",
            runs=("checkpoint", "onnx"),
            has="reid.embedding.runners:onnx_has",
        ),
        "openvino": BackendExtension(build="reid.embedding.runners:openvino_runner"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterExtension(Extension):
    """A row of `WRITERS`.

    Args:
        early: written as soon as it is known who is who, before videos are drawn; else when all else is done and
            the facts of `run.json` are known.
    """

    early: bool = False


# build(settings) -> reid.outputs.writer.Writer; those built in have switches of their own in `outputs`
WRITERS = Registry(
    "writer",
    "reid.writers",
    WriterExtension,
    {
        "tracks": WriterExtension(build="reid.outputs.writer:tracks", early=True),
        "crops": WriterExtension(build="reid.outputs.writer:crops", early=True),
        "tables": WriterExtension(build="reid.outputs.writer:tables", early=True),
        "report": WriterExtension(build="reid.outputs.writer:report"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreExtension(Extension):
    """A row of `STORES`.

    Args:
        encoder_of: the id of the encoder whose vectors a gallery holds, None where there is no gallery yet:
            (path) -> id, or where that function lies. None: the gallery is opened for reading and asked.
    """

    encoder_of: Callable[[Path], str | None] | str | None = None


# build(settings, path, **what open_store is given) -> reid.store.base.Store; `site.NAME` is a gallery of store NAME
STORES = Registry(
    "store",
    "reid.stores",
    StoreExtension,
    {
        "sqlite": StoreExtension(
            build="reid.store.sqlite.store:SqliteStore.open", encoder_of="reid.store.sqlite.schema:encoder_of"
        )
    },
)

TrackerName = Annotated[str, NameIn(TRACKERS)]
DetectorName = Annotated[str, NameIn(DETECTORS)]
BackendName = Annotated[str, NameIn(ENCODER_BACKENDS, first=("auto",))]
