"""Distance between embeddings: 1 - cosine, defined once. Smaller is closer, 0 is equal, 2 is opposite."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def unit(vectors: Floats) -> Floats:
    """Rows of `vectors` (N, D) scaled to unit length, float32.

    Raises:
        ValueError: a row is zero or not finite; it has no direction, so no distance.
    """
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.all(np.isfinite(norms)) or np.any(norms < 1e-12):
        raise ValueError("an embedding is zero or not finite, so it has no direction")
    return np.asarray(vectors / norms, dtype=np.float32)


def pairwise(a: Floats, b: Floats) -> Floats:
    """Distances (N, M) between unit rows `a` (N, D) and `b` (M, D), clipped to [0, 2]."""
    return np.asarray(np.clip(1.0 - a @ b.T, 0.0, 2.0), dtype=np.float32)
