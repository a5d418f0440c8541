"""Distances between queries and a gallery, some rows at a time, so that the whole matrix need not exist."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.retrieval.tiles import TILE_COLUMNS, block_height, grid, tile_shape
from reid.types import Array

Features = NDArray[np.floating[Any]]


class DistanceRows(Protocol):
    """A (Q, G) matrix of distances that is made row by row."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of queries, size of the gallery."""

    def rows(self, start: int, stop: int) -> Array:
        """Rows (stop - start, G) of the matrix; the caller may overwrite them."""


class CosineRows:
    """1 - cosine, clipped to [0, 2], as `reid.distance.pairwise` has it.

    An element does not depend on which rows are asked for with it: any block size gives the same bits. Features
    in float16 take half the memory; they are multiplied in float32, tile by tile.
    """

    def __init__(self, query: Features, gallery: Features, *, device: str = "cpu") -> None:
        """Look at unit vectors `query` (Q, D) and `gallery` (G, D), float32 or float16, without copying them.

        Args:
            device: "cpu" multiplies with numpy. Anything else names a device of torch ("cuda"), which then holds
                the gallery; its distances differ from numpy's by rounding. CUDA itself is not tested.

        Raises:
            ValueError: shape or type do not fit, or a row is not of unit length (see `reid.distance.unit`).
        """
        self.query, self.gallery = _checked(query, "query"), _checked(gallery, "gallery")
        if query.shape[1] != gallery.shape[1]:
            raise ValueError(
                f"query and gallery must be of one dimension, got {query.shape[1]} and {gallery.shape[1]}"
            )
        self.device = device
        if device != "cpu":
            from reid.evaluation.retrieval.device_tiles import DeviceTiles

            self.tiles = DeviceTiles(self.query, self.gallery, device=device)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.query), len(self.gallery)

    def rows(self, start: int, stop: int) -> Array:
        check_rows(self.shape, start, stop)
        if self.device != "cpu":
            return self.tiles.numpy(start, stop)
        out = np.empty((stop - start, len(self.gallery)), np.float32)
        height, width = tile_shape(self.shape)
        product = np.empty((height, width), np.float32)
        queries = [(row, _tile(self.query, row, height)) for row in grid(start, stop, height)]
        for column in grid(0, len(self.gallery), width):
            tile = _tile(self.gallery, column, width)
            for row, rows in queries:
                np.matmul(rows, tile.T, out=product)
                lower, upper = max(row, start), min(row + height, stop)
                piece = out[lower - start : upper - start, column : column + width]
                np.subtract(1, product, out=product)
                np.clip(product[lower - row : upper - row, : piece.shape[1]], 0, 2, out=piece)
        return out


class MatrixRows:
    """A matrix of distances (Q, G) that already exists."""

    def __init__(self, matrix: NDArray[Any]) -> None:
        """Look at `matrix`; rows are converted to float32.

        Raises:
            ValueError: it has not two dimensions.
        """
        if matrix.ndim != 2:
            raise ValueError(f"a matrix of distances must have shape (Q, G), got {matrix.shape}")
        self.matrix = matrix

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrix.shape[0], self.matrix.shape[1]

    def rows(self, start: int, stop: int) -> Array:
        check_rows(self.shape, start, stop)
        return np.array(self.matrix[start:stop], np.float32, order="C")


def blocks(distances: DistanceRows, block_mib: int, *, bytes_each: int = 4) -> Iterator[tuple[int, Array]]:
    """First row and rows (B, G) of all blocks that `block_mib` can hold, at least one row each.

    Args:
        bytes_each: what the caller needs for a distance, the distance itself included.

    Raises:
        ValueError: `block_mib` is not positive, or a distance is not a number.
    """
    queries, size = distances.shape
    height = block_height(size, block_mib, bytes_each)
    for start in range(0, queries, height):
        block = distances.rows(start, min(start + height, queries))
        # the smallest of numbers is NaN if one of them is; asking each alone would cost an array of answers
        if block.size and np.isnan(block.min()):
            row, column = np.argwhere(np.isnan(block))[0].tolist()
            raise ValueError(
                f"the distance of query {start + row} and gallery {column} is not a number (NaN)"
            )
        yield start, block


def check_rows(shape: tuple[int, int], start: int, stop: int) -> None:
    """Raise ValueError unless `start` to `stop` are rows of the matrix."""
    if not 0 <= start <= stop <= shape[0]:
        raise ValueError(f"rows {start} to {stop} do not lie within the {shape[0]} that there are")


def _tile(features: Features, start: int, height: int) -> Array:
    """Rows from `start` on (height, D) in float32; zeros stand for rows past the end."""
    part = features[start : start + height].astype(np.float32, copy=False)
    if len(part) == height:
        return part
    tile = np.zeros((height, features.shape[1]), np.float32)
    tile[: len(part)] = part
    return tile


def _checked(features: Features, name: str) -> Features:
    if features.ndim != 2 or features.dtype not in (np.float32, np.float16):
        raise ValueError(
            f"{name} must be float32 or float16 of shape (N, D), got {features.dtype} {features.shape}"
        )
    for start in range(0, len(features), TILE_COLUMNS):
        lengths = np.linalg.norm(_tile(features, start, len(features[start : start + TILE_COLUMNS])), axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) < 5e-3))  # "not close" rather than "far": NaN is neither
        if len(wrong):
            raise ValueError(
                f"{name} row {start + wrong[0]} has length {lengths[wrong[0]]:g}; reid.distance.unit makes it 1"
            )
    return features
