"""The networks that a job runs: those that its settings name, else those that ship."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from reid.config import DetectorConfig, EncoderConfig
from reid.detection.first_look import check_detector
from reid.detection.yolo import content_id, existing_weights
from reid.errors import InputError
from reid.shipped_weights import Kind, checked, chosen, located, recorded

Model = TypeVar("Model", bound=BaseModel)


def with_weights(config: Model) -> Model:
    """`config` with the paths of what will run in its sections `detector` and `encoder`.

    They stay null where they name nothing and nothing ships.

    Raises:
        InputError: `shipped:NAME` names nothing that fits.
    """
    changes: dict[str, Any] = {}
    match getattr(config, "detector", None):
        case DetectorConfig() as detector:
            changes["detector"] = detector.model_copy(
                update={"weights": chosen(detector.weights, "detector")}
            )
    match getattr(config, "encoder", None):
        case EncoderConfig() as encoder:
            changes["encoder"] = encoder.model_copy(update={"weights": chosen(encoder.weights, "encoder")})
    return config.model_copy(update=changes)


def start_of(weights: Path | None, kind: Kind) -> Path | None:
    """What a training begins with, checked where it ships.

    Raises:
        InputError: `shipped:NAME` names nothing that fits, or it is not what was sealed.
    """
    return None if weights is None else checked(located(weights, kind))


class Looks(Protocol):
    """Settings of a job that runs both networks."""

    @property
    def detector(self) -> DetectorConfig: ...
    @property
    def encoder(self) -> EncoderConfig: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What both networks are known by, before anything is computed."""

    detector_id: str
    encoder_id: str
    encoder: Path
    dimension: int | None  # length of the encoder's vectors; None: its file does not say


def identify(config: Looks) -> Identified:
    """What the networks of `config` are known by.

    Raises:
        InputError: one of them is not given, or cannot be used.
    """
    detector_id = content_id(check_detector(existing_weights(config.detector.weights)), config.detector)
    if config.encoder.weights is None:
        raise InputError(
            "no encoder is given: --encoder FILE (or encoder.weights) takes a re-identification network: a "
            "torchreid checkpoint (.pth), an ONNX file (.onnx) or an OpenVINO file (.xml)"
        )
    from reid.embedding.weights import open_weights  # brings torch, which no wrong recording should wait for

    opened = open_weights(config.encoder.weights)
    return Identified(
        detector_id=detector_id,
        encoder_id=opened.encoder_id,
        encoder=config.encoder.weights,
        dimension=opened.dimension,
    )


def as_recorded(config: BaseModel) -> dict[str, Any]:
    """`config` for a results file: what ships by name, not by where it lies on this machine."""
    content = config.model_dump(mode="json")
    for name in ("detector", "encoder"):
        if (section := content.get(name)) and section["weights"]:
            section["weights"] = recorded(Path(section["weights"]))
    return content
