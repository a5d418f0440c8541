"""The networks that a job runs: those that its settings name, else those that ship."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from pipelines.runtime.progress import Progress
from reid.camera_config import DetectorConfig, EncoderConfig
from reid.detection.build import detector_id
from reid.errors import InputError
from reid.shipped_weights import (
    PREFIX,
    Kind,
    checked,
    chosen,
    encoder_with,
    located,
    path_of,
    read_manifest,
    recorded,
)
from reid.store.opening import encoder_of
from reid.tables import DETECTORS

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


def with_weights(config: Model) -> Model:
    """`config` with the paths of what will run in its sections `detector` and `encoder`.

    They stay null where they name nothing and nothing ships.

    Raises:
        InputError: `shipped:NAME` names nothing that fits.
    """
    changes: dict[str, Any] = {}
    match getattr(config, "detector", None):
        case DetectorConfig(kind=kind) as detector if (
            kind in DETECTORS.built_in or detector.weights is not None
        ):
            changes["detector"] = detector.model_copy(
                update={"weights": chosen(detector.weights, "detector")}
            )
    match getattr(config, "encoder", None):
        case EncoderConfig() as encoder:
            changes["encoder"] = encoder.model_copy(update={"weights": chosen(encoder.weights, "encoder")})
    return config.model_copy(update=changes)


def with_encoder_of(config: Model, gallery: Path | None, progress: Progress) -> Model:
    """`config`; if it names no encoder, with the encoder that made the gallery's vectors.

    Raises:
        InputError: no encoder that ships has the gallery's id; or what is there is no gallery.
    """
    match getattr(config, "encoder", None):
        case EncoderConfig(weights=None) as encoder if gallery is not None:
            named = encoder_of(gallery)
        case _:
            return config
    default = next((e for e in read_manifest().entries if e.default and e.kind == "encoder"), None)
    if named is None or (default is not None and default.encoder_id == named):
        return config
    newer = "NEW" if default is None else f"{PREFIX}{default.name}"
    convert = f"`reid gallery convert {shlex.quote(str(gallery))} --encoder {newer}`"
    entry = encoder_with(named)
    if entry is None:
        raise InputError(
            f"{gallery}: holds vectors of encoder {named}, which does not ship with reid; give its weights with "
            f"--encoder FILE, or carry its people over to another encoder: {convert}"
        )
    progress.message(
        f"{gallery} holds vectors of {PREFIX}{entry.name}, which therefore runs instead of the default encoder; "
        f"{convert} carries its people over to that"
    )
    return config.model_copy(update={"encoder": encoder.model_copy(update={"weights": path_of(entry)})})


def start_of(weights: Path | None, kind: Kind) -> Path | None:
    """Weights that a training begins with, checked where they ship.

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
    """Ids of both networks, before anything is computed."""

    detector_id: str
    encoder_id: str
    encoder: Path
    dimension: int | None  # length of the encoder's vectors; None: its file does not say


def identify(config: Looks) -> Identified:
    """Identify the networks of `config`.

    Raises:
        InputError: one of them is not given, or cannot be used.
    """
    detector = detector_id(config.detector)
    if config.encoder.weights is None:
        raise InputError(
            "no encoder is given: --encoder FILE (or encoder.weights) takes a re-identification network: a "
            "torchreid checkpoint (.pth), an ONNX file (.onnx) or an OpenVINO file (.xml)"
        )
    from reid.embedding.weights import open_weights  # brings torch, which no wrong recording should wait for

    opened = open_weights(config.encoder.weights)
    return Identified(
        detector_id=detector,
        encoder_id=opened.encoder_id,
        encoder=config.encoder.weights,
        dimension=opened.dimension,
    )


def with_absolute_paths(value: Value) -> Value:
    """Settings whose paths do not depend on the working folder; `shipped:NAME` stays."""
    found: Any = value
    match value:
        case Path() if not str(value).startswith(PREFIX):
            found = Path(os.path.abspath(value))
        case BaseModel():
            changes = {name: with_absolute_paths(getattr(value, name)) for name in type(value).model_fields}
            found = value.model_copy(update=changes)
        case tuple():
            found = tuple(with_absolute_paths(one) for one in value)
    return found  # type: ignore[no-any-return]


def as_recorded(config: BaseModel) -> dict[str, Any]:
    """`config` for a results file: what ships by name, not by where it lies on this machine."""
    content = config.model_dump(mode="json")
    for name in ("detector", "encoder"):
        if (section := content.get(name)) and section["weights"]:
            section["weights"] = recorded(Path(section["weights"]))
    return content
