"""One camera's finished tracklets as one file: arrays end to end with offsets, nothing pickled.

The file is a NumPy .npz (an uncompressed zip: crops are JPEG already), written atomically. Its header, JSON
in the array `header`, names format, cameras, encoders and the caller's `meta`. Tracklet i owns items
`box_offsets[i]:box_offsets[i + 1]` of the box arrays and `moment_offsets[i]:moment_offsets[i + 1]` of the
moment arrays; moment k owns bytes `crop_offsets[k]:crop_offsets[k + 1]` of `crops`.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from reid.outputs import atomic
from reid.types import Embeddings, Tracklet

_FORMAT = "reid tracklets 1"
_BOXES: dict[str, DTypeLike] = {
    "frames": np.int32,
    "times_s": np.float64,
    "boxes": np.float32,
    "scores": np.float32,
}
_MOMENTS: dict[str, DTypeLike] = {"moments_s": np.float64, "qualities": np.float32}


class ArtefactError(ValueError):
    """The file is missing, cut off, damaged or something else: the camera is not done yet."""


def save_tracklets(path: Path, tracklets: Sequence[Tracklet], meta: Mapping[str, Any]) -> None:
    """Writes the tracklets, in order, and `meta` (anything JSON can hold)."""
    cameras = sorted({tracklet.camera_id for tracklet in tracklets})
    encoders = sorted({tracklet.embeddings.encoder_id for tracklet in tracklets})
    header = {"format": _FORMAT, "cameras": cameras, "encoders": encoders, "meta": dict(meta)}
    crops = [crop for tracklet in tracklets for crop in tracklet.crops]
    arrays: dict[str, NDArray[Any]] = {
        "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
        "camera": np.array([cameras.index(tracklet.camera_id) for tracklet in tracklets], dtype=np.int32),
        "encoder": np.array([encoders.index(t.embeddings.encoder_id) for t in tracklets], dtype=np.int32),
        "dimension": np.array([t.embeddings.vectors.shape[1] for t in tracklets], dtype=np.int32),
        "track_id": np.array([tracklet.track_id for tracklet in tracklets], dtype=np.int64),
        "tracker_id": np.array([tracklet.tracker_id for tracklet in tracklets], dtype=np.int64),
        "box_offsets": _offsets([len(tracklet.frames) for tracklet in tracklets]),
        "moment_offsets": _offsets([len(tracklet.crops) for tracklet in tracklets]),
        "crop_offsets": _offsets([len(crop) for crop in crops]),
        "vectors": _joined([tracklet.embeddings.vectors.ravel() for tracklet in tracklets], np.float32),
        "crops": np.frombuffer(b"".join(crops), dtype=np.uint8),
    }
    for name, dtype in (_BOXES | _MOMENTS).items():
        arrays[name] = _joined([getattr(tracklet, name).ravel() for tracklet in tracklets], dtype)
    with atomic.replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_tracklets(path: Path) -> tuple[list[Tracklet], dict[str, Any]]:
    """The tracklets and the `meta` that `save_tracklets` wrote.

    Raises:
        ArtefactError: the file cannot be used, for whatever reason; the sentence says which.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != _FORMAT:
            raise ValueError(f"its format is {header['format']!r}, wanted {_FORMAT!r}")
        return _tracklets(arrays, header["cameras"], header["encoders"]), header["meta"]
    # A damaged byte makes zipfile, numpy or json raise nearly anything; all of it means one thing here.
    except Exception as error:
        raise ArtefactError(f"{path} is not a finished camera: {type(error).__name__}: {error}") from error


def _tracklets(arrays: dict[str, NDArray[Any]], cameras: list[str], encoders: list[str]) -> list[Tracklet]:
    boxes, moments = arrays["box_offsets"], arrays["moment_offsets"]
    dimensions = arrays["dimension"]
    vectors = _split(arrays["vectors"], _offsets((np.diff(moments) * dimensions).tolist()))
    columns = {name: _split(arrays[name], boxes * (4 if name == "boxes" else 1)) for name in _BOXES}
    columns |= {name: _split(arrays[name], moments) for name in _MOMENTS}
    crops = [crop.tobytes() for crop in _split(arrays["crops"], arrays["crop_offsets"])]
    loaded = []
    for i in range(len(arrays["track_id"])):
        own = {name: parts[i] for name, parts in columns.items()}
        own["boxes"] = own["boxes"].reshape(-1, 4)
        count = int(moments[i + 1] - moments[i])
        tracklet = Tracklet(
            camera_id=cameras[arrays["camera"][i]],
            track_id=int(arrays["track_id"][i]),
            tracker_id=int(arrays["tracker_id"][i]),
            embeddings=Embeddings(
                vectors=vectors[i].reshape(count, int(dimensions[i])),
                encoder_id=encoders[arrays["encoder"][i]],
            ),
            crops=tuple(crops[moments[i] : moments[i + 1]]),
            **own,
        )
        loaded.append(tracklet)
    return loaded


def _offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Where each of consecutive pieces begins, and where the last ends: (N + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)


def _split(array: NDArray[Any], offsets: NDArray[np.int64]) -> list[NDArray[Any]]:
    if offsets[0] != 0 or offsets[-1] != len(array) or (np.diff(offsets) < 0).any():
        raise ValueError(f"offsets do not fit {len(array)} items")
    return [array[start:end] for start, end in pairwise(offsets.tolist())]
