"""Linear map from the vectors of one encoder to those of another, for sightings without kept crops.

A map is an .npz of `matrix` (D, E) and `offset` (E,), float16, and `about`, JSON in bytes: both encoder ids, and the
loss on crops that the map was not fitted on. Nothing in it is pickled. Those that ship lie in
`weights/maps/<old id>-<new id>.npz`.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reid import json_text
from reid.distance import unit
from reid.errors import InputError
from reid.shipped import shipped
from reid.shipped_weights import FOLDER, checked
from reid.text_file import check_regular, first_complaint
from reid.types import Array

FORMAT = "reid vector map 1"
MAPS = "maps"
WANTED = "a map between encoders, as `reid weights map` writes it"
FEWEST = 50  # crops; with fewer the loss says nothing
HELD_OUT = 0.2  # share of the crops, from the end: neighbours in a listing often show one person
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the ridge, in mean variances of the old vectors
_MOST_BYTES = 64 * 2**20
_ARRAYS = {"matrix": (np.float16, 2), "offset": (np.float16, 1), "about": (np.uint8, 1)}

Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Count = Annotated[int, Field(ge=1)]


class Loss(BaseModel):
    """How well a map does on crops that it was not fitted on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cosine: Cosine  # mean, of mapped to true vectors
    baseline: Cosine  # mean, of the mean vector to true vectors: the score without a map
    # share of mapped vectors whose nearest true vector is of the same crop
    found: Annotated[float, Field(ge=0, le=1)]
    crops: Count  # held out
    fitted: Count  # crops that it was fitted on


class _About(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    old: str
    new: str
    loss: Loss


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorMap:
    """Takes vectors of encoder `old` to where encoder `new` has them, about.

    Args:
        matrix: (D, E).
        offset: (E,).
    """

    old: str
    new: str
    matrix: Array
    offset: Array
    loss: Loss

    def __call__(self, vectors: Array) -> Array:
        """Unit vectors (N, E) for vectors (N, D)."""
        return unit(np.asarray(vectors @ self.matrix + self.offset, dtype=np.float32))


def fit(old_id: str, new_id: str, old: Array, new: Array) -> VectorMap:
    """The ridge regression (Hoerl and Kennard 1970) from vectors `old` (N, D) to `new` (N, E) of the same N crops.

    The last fifth is held out for the loss. The penalty is chosen on the last fifth of what remains.

    Raises:
        ValueError: fewer than `FEWEST` crops, or not as many vectors on both sides.
    """
    if len(old) != len(new) or len(old) < FEWEST:
        raise ValueError(f"a map needs {FEWEST} crops or more, got {len(old)} and {len(new)}")
    train = _before_held_out(len(old))
    inner = _before_held_out(train)

    def inner_cosine(penalty: float) -> float:
        return _cosine(_apply(_ridge(old[:inner], new[:inner], penalty), old[inner:train]), new[inner:train])

    matrix, offset = _ridge(old[:train], new[:train], max(PENALTIES, key=inner_cosine))
    # what is stated holds for what is stored
    stored = (matrix.astype(np.float16).astype(np.float32), offset.astype(np.float16).astype(np.float32))
    mapped, true = _apply(stored, old[train:]), new[train:]
    mean = unit(new[:train].mean(axis=0)[None])
    loss = Loss(
        cosine=round(_cosine(mapped, true), 4),
        baseline=round(_cosine(np.repeat(mean, len(true), axis=0), true), 4),
        found=round(float(np.mean(np.argmax(mapped @ true.T, axis=1) == np.arange(len(true)))), 4),
        crops=len(true),
        fitted=train,
    )
    return VectorMap(old=old_id, new=new_id, matrix=stored[0], offset=stored[1], loss=loss)


def _before_held_out(count: int) -> int:
    return count - round(HELD_OUT * count)


def _ridge(old: Array, new: Array, penalty: float) -> tuple[Array, Array]:
    """Matrix and offset; the offset is not penalised."""
    x, y = old.astype(np.float64), new.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram) + 1e-12
    matrix = np.linalg.solve(gram, x.T @ y)
    return matrix.astype(np.float32), (y_mean - x_mean @ matrix).astype(np.float32)


def _apply(fitted: tuple[Array, Array], vectors: Array) -> Array:
    return unit(np.asarray(vectors @ fitted[0] + fitted[1], dtype=np.float32))


def _cosine(one: Array, other: Array) -> float:
    return float(np.mean(np.sum(one * other, axis=1)))


# files ---


def place_of(old_id: str, new_id: str) -> Path:
    """Where the map between two encoders lies if it ships."""
    return shipped(FOLDER) / MAPS / f"{old_id}-{new_id}.npz"


def find(old_id: str, new_id: str) -> Path | None:
    """The map that ships for two encoders, compared with the manifest; None where there is none."""
    path = place_of(old_id, new_id)
    return checked(path) if path.is_file() else None


def dumps(vector_map: VectorMap) -> bytes:
    """The file's content."""
    about = _About(format=FORMAT, old=vector_map.old, new=vector_map.new, loss=vector_map.loss)
    text = json_text.dumps(about.model_dump(mode="json"))
    content = io.BytesIO()
    arrays: dict[str, NDArray[Any]] = {
        "matrix": vector_map.matrix.astype(np.float16),
        "offset": vector_map.offset.astype(np.float16),
        "about": np.frombuffer(text.encode(), dtype=np.uint8),
    }
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def load(path: Path) -> VectorMap:
    """The map in a file.

    Raises:
        InputError: there is no such file, or it is damaged or something else.
    """
    check_regular(path, WANTED)
    try:
        arrays = _read(path)
        about = _About.model_validate(json.loads(arrays["about"].tobytes()))
    except ValidationError as error:
        raise InputError(f"{path}: about: {first_complaint(error)}; expected {WANTED}") from None
    # a damaged byte makes zipfile, numpy or json raise nearly anything; all of it means one thing here
    except Exception as error:
        raise InputError(
            f"{path}: cannot be read ({type(error).__name__}: {error}); expected {WANTED}"
        ) from None
    matrix, offset = arrays["matrix"].astype(np.float32), arrays["offset"].astype(np.float32)
    if about.format != FORMAT:
        raise InputError(f"{path}: its format is {about.format!r}, not {FORMAT!r}; expected {WANTED}")
    if matrix.shape[1:] != offset.shape or not (np.isfinite(matrix).all() and np.isfinite(offset).all()):
        raise InputError(f"{path}: damaged: matrix and offset do not fit each other, or are not finite")
    return VectorMap(old=about.old, new=about.new, matrix=matrix, offset=offset, loss=about.loss)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:  # what unpacks to more than it takes up was not written here
        items = archive.infolist()
        if any(item.file_size != item.compress_size for item in items):
            raise ValueError("it is compressed")
        if sum(item.file_size for item in items) > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES // 2**20} MiB")
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in _ARRAYS}
    for name, (dtype, dimensions) in _ARRAYS.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != dimensions:
            raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}")
    return arrays
