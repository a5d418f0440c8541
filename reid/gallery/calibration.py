"""Calibration files: JSON beside the weights, `<weights>.calibration.json`, or shipped by encoder_id."""

import json
from pathlib import Path

import numpy as np

from reid.errors import InputError
from reid.shipped import shipped
from reid.types import Calibration


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
    """The calibration in `path`, which must be of the encoder in use.

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


def dumps(calibration: Calibration) -> str:
    """The file's text."""
    content = {
        "encoder_id": calibration.encoder_id,
        "max_distance": round(calibration.max_distance, 4),
        "data_set": calibration.data_set,
        "operating_point": calibration.operating_point,
        "genuine_rate": round(calibration.genuine_rate, 6),
        "impostor_rate": round(calibration.impostor_rate, 6),
        "centre": [round(float(value), 6) for value in calibration.centre],
    }
    return json.dumps(content, indent=1) + "\n"
