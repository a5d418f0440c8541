"""Distillation: the network's vectors agree with those of teachers, other networks that are already trained.

Two terms for each teacher. The vector term is 1 - cosine between the teacher's vector and a learned linear map of the
student's (FitNets, Romero et al. 2015, equation 3, on unit vectors). The relation term compares what the batch looks
like to both: rkd is the distance-wise loss of Park et al. 2019 ("Relational Knowledge Distillation", equations 5 to
7), pkt the divergence of Passalis and Tefas 2018 ("Learning Deep Representations with Probabilistic Knowledge
Transfer", equations 5 to 7, cosine kernel).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize, smooth_l1_loss

from reid.losses.config import DistillationConfig
from reid.losses.objective import Cost

_LEAST = 1e-7  # of a probability or a mean distance that something is divided by


class Distillation(nn.Module):
    """Distance of a batch's vectors from those of the teachers of the same images.

    Args:
        dimension: D, length of the student's vectors.
        teachers: lengths of the teachers' vectors, one for each.
        generator: of the first weights of the linear maps.
    """

    def __init__(
        self,
        config: DistillationConfig,
        *,
        dimension: int,
        teachers: Sequence[int],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if not teachers:
            raise ValueError("distillation needs a teacher")
        self._config = config
        self.maps = nn.ParameterList(
            torch.randn(length, dimension, generator=generator) / dimension**0.5 for length in teachers
        )

    def forward(self, vectors: Tensor, targets: Sequence[Tensor]) -> Cost:
        """Vectors (B, D) of the student and targets (B, T) of each teacher, in the order of `teachers`."""
        if len(targets) != len(self.maps):
            raise ValueError(f"{len(self.maps)} teachers need as many targets, got {len(targets)}")
        costs = []
        for weights, target in zip(self.maps, targets, strict=True):
            teacher = normalize(target.to(vectors.dtype))
            cost = vectors.sum() * 0
            if self._config.vectors > 0:
                mapped = normalize(linear(vectors, weights))
                cost = cost + self._config.vectors * (1 - (mapped * teacher).sum(dim=1)).mean()
            if self._config.relations > 0 and len(vectors) > 1:
                relation = pkt if self._config.relation == "pkt" else rkd
                cost = cost + self._config.relations * relation(normalize(vectors), teacher)
            costs.append(cost)
        return Cost(torch.stack(costs).mean())


def pkt(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over rows of the divergence of the student's neighbours from the teacher's; unit vectors (B, D), (B, T).

    An image's neighbour is another one with a probability in proportion to (1 + cosine) / 2.
    """
    wanted, given = _neighbours(teacher), _neighbours(student)
    return (wanted * (wanted.clamp_min(_LEAST) / given.clamp_min(_LEAST)).log()).sum(dim=1).mean()


def rkd(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean Huber loss between the distances of all pairs, as multiples of their mean; unit vectors (B, D), (B, T)."""
    return smooth_l1_loss(_relative_distances(student), _relative_distances(teacher))


def _neighbours(vectors: Tensor) -> Tensor:
    """(B, B) rows of probabilities; 0 for the image itself."""
    kernel = (1 + vectors @ vectors.T) / 2
    kernel = kernel * (1 - torch.eye(len(vectors), dtype=kernel.dtype, device=kernel.device))
    return kernel / kernel.sum(dim=1, keepdim=True).clamp_min(_LEAST)


def _relative_distances(vectors: Tensor) -> Tensor:
    """(B * (B - 1) / 2,) Euclidean distances, whose mean is 1."""
    distances = torch.pdist(vectors)
    return distances / distances.mean().clamp_min(_LEAST)
