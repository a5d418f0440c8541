"""One vector for each tracklet or person, as linking compares them."""

from collections.abc import Sequence

import numpy as np

from reid.distance import unit
from reid.types import Array, Embeddings


def means(sets: Sequence[Embeddings], centre: Array | None) -> Array:
    """One unit vector (N, D) per set of vectors, from `centre`."""
    moved = [unit(s.vectors - centre) if centre is not None else s.vectors for s in sets]
    return unit(np.stack([vectors.mean(axis=0) for vectors in moved]))
