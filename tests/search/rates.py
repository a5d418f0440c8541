"""Calibrations whose rates are known."""

import numpy as np
from scipy.stats import norm

from reid.linking.calibration_file import CalibrationFile
from reid.search.rates import SearchRates

GRID = np.round(np.arange(201) * 0.01, 2)


def calibration(
    encoder_id: str = "e",
    *,
    dimension: int = 4,
    genuine: float = 0.3,
    impostor: float = 1.0,
    spread: float = 0.1,
    pairs: int = 10**9,
    basis: str = "searches",
) -> CalibrationFile:
    """Distances of one person and of two are normal, around `genuine` and `impostor`."""
    curves = {
        "distance": GRID.tolist(),
        "genuine_rate": np.append(norm.cdf(GRID[:-1], genuine, spread), 1).tolist(),
        "impostor_rate": np.append(norm.cdf(GRID[:-1], impostor, spread), 1).tolist(),
    }
    return CalibrationFile.model_validate(
        {
            "encoder_id": encoder_id,
            "max_distance": 0.6,
            "centre": [0.0] * dimension,
            "data_set": "made up",
            "operating_point": "max-f1",
            "genuine_rate": 0.9,
            "impostor_rate": 0.01,
            "evidence": {basis: {"impostor_pairs": pairs, "curves": curves}},
        }
    )


def rates(**given: float) -> SearchRates:
    """The same as a search uses it."""
    found = SearchRates.of(calibration(**given))  # type: ignore[arg-type]
    assert found is not None
    return found
