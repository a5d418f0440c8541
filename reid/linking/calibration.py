"""Calibration files: JSON beside the weights, `<weights>.calibration.json`, or shipped by encoder_id."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reid import json_text
from reid.calibration_record import Calibration
from reid.errors import InputError
from reid.linking.calibration_file import ADVICE, read_file
from reid.shipped import shipped


def beside(weights: Path) -> Path:
    """Where the calibration of `weights` is looked for first."""
    return weights.with_name(weights.name + ".calibration.json")


def find(weights: Path | None, encoder_id: str) -> Path | None:
    """The calibration file beside `weights`, else the one shipped for the encoder, else None."""
    places = [] if weights is None else [beside(weights)]
    places.append(shipped("weights") / "calibrations" / f"{encoder_id}.json")
    for path in places:
        if path.is_file():
            return path
    return None


def load(path: Path, encoder_id: str, dimension: int | None = None) -> Calibration:
    """The calibration in `path`, which must be of the encoder in use. What was measured besides is not read.

    Args:
        dimension: length of the encoder's vectors, where it is known.

    Raises:
        InputError: the file is missing or damaged, or was made for other weights or another preprocessing.
    """
    return checked(read_file(path)[1], path, encoder_id, dimension)


def checked(calibration: Calibration, path: Path, encoder_id: str, dimension: int | None) -> Calibration:
    """The calibration of `path` if it fits the encoder in use; see `load`."""
    if calibration.encoder_id != encoder_id:
        raise InputError(
            f"{path}: made for encoder {calibration.encoder_id}, but {encoder_id} is in use; "
            "give its own calibration, or --max-distance"
        )
    if dimension not in (None, calibration.centre.size):
        raise InputError(
            f"{path}: centre has {calibration.centre.size} numbers, but the encoder's vectors have {dimension}"
            f"{ADVICE}"
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
    if (unseen := calibration.unseen_site) is not None:
        content["unseen_site"] = {
            "sites": dict(unseen.sites),
            "distances": _rounded(unseen.distances, 4),
            "false_non_match": [_short(row) for row in unseen.false_non_match],
            "false_match": [_short(row) for row in unseen.false_match],
        }
    if evidence is not None:
        content["evidence"] = evidence
    content["centre"] = _rounded(calibration.centre, 6)
    return _text(content) + "\n"


def _rounded(values: np.ndarray[Any, Any], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _short(values: np.ndarray[Any, Any]) -> list[float]:
    """Numbers of four significant digits."""
    return [float(f"{value:.4g}") for value in values]


def _text(value: Any, indent: int = 0) -> str:
    """JSON with a line for every key, and one for a whole list: hundreds of numbers fill no hundreds of lines."""
    if not isinstance(value, Mapping) or not value:
        return json_text.dumps(value)
    inner = ",\n".join(
        f"{' ' * (indent + 1)}{json_text.dumps(key)}: {_text(item, indent + 1)}"
        for key, item in value.items()
    )
    return f"{{\n{inner}\n{' ' * indent}}}"
