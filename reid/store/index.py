"""A cached exact FAISS index over the vectors that stand for people."""

import logging
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid import disk
from reid.errors import InputError
from reid.store.base import Store
from reid.store.files import INDEX_SUFFIXES, beside
from reid.types import Array

log = logging.getLogger(__name__)

_MAGIC = "reid-index-1"


def require_faiss() -> Any:
    """The faiss module, which comes with one of two extras that exclude each other.

    Raises:
        InputError: it is not installed.
    """
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise InputError(
            "a gallery needs FAISS, which is not installed: install reidentify with the extra [cpu], or with [gpu] "
            "on a machine with an NVIDIA GPU, not with both; without --gallery reid works as it is"
        ) from error
    return faiss


class PersonIndex:
    """Exact search over the prototypes of all people, always as of the store's last commit.

    The cache file is one read instead of one row per prototype. It carries the store's generation and a
    checksum; absent, stale or damaged, it is made anew from the store. Only the gallery's writer saves it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._generation = ""
        self._index: Any = None  # faiss.IndexIDMap over IndexFlatIP; the ids are person ids
        self._people = 0
        self._most = 0  # prototypes of the person who has most

    def search(self, vectors: Array, k: int) -> tuple[Array, NDArray[np.int64]]:
        """The `k` nearest people to each vector, at the distance (1 - cosine) of their nearest prototype.

        Args:
            vectors: (N, D), unit length.

        Returns:
            Distances (N, k) ascending and person ids (N, k); inf and -1 where there are fewer than k people.
            Equal distances are in the order of person ids.

        Raises:
            ValueError: k < 1, or vectors of another size than the gallery's.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if self._generation != self._store.generation:
            self._load()
        distances = np.full((len(vectors), k), np.inf, dtype=np.float32)
        people = np.full((len(vectors), k), -1, dtype=np.int64)
        if self._people == 0 or len(vectors) == 0:
            return distances, people
        if vectors.ndim != 2 or vectors.shape[1] != self._index.d:
            raise ValueError(f"vectors must have shape (any, {self._index.d}), got {vectors.shape}")
        found = min(k, self._people)
        # so many rows hold at least `found` people, however the prototypes are shared out among them
        rows = min((found - 1) * self._most + 1, self._index.ntotal)
        cosines, ids = self._index.search(np.ascontiguousarray(vectors, dtype=np.float32), rows)
        distances[:, :found], people[:, :found] = _nearest_of_each(cosines, ids, found)
        return distances, people

    def _load(self) -> None:
        faiss = require_faiss()
        path = beside(self._store.path.resolve(), INDEX_SUFFIXES[0])  # one, however the gallery is reached
        generation = self._store.generation
        index = _read(path, generation)
        if index is None:
            generation, ids, vectors = self._store.prototypes()
            index = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
            index.add_with_ids(vectors, ids)
            if not self._store.read_only:
                _write(path, generation, index)
        # faiss turns to BLAS from 20 queries on, which for fewer than some thousands is up to 15 times slower
        # (upstream 5022, 5109)
        faiss.cvar.distance_compute_blas_threshold = 4 * max(index.d, 1)
        counts = np.unique(faiss.vector_to_array(index.id_map), return_counts=True)[1]
        self._index, self._generation = index, generation
        self._people, self._most = len(counts), int(counts.max(initial=0))


def _nearest_of_each(cosines: Array, ids: NDArray[np.int64], k: int) -> tuple[Array, NDArray[np.int64]]:
    """Rows (N, R), best first and several of a person, to the k best people: distances and ids (N, k)."""
    distances = np.clip(1.0 - cosines, 0.0, 2.0, dtype=np.float32)
    by_person = np.argsort(ids, axis=1, kind="stable")  # keeps best first within a person
    ids = np.take_along_axis(ids, by_person, axis=1)
    distances = np.take_along_axis(distances, by_person, axis=1)
    distances[:, 1:][ids[:, 1:] == ids[:, :-1]] = np.inf
    best = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, best, axis=1), np.take_along_axis(ids, best, axis=1)


def _write(path: Path, generation: str, index: Any) -> None:
    """Whole or not at all, also at a power cut: a temporary file, on the disk before it takes the name."""
    faiss = require_faiss()
    content = faiss.serialize_index(index).tobytes()
    temporary = path.with_name(path.name + ".tmp")
    with disk.naming(path, temporary), temporary.open("wb") as file:
        file.write(f"{_MAGIC} {generation} {zlib.crc32(content)}\n".encode("ascii"))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read(path: Path, generation: str) -> Any:
    """The cached index, or None where there is none of this generation that is whole."""
    faiss = require_faiss()
    if not path.is_file():
        return None
    with path.open("rb") as file:
        stamp = file.readline(100).decode("ascii", errors="replace").split()
        if len(stamp) != 3 or stamp[:2] != [_MAGIC, generation]:
            return None
        content = file.read()
    if stamp[2] != str(zlib.crc32(content)):
        log.warning("%s: damaged; making it anew", path)
        return None
    return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
