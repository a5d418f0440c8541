"""Ranking on a device of torch.

Exercised with torch on the CPU. CUDA itself is untested. From equal distances it makes equal numbers; distances
that the device multiplies differ from numpy's by rounding (torch's default leaves TF32 off; so must the caller).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.evaluation.retrieval.distances import CosineRows, DistanceRows
from reid.evaluation.retrieval.labels import Columns, Labelled, check_labels, members
from reid.evaluation.retrieval.ranks import MatchRanks, Ranking
from reid.evaluation.retrieval.tiles import block_height
from reid.types import Array

if TYPE_CHECKING:
    import torch

# of a distance: itself, sorted, its position (torch always returns it), and what a radix sort needs beside
BYTES_EACH = 32


def rank_on_device(
    distances: DistanceRows,
    query: Labelled,
    gallery: Labelled,
    *,
    device: str,
    block_mib: int = 256,
    keep_same_camera: bool = False,
) -> Ranking:
    """`reid.evaluation.retrieval.ranking.rank`, with the rows sorted on `device` ("cuda").

    Args:
        block_mib: bounds the memory on the device, beside the features.

    Raises:
        ValueError: as `rank` does.
    """
    import torch

    check_labels(distances.shape, query, gallery)
    matches, removed = members(query, gallery, keep_same_camera=keep_same_camera)
    found = MatchRanks.of(matches)
    height = block_height(len(gallery), block_mib, BYTES_EACH)
    for start in range(0, len(query), height):
        stop = min(start + height, len(query))
        if isinstance(distances, CosineRows) and distances.device != "cpu":
            block = distances.tiles.tensor(start, stop)
        else:
            block = torch.from_numpy(distances.rows(start, stop)).to(device)
        if block.numel() and torch.isnan(block).any():
            row, column = torch.nonzero(torch.isnan(block))[0].tolist()
            raise ValueError(
                f"the distance of query {start + row} and gallery {column} is not a number (NaN)"
            )
        _rank_block(found, block, start, removed)
    return found.ranking(len(gallery) - removed.sizes)


def _rank_block(found: MatchRanks, block: "torch.Tensor", start: int, removed: Columns) -> None:
    """Fill in the matches of the queries from `start` on; `block` (B, G) is overwritten."""
    import torch

    def put(array: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(array).to(block.device)

    offsets = found.matches.offsets[start : start + len(block) + 1]
    own = slice(offsets[0], offsets[-1])
    sizes = np.diff(offsets)
    if not sizes.any():
        return
    owner = np.repeat(np.arange(len(block)), sizes)
    columns = found.matches.values[own]
    values = block[put(owner), put(columns)].cpu().numpy()
    order = np.lexsort((columns, values, owner))
    columns[:], values = columns[order], values[order]
    gone = slice(removed.offsets[start], removed.offsets[start + len(block)])
    gone_sizes = removed.sizes[start : start + len(block)]
    gone_owner = np.repeat(np.arange(len(block)), gone_sizes)
    # not NaN as on the CPU: torch's binary search runs past it; an infinite match is put right below
    block[put(gone_owner), put(removed.values[gone])] = torch.inf
    padded = np.full((len(block), sizes.max()), np.inf, np.float32)
    place = np.arange(len(owner)) - np.repeat(offsets[:-1] - offsets[0], sizes)
    padded[owner, place] = values
    ascending, _ = torch.sort(block, dim=1)
    below = torch.searchsorted(ascending, put(padded)).cpu().numpy()[owner, place]
    within = torch.searchsorted(ascending, put(padded), right=True).cpu().numpy()[owner, place]
    del ascending
    within = np.minimum(within, (block.shape[1] - gone_sizes)[owner])
    ranks = within.copy()
    tied = np.flatnonzero(within - below > 1)
    if len(tied):
        # equal to nothing, not even to infinity
        block[put(gone_owner), put(removed.values[gone])] = torch.nan
        ranks[tied] = below[tied] + 1 + _equal_before(block, owner[tied], values[tied], columns[tied])
    found.distances[own], found.ranks[own] = values, ranks
    found.below[own], found.within[own] = below, within


def _equal_before(block: "torch.Tensor", owner: Labels, values: Array, columns: Labels) -> Labels:
    """Number (M,) of distances of a match's row that equal its own and stand before it in the gallery."""
    import torch

    counts = np.empty(len(owner), np.int64)
    position = torch.arange(block.shape[1], device=block.device)
    step = max(len(block) // 2, 1)  # a row of the block once more for each, and two answers
    for start in range(0, len(owner), step):
        part = slice(start, start + step)
        rows, own, limits = (torch.from_numpy(a[part]).to(block.device) for a in (owner, values, columns))
        equal = (block[rows] == own[:, None]) & (position < limits[:, None])
        counts[part] = equal.sum(dim=1).cpu().numpy()
    return counts
