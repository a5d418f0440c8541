"""The grid of equal tiles in which a matrix of distances is multiplied."""

# A product of matrices differs in the last bit with its shape, because the kernels at the edges add up in another
# order. So all products of a matrix have one shape, and lie on one grid wherever the caller's blocks begin.
# Measured with OpenBLAS: higher tiles are hardly faster, and half as high ones a fifth slower. Those are for
# galleries of which 256 MiB do not hold a whole tile of rows, so that blocks need not cut tiles (up to 524,288).
TILE_ROWS = 256
TILE_COLUMNS = 4096
LARGE_GALLERY = 2**18


def block_height(size: int, block_mib: int, bytes_each: int = 4) -> int:
    """Number of rows of `size` distances that fit into `block_mib`; whole tiles if one fits.

    Raises:
        ValueError: `block_mib` is not positive.
    """
    if block_mib < 1:
        raise ValueError(f"block_mib must be at least 1, got {block_mib}")
    height = max(block_mib * 2**20 // max(size * bytes_each, 1), 1)
    tile = tile_height(size)
    return height - height % tile if height > tile else height


def tile_height(size: int) -> int:
    """Rows of a tile, by the size of the gallery alone: it decides the last bits."""
    return TILE_ROWS if size <= LARGE_GALLERY else TILE_ROWS // 2


def tile_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """The shape of all products of a (Q, G) matrix; small matrices need not be padded to whole tiles."""
    return max(min(tile_height(shape[1]), shape[0]), 1), max(min(TILE_COLUMNS, shape[1]), 1)


def grid(start: int, stop: int, step: int) -> range:
    """Starts of the tiles that cover `start` to `stop`."""
    return range(start - start % step, stop, step)
