"""Mining of triplets: functions of distances (A, R) and of the mask of pairs that may be compared.

Rows of the results are (anchor, positive, negative), positions in the rows and columns of the distances.
"""

import torch
from torch import Tensor

from reid.losses.compared import Compared


def every_triplet(compared: Compared) -> Tensor:
    """All triplets (T, 3)."""
    pairs = torch.nonzero(compared.positive)
    row, negative = torch.where(compared.negative[pairs[:, 0]])  # not (A, R, R), which a memory makes huge
    return torch.cat([pairs[row], negative[:, None]], dim=1)


def batch_hard(distances: Tensor, compared: Compared) -> Tensor:
    """Farthest positive and nearest negative of every anchor (Hermans et al. 2017, equation 5)."""
    able = torch.where(compared.positive.any(dim=1) & compared.negative.any(dim=1))[0]
    positive = distances.masked_fill(~compared.positive, -torch.inf).argmax(dim=1)
    negative = distances.masked_fill(~compared.negative, torch.inf).argmin(dim=1)
    return torch.stack([able, positive[able], negative[able]], dim=1)


def semi_hard(distances: Tensor, compared: Compared, margin: float) -> Tensor:
    """Negatives farther than the positive, by less than the margin (Schroff et al. 2015, equation 4)."""
    triplets = every_triplet(compared)
    anchor, positive, negative = triplets.unbind(dim=1)
    gap = distances[anchor, negative] - distances[anchor, positive]
    return triplets[(gap > 0) & (gap < margin)]


def informative_positive(distances: Tensor, compared: Compared) -> Tensor:
    """Nearest negative of every anchor, and its farthest positive that is nearer than that.

    Moderate positives (Shi et al. 2016, "Embedding Deep Metric for Person Re-identification", section 3.1): the
    farthest ones of all are often another view, hidden, or a wrong box, and pull different things together. Anchors
    without such a positive take their nearest one.
    """
    able = torch.where(compared.positive.any(dim=1) & compared.negative.any(dim=1))[0]
    negative = distances.masked_fill(~compared.negative, torch.inf).argmin(dim=1)
    limit = distances.gather(1, negative[:, None])
    nearer = compared.positive & (distances < limit)
    farthest = distances.masked_fill(~nearer, -torch.inf).argmax(dim=1)
    nearest = distances.masked_fill(~compared.positive, torch.inf).argmin(dim=1)
    positive = torch.where(nearer.any(dim=1), farthest, nearest)
    return torch.stack([able, positive[able], negative[able]], dim=1)
