"""Images on the disk to vectors, each image once: results are kept in the cache folder by content.

The cache of one encoder is a folder of shards, files that are written once and whole. A shard holds the
digests of up to `SHARD` images and their vectors. Nothing is ever changed, so a program that is killed
loses its last, unwritten shard and no more, and several programs may fill the same folder.
"""

import hashlib
import logging
import time
import uuid
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.cache import cache_folder, replacing
from reid.distance import unit
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.stills import decode
from reid.text_file import refuse_pipe
from reid.types import Array, Image

log = logging.getLogger(__name__)

SHARD = 1024  # images between two saves: a killed run computes at most so many again
PATIENCE_S = 60.0  # and seconds of it, where the network is slow
BATCH = 128  # images per call of the encoder; twice as many are in memory
READERS = 4  # threads; decoding leaves Python's lock alone
DIGEST = 16  # bytes

Digests = NDArray[np.bytes_]  # (N,) of DIGEST bytes
Half = NDArray[np.float16]
Precision = Literal["float32", "float16"]
_DAMAGE = (ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


@overload
def extract(
    paths: Sequence[Path],
    encoder: Encoder,
    *,
    flip: bool = ...,
    dtype: Literal["float32"] = ...,
    advance: Callable[[int], None] = ...,
    folder: Path | None = ...,
) -> Array: ...


@overload
def extract(
    paths: Sequence[Path],
    encoder: Encoder,
    *,
    flip: bool = ...,
    dtype: Precision,
    advance: Callable[[int], None] = ...,
    folder: Path | None = ...,
) -> Array | Half: ...


def extract(
    paths: Sequence[Path],
    encoder: Encoder,
    *,
    flip: bool = False,
    dtype: Precision = "float32",
    advance: Callable[[int], None] = lambda count: None,
    folder: Path | None = None,
) -> Array | Half:
    """Unit vectors (N, D) of N images, in order; what the cache holds is not computed again.

    Args:
        flip: the mean of an image's vector and its mirror image's, at unit length: test-time augmentation.
        dtype: of the result; the cache holds float32.
        advance: called with the number of images that were just finished, N in all.
        folder: holds the caches of all encoders; None: `features` in the cache folder.

    Raises:
        InputError: an image cannot be read, or changes meanwhile. What was computed until then is kept.
    """
    vectors = np.empty((len(paths), encoder.dimension), dtype=dtype)
    if paths:
        root = cache_folder() / "features" if folder is None else folder
        _fill(vectors, paths, encoder, root / _name(encoder, flip=flip), flip=flip, advance=advance)
    return vectors


def _name(encoder: Encoder, *, flip: bool) -> str:
    """The folder of an encoder's cache. Back ends and devices agree to 1e-4 only: each has its own vectors."""
    device = getattr(encoder, "device", "cpu").partition(":")[0]
    parts = [encoder.encoder_id, getattr(encoder, "backend", "encoder")]
    return "-".join([*parts, *([device] if device != "cpu" else []), *(["flip"] if flip else [])])


def _fill(
    vectors: Array | Half,
    paths: Sequence[Path],
    encoder: Encoder,
    cache: Path,
    *,
    flip: bool,
    advance: Callable[[int], None],
) -> None:
    """Put in all `vectors` (N, D): first those that the cache has, then the others, last of equal images."""
    digests = _digests(paths)
    unique, first, inverse, counts = np.unique(
        digests, return_index=True, return_inverse=True, return_counts=True
    )
    done = np.zeros(len(unique), dtype=np.bool_)
    for rows, found in _remembered(cache, unique, encoder.dimension):
        vectors[first[rows]] = found
        advance(int(counts[rows[~done[rows]]].sum()))
        done[rows] = True
    missing = np.flatnonzero(~done)
    missing = missing[np.argsort(first[missing])]  # in the order of `paths`, which the disk likes
    shard = _Shard(cache)
    try:
        for rows, crops in _read_ahead(paths, digests, first, missing):
            batch = _encode(crops, encoder, flip=flip)
            vectors[first[rows]] = batch
            shard.add(unique[rows], batch)
            advance(int(counts[rows].sum()))
    finally:
        shard.write()
    same = first[inverse.reshape(-1)]
    copies = np.flatnonzero(same != np.arange(len(paths)))
    vectors[copies] = vectors[same[copies]]


def _encode(crops: list[Image], encoder: Encoder, *, flip: bool) -> Array:
    vectors = encoder.encode(crops).vectors
    if not flip:
        return vectors
    mirrored = encoder.encode([np.asarray(cv2.flip(crop, 1), dtype=np.uint8) for crop in crops]).vectors
    return unit(vectors + mirrored)


class _Shard:
    """Vectors that are not on the disk yet."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._digests: list[Digests] = []
        self._vectors: list[Array] = []
        self._since = time.monotonic()

    def add(self, digests: Digests, vectors: Array) -> None:
        self._digests.append(digests)
        self._vectors.append(vectors)
        if sum(map(len, self._digests)) >= SHARD or time.monotonic() - self._since > PATIENCE_S:
            self.write()

    def write(self) -> None:
        if self._digests:
            with replacing(self._cache / f"{uuid.uuid4().hex}.npz") as partial, partial.open("wb") as file:
                np.savez(file, digests=np.concatenate(self._digests), vectors=np.concatenate(self._vectors))
        self._digests, self._vectors, self._since = [], [], time.monotonic()


def _remembered(cache: Path, unique: Digests, dimension: int) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Shard by shard, which of the ascending digests `unique` it holds, and their vectors.

    A damaged shard is removed: its images are computed again.
    """
    for path in sorted(cache.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as content:
                digests = content["digests"]
                if digests.dtype != unique.dtype or digests.ndim != 1:
                    raise ValueError(f"digests are {digests.dtype} {digests.shape}")
                rows = np.searchsorted(unique, digests)
                rows[rows == len(unique)] = 0
                wanted = unique[rows] == digests
                if not wanted.any():
                    continue
                vectors = content["vectors"]  # the archive has a checksum, which is compared here
            if vectors.shape != (len(digests), dimension) or vectors.dtype != np.float32:
                raise ValueError(f"vectors are {vectors.dtype} {vectors.shape}")
            if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):  # NaN too
                raise ValueError("vectors are not of unit length")
        except OSError as error:  # not the file's fault, perhaps
            log.warning("%s cannot be read (%s); its images are computed again", path, error)
            continue
        except _DAMAGE as error:
            log.warning("%s is damaged (%s); its images are computed again", path, error)
            path.unlink(missing_ok=True)
            continue
        yield rows[wanted], vectors[wanted]


def _digests(paths: Sequence[Path]) -> Digests:
    """Digests (N,) of the files' bytes."""
    parts = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    with ThreadPoolExecutor(READERS) as pool:
        joined = b"".join(pool.map(lambda part: b"".join(_digest(_bytes(path)) for path in part), parts))
    return np.frombuffer(joined, dtype=f"S{DIGEST}")


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST).digest()


def _bytes(path: Path) -> bytes:
    refuse_pipe(path, "an image")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); put it back, or take it out") from error


def _image(path: Path, digest: bytes) -> Image:
    data = _bytes(path)
    if _digest(data) != digest:
        raise InputError(f"{path}: has changed while it was in use; run the same command again")
    if (image := decode(data, path)) is None:
        raise InputError(f"{path}: not a readable image; remove it or copy it again")
    return image


def _read_ahead(
    paths: Sequence[Path], digests: Digests, first: NDArray[np.intp], rows: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], list[Image]]]:
    """Batches of `rows` and their images; the next batch is decoded while the network has this one."""
    raw = digests.view(np.uint8).reshape(-1, DIGEST)  # items of bytes_ would lose zeros at their end
    with ThreadPoolExecutor(READERS) as pool:
        waiting: deque[tuple[NDArray[np.intp], list[Future[Image]]]] = deque()
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            jobs = [pool.submit(_image, paths[at], raw[at].tobytes()) for at in first[part].tolist()]
            waiting.append((part, jobs))
            if len(waiting) == 2:
                ready, done = waiting.popleft()
                yield ready, [job.result() for job in done]
        for ready, done in waiting:
            yield ready, [job.result() for job in done]
