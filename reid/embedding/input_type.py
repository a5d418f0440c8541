"""The numbers that a network takes. Prepared crops are float32; some exports want whole pixels, or half precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.embedding.crops import Preprocessing
from reid.types import Array

Numbers = np.dtype[Any]
FLOAT32: Numbers = np.dtype(np.float32)


def cast(batch: Array, kind: Numbers) -> NDArray[Any]:
    """A prepared batch in numbers of `kind`: the one rule of all back ends, which would convert each in their way."""
    if kind.kind in "iu":
        return np.ascontiguousarray(np.rint(batch).astype(kind))
    return np.ascontiguousarray(batch, dtype=kind)


def misfit(preprocessing: Preprocessing, kind: Numbers) -> str | None:
    """Why pixels that are prepared so are no numbers of `kind`; None where they are."""
    if kind.kind not in "iu":
        return None
    mean, std = np.array(preprocessing.mean), np.array(preprocessing.std)
    values = (np.arange(256)[:, None] - mean) / std
    limits = np.iinfo(kind)
    if (
        np.all(np.abs(values - np.rint(values)) < 1e-6)
        and limits.min <= values.min() <= values.max() <= limits.max
    ):
        return None
    return (
        f"takes {kind.name}, and with mean {list(preprocessing.mean)} and std {list(preprocessing.std)} pixels "
        f"become {values.min():g} to {values.max():g}, which are not all whole numbers of that type"
    )
