"""Distances between vectors, with gradients that stay finite where two vectors are the same."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid.losses.config import Metric


def distances(first: Tensor, second: Tensor, metric: Metric) -> Tensor:
    """Distances (A, B) between vectors (A, D) and (B, D): smaller is closer.

    Not pytorch-metric-learning's: it gets Euclidean distances from a matrix product, which rounds small ones away.
    """
    match metric:
        case "cosine":
            return 1 - normalize(first) @ normalize(second).T
        case "unit-euclidean":
            first, second = normalize(first), normalize(second)
        case "euclidean":
            pass
    # The gradient of a distance of 0 is taken as 0.
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
