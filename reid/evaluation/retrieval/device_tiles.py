"""Distances that a device of torch computes, in tiles.

Exercised with torch on the CPU. CUDA itself is untested.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.retrieval.tiles import grid, tile_shape
from reid.types import Array

if TYPE_CHECKING:
    import torch


class DeviceTiles:
    """1 - cosine on a device, clipped to [0, 2], in tiles of one shape like `CosineRows`."""

    def __init__(
        self, query: NDArray[np.floating[Any]], gallery: NDArray[np.floating[Any]], *, device: str
    ) -> None:
        import torch

        self.shape = (len(query), len(gallery))
        self.query = torch.from_numpy(np.ascontiguousarray(query))
        self.gallery = torch.from_numpy(np.ascontiguousarray(gallery)).to(device)

    def numpy(self, start: int, stop: int) -> Array:
        """Rows (stop - start, G) in the memory of the host."""
        return np.array(self.tensor(start, stop).cpu().numpy(), np.float32)

    def tensor(self, start: int, stop: int) -> "torch.Tensor":
        """Rows (stop - start, G), float32, on the device."""
        import torch

        out = torch.empty((stop - start, self.shape[1]), dtype=torch.float32, device=self.gallery.device)
        height, width = tile_shape(self.shape)
        queries = [(row, self._tile(self.query, row, height)) for row in grid(start, stop, height)]
        for column in grid(0, self.shape[1], width):
            tile = self._tile(self.gallery, column, width)
            for row, rows in queries:
                lower, upper = max(row, start), min(row + height, stop)
                piece = out[lower - start : upper - start, column : column + width]
                product = (rows @ tile.T)[lower - row : upper - row, : piece.shape[1]]
                torch.sub(1.0, product, out=piece)
                piece.clamp_(0.0, 2.0)
        return out

    def _tile(self, features: "torch.Tensor", start: int, height: int) -> "torch.Tensor":
        import torch

        part = features[start : start + height].to(self.gallery.device, torch.float32)
        return torch.nn.functional.pad(part, (0, 0, 0, height - len(part)))
