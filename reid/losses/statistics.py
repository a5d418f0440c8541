"""Distances of a batch's pairs."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid.losses.compared import UNLABELLED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairDistances:
    """Cosine distances of all pairs in a batch, each pair once."""

    positive: Tensor  # (P,) pairs of one person
    negative: Tensor  # (N,) pairs of two people


def pair_distances(features: Tensor, persons: Tensor) -> PairDistances:
    """Distances 1 - cosine between features (B, D) of persons (B,); unlabelled images are left out."""
    features, persons = features[persons != UNLABELLED], persons[persons != UNLABELLED]
    vectors = normalize(features.detach().float())
    first, second = torch.triu_indices(len(persons), len(persons), offset=1, device=persons.device)
    apart = 1 - (vectors @ vectors.T)[first, second]
    same = persons[first] == persons[second]
    return PairDistances(positive=apart[same], negative=apart[~same])
