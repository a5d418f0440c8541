"""Vectors of earlier batches, to be compared with as well (Wang et al. 2020, "Cross-Batch Memory")."""

import torch
from torch import Tensor, nn

from reid.losses.compared import EMPTY


class CrossBatchMemory(nn.Module):
    """A ring of vectors and persons. All of it are buffers, so a saved training goes on with the same ring.

    Args:
        from_step: batches before vectors are compared with it; it is filled from the first on.
    """

    vectors: Tensor
    persons: Tensor
    steps: Tensor
    place: Tensor

    def __init__(self, size: int, *, dimension: int, from_step: int) -> None:
        super().__init__()
        self._from_step = from_step
        self.register_buffer("vectors", torch.zeros(size, dimension))
        self.register_buffer("persons", torch.full((size,), EMPTY))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))

    def remembered(self) -> tuple[Tensor, Tensor] | None:
        """Vectors (M, D) and persons (M,), EMPTY where a place is empty; None before `from_step`."""
        if int(self.steps) < self._from_step:
            return None
        return self.vectors.clone(), self.persons.clone()  # the graph of the loss must not see them change

    def add(self, vectors: Tensor, persons: Tensor) -> None:
        """Add a batch over the oldest vectors; of a batch larger than the ring, its last ones."""
        size = len(self.persons)
        vectors, persons = vectors.detach()[-size:], persons[-size:]
        places = (self.place + torch.arange(len(persons), device=persons.device)) % size
        self.vectors[places] = vectors.to(self.vectors.dtype)
        self.persons[places] = persons
        self.place.copy_((self.place + len(persons)) % size)
        self.steps.add_(1)
