"""Calibration files: JSON beside the weights, `<weights>.calibration.json`, or shipped by encoder_id."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reid import json_text
from reid.errors import InputError
from reid.shipped import shipped
from reid.types import Calibration, ProbabilityMap, SameCamera


def beside(weights: Path) -> Path:
    """Where the calibration of `weights` is looked for first."""
    return weights.with_name(weights.name + ".calibration.json")


def find(weights: Path, encoder_id: str) -> Path | None:
    """The calibration file beside `weights`, else the one shipped for the encoder, else None."""
    for path in (beside(weights), shipped("weights") / "calibrations" / f"{encoder_id}.json"):
        if path.is_file():
            return path
    return None


def load(path: Path, encoder_id: str) -> Calibration:
    """The calibration in `path`, which must be of the encoder in use. What was measured besides is not read.

    Raises:
        InputError: the file is missing or damaged, or was made for other weights or another preprocessing.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        calibration = Calibration(
            encoder_id=str(content["encoder_id"]),
            max_distance=float(content["max_distance"]),
            centre=np.array(content["centre"], dtype=np.float32),
            data_set=str(content["data_set"]),
            operating_point=str(content["operating_point"]),
            genuine_rate=float(content["genuine_rate"]),
            impostor_rate=float(content["impostor_rate"]),
            probability=_probability(content.get("probability")),
            camera_pairs=_camera_pairs(content.get("camera_pairs", [])),
            same_camera=_same_camera(content.get("same_camera")),
        )
        if not 0 <= calibration.max_distance <= 2:
            raise ValueError(f"max_distance must be between 0 and 2, got {calibration.max_distance}")
        if not calibration.centre.size or not np.all(np.isfinite(calibration.centre)):
            raise ValueError("centre must be finite numbers, one per dimension")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such calibration file; give another, or --max-distance") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a calibration file ({type(error).__name__}: {error})") from error
    if calibration.encoder_id != encoder_id:
        raise InputError(
            f"{path}: made for encoder {calibration.encoder_id}, but {encoder_id} is in use; "
            "give its own calibration, or --max-distance"
        )
    return calibration


def dumps(calibration: Calibration, evidence: Mapping[str, Any] | None = None) -> str:
    """The file's text: what a run uses, then `evidence` of what was measured, for people and other programs."""
    probability = calibration.probability
    content: dict[str, Any] = {
        "encoder_id": calibration.encoder_id,
        "max_distance": round(calibration.max_distance, 4),
        "data_set": calibration.data_set,
        "operating_point": calibration.operating_point,
        "genuine_rate": round(calibration.genuine_rate, 6),
        "impostor_rate": round(calibration.impostor_rate, 6),
        "probability": None
        if probability is None
        else {
            "people": probability.people,
            "distances": _rounded(probability.distances, 4),
            "probabilities": _rounded(probability.probabilities, 5),
        },
        "camera_pairs": [
            [a, b, round(distance, 4)] for (a, b), distance in sorted(calibration.camera_pairs.items())
        ],
    }
    if calibration.same_camera is not None:
        content["same_camera"] = {
            key: _rounded(value, 4) if isinstance(value, np.ndarray) else round(value, 4)
            for key, value in asdict(calibration.same_camera).items()
        }
    if evidence is not None:
        content["evidence"] = evidence
    content["centre"] = _rounded(calibration.centre, 6)
    return _text(content) + "\n"


def _probability(content: Any) -> ProbabilityMap | None:
    if content is None:
        return None
    return ProbabilityMap(
        distances=np.array(content["distances"], dtype=np.float64),
        probabilities=np.array(content["probabilities"], dtype=np.float64),
        people=int(content["people"]),
    )


def _same_camera(content: Any) -> SameCamera | None:
    if content is None:
        return None
    return SameCamera(
        people=int(content["people"]),
        halves=float(content["halves"]),
        meetings_median=float(content["meetings_median"]),
        meetings_spread=float(content["meetings_spread"]),
        genuine=np.array(content["genuine"], dtype=np.float64),
        impostor=np.array(content["impostor"], dtype=np.float64),
    )


def _camera_pairs(content: Any) -> dict[tuple[str, str], float]:
    pairs = {}
    for first, second, distance in content:
        a, b = sorted((str(first), str(second)))
        if not 0 <= float(distance) <= 2:
            raise ValueError(f"the distance of cameras {a} and {b} must be between 0 and 2, got {distance}")
        pairs[a, b] = float(distance)
    return pairs


def _rounded(values: np.ndarray[Any, Any], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _text(value: Any, indent: int = 0) -> str:
    """JSON with a line for every key, and one for a whole list: hundreds of numbers fill no hundreds of lines."""
    if not isinstance(value, Mapping) or not value:
        return json_text.dumps(value)
    inner = ",\n".join(
        f"{' ' * (indent + 1)}{json_text.dumps(key)}: {_text(item, indent + 1)}"
        for key, item in value.items()
    )
    return f"{{\n{inner}\n{' ' * indent}}}"
