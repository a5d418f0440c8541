"""The linking policy of a job, out of its settings, a calibration, or a guess that comes with a warning."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np

from reid.calibration_record import Calibration
from reid.camera_config import TrackletConfig
from reid.config import LinkingConfig
from reid.linking import calibration as calibrations
from reid.linking.calibration_file import Curves, read_file
from reid.linking.policy import UNCALIBRATED_DISTANCE, UNCALIBRATED_SPLIT, LinkingPolicy
from reid.shipped_weights import recorded

CURVE_STEP = 0.05


def choose_policy(
    encoder: Path | None,
    encoder_id: str,
    linking: LinkingConfig | None = None,
    tracklets: TrackletConfig | None = None,
    *,
    dimension: int | None = None,
) -> LinkingPolicy:
    """The policy for an encoder: what the settings say goes before its calibration, and that before a guess.

    Args:
        encoder: its weights, if they are known; the calibration beside them counts where `linking.calibration`
            names none, then the one that ships for `encoder_id`.
        linking, tracklets: None: the defaults.
        dimension: length of the encoder's vectors, where it is known.

    Raises:
        InputError: the calibration cannot be read, or was made for another encoder.
    """
    linking, tracklets = linking or LinkingConfig(), tracklets or TrackletConfig()
    path = linking.calibration or calibrations.find(encoder, encoder_id)
    evidence = calibration = warning = None
    if path is not None:
        file, calibration = read_file(path)
        calibrations.checked(calibration, path, encoder_id, dimension)
        evidence = _evidence(path, calibration, file.measured.curves)
    if calibration is not None:
        distance = split = calibration.max_distance
        source = f"calibration on {calibration.data_set}: {calibration.operating_point}"
    else:
        distance, split = UNCALIBRATED_DISTANCE, UNCALIBRATED_SPLIT
        source = "a guess, the encoder has no calibration"
    origins = dict.fromkeys(("max_distance", "split_distance"), source)
    if linking.max_distance is not None:
        distance, origins["max_distance"] = linking.max_distance, "linking.max_distance"
    elif calibration is None:
        warning = _guessed(distance, encoder, encoder_id)
    if tracklets.split_distance is not None:
        split, origins["split_distance"] = tracklets.split_distance, "tracklets.split_distance"
    if calibration is not None:
        origins |= dict.fromkeys(("centre", "probability", "camera_scales"), source)
    names = ("min_travel_s", "learn_between", "same_ground", "fragment_s", "fragment_slack")
    return LinkingPolicy(
        max_distance=distance,
        split_distance=split,
        centre=calibration.centre if calibration else None,
        camera_scales=_camera_scales(calibration) if calibration else {},
        probability=calibration.probability if calibration else None,
        unseen_site=calibration.unseen_site if calibration else None,
        min_travel_s=linking.min_travel_s,
        possible_motion=linking.possible_motion,
        learn_between=linking.learn_between,
        same_ground=linking.same_ground,
        fragment_s=linking.fragment_s,
        fragment_slack=linking.fragment_slack,
        origins=origins | {name: f"linking.{name}" for name in names},
        evidence=evidence,
        warning=warning,
    )


def _guessed(distance: float, weights: Path | None, encoder_id: str) -> str:
    name = "the encoder" if weights is None else recorded(weights)
    given = "WEIGHTS" if weights is None else shlex.quote(name)
    return (
        f"{name} (encoder {encoder_id}) has no calibration, so the distance of {distance} up to which people are "
        f"linked is a guess: `reid calibrate CROPS --encoder {given}` measures one on labelled crops, "
        "and without any, look at the links with the smallest margins in the report and set --max-distance"
    )


def _camera_scales(calibration: Calibration) -> dict[tuple[str, str], float]:
    """Factors that move the own distance of every pair of cameras to the common one.

    Where a distance is 0, only equal vectors are linked, and no factor leads there.
    """
    return {
        pair: calibration.max_distance / own
        for pair, own in calibration.camera_pairs.items()
        if own > 0 and calibration.max_distance > 0
    }


def _evidence(path: Path, calibration: Calibration, curves: Curves | None) -> dict[str, Any]:
    """What the report shows of a calibration file; the curves only where it has them: old ones do not."""
    return {
        "file": recorded(path),
        "data_set": calibration.data_set,
        "operating_point": calibration.operating_point,
        "max_distance": calibration.max_distance,
        "genuine_rate": calibration.genuine_rate,
        "impostor_rate": calibration.impostor_rate,
        "people": calibration.probability.people if calibration.probability else None,
        "camera_pairs": {f"{a}-{b}": own for (a, b), own in sorted(calibration.camera_pairs.items())},
        "curves": None if curves is None else _coarse(curves),
    }


def _coarse(curves: Curves) -> dict[str, list[float]]:
    """Rates at steps of CURVE_STEP: enough for a chart, and few lines in run.json."""
    steps = np.arange(0, 2 + CURVE_STEP / 2, CURVE_STEP)
    return {"distance": steps.round(3).tolist()} | {
        name: np.interp(steps, curves.distance, getattr(curves, name), left=0.0, right=1.0).round(5).tolist()
        for name in ("genuine_rate", "impostor_rate")
    }
