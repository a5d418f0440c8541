"""One camera's finished tracklets as two files: arrays in an .npz, crops in a .crops beside it.

The .crops holds the JPEGs of all tracklets end to end. They go to the disk as tracklets end, and come back
one by one when they are accessed: memory does not grow with the crops of a recording. The .npz (an
uncompressed zip of NumPy arrays, nothing pickled) is written last and atomically: it is the mark of
completeness. Its header, JSON in the array `header`, names format, cameras, encoders, size and checksum of
the .crops, and the caller's `meta`. Tracklet i owns items `box_offsets[i]:box_offsets[i + 1]` of the box
arrays and `moment_offsets[i]:moment_offsets[i + 1]` of the moment arrays; its crops, `crop_sizes` bytes
each, begin at byte `crop_start[i]`.
"""

import json
import shutil
import zipfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from reid import json_text
from reid.outputs import atomic
from reid.outputs.crop_file import CropWriter, LazyCrops, crc32
from reid.text_file import check_regular
from reid.types import Embeddings, Tracklet, TrackletKey

_FORMAT = "reid tracklets 2"
_BOXES: dict[str, DTypeLike] = {
    "frames": np.int32,
    "times_s": np.float64,
    "boxes": np.float32,
    "scores": np.float32,
}
_ROUNDING = 1e-3  # of what a network calls its confidence
_MOMENTS: dict[str, DTypeLike] = {"moments_s": np.float64, "qualities": np.float32}
_OTHERS: dict[str, DTypeLike] = {
    "header": np.uint8,
    "camera": np.int32,
    "encoder": np.int32,
    "dimension": np.int32,
    "track_id": np.int64,
    "tracker_id": np.int64,
    "box_offsets": np.int64,
    "moment_offsets": np.int64,
    "crop_start": np.int64,
    "crop_sizes": np.int64,
    "vectors": np.float32,
}


class ArtefactError(ValueError):
    """Raised for a file that is missing, cut off, damaged or of another kind: the camera is not done yet."""


def crops_beside(path: Path) -> Path:
    """Path of an artefact's crops: `lobby.npz` and `lobby.crops`."""
    return path.with_suffix(".crops")


class ArtefactWriter:
    """An artefact in the making: a context within which tracklets are appended as they end, then `finish`.

    Left without `finish`, killed or by an error, nothing of it is there under its name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._finished = False
        self._crops: list[LazyCrops] = []
        self.tracklets: list[Tracklet] = []  # the appended ones; their crops can be read after `finish`

    def __enter__(self) -> Self:
        target = crops_beside(self._path)
        partial = self._stack.enter_context(atomic.replacing(target))
        self._file = CropWriter(self._stack.enter_context(partial.open("wb")), target)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not self._finished:
            why = error or RuntimeError(f"{self._path}: left before it was finished")
            self._stack.__exit__(type(why), why, why.__traceback__)  # removes what is there in part
            if error is None:
                raise why

    def append(self, tracklet: Tracklet) -> None:
        """Put the tracklet's crops on the disk; the rest of it is kept in memory."""
        crops = self._file.write(tracklet.crops)
        self._crops.append(crops)
        self.tracklets.append(replace(tracklet, crops=crops))

    def finish(self, meta: Mapping[str, Any], keep: Collection[int] | None = None) -> None:
        """Write tracklets, in order, and `meta` (anything JSON can hold).

        Args:
            keep: ids of the tracks to list; None lists all.
        """
        listed = [i for i, own in enumerate(self.tracklets) if keep is None or own.track_id in keep]
        crops = {"bytes": self._file.size, "crc32": self._file.crc32}
        arrays = _arrays([self.tracklets[i] for i in listed], [self._crops[i] for i in listed], crops, meta)
        # Crops first: killed in between, an old .npz does not fit the new .crops and counts as not done.
        self._stack.close()
        self._finished = True
        with atomic.replacing(self._path) as partial, partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)


def erase_tracklets(path: Path, gone: Collection[TrackletKey], meta: Mapping[str, Any]) -> None:
    """Write an artefact anew without some tracklets, and with other `meta`.

    Bytes of their crops become zeros, so that tracklets which were loaded before still find theirs.

    Raises:
        ArtefactError: the file cannot be used.
    """
    tracklets, _ = load_tracklets(path)
    kept = [one for one in tracklets if one.key not in gone]
    spans = [one.crops.offsets for one in tracklets if one.key in gone and isinstance(one.crops, LazyCrops)]
    target = crops_beside(path)
    with atomic.replacing(target) as partial:
        shutil.copyfile(target, partial)
        with partial.open("r+b") as file:
            for offsets in spans:
                file.seek(offsets[0])
                file.write(bytes(offsets[-1] - offsets[0]))
        crops = {"bytes": partial.stat().st_size, "crc32": crc32(partial)}
    arrays = _arrays(kept, [one.crops for one in kept if isinstance(one.crops, LazyCrops)], crops, meta)
    with atomic.replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_tracklets(path: Path) -> tuple[list[Tracklet], dict[str, Any]]:
    """Load tracklets and `meta` of a finished artefact. Crops are read when they are accessed.

    Raises:
        ArtefactError: the file cannot be used, for whatever reason; the sentence says which.
    """
    try:
        arrays = _read(path)
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != _FORMAT:
            raise ValueError(f"its format is {header['format']!r}, wanted {_FORMAT!r}")
        if not isinstance(header["meta"], dict):
            raise ValueError("meta is no mapping")
        crops = crops_beside(path)
        _check_crops(crops, header["crops"])
        return _tracklets(arrays, header["cameras"], header["encoders"], crops), header["meta"]
    # A damaged byte makes zipfile, numpy or json raise nearly anything; all of it means one thing here.
    except Exception as error:
        raise ArtefactError(f"{path} is not a finished camera: {type(error).__name__}: {error}") from error


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz, each of the type that it was written in."""
    check_regular(path, "a camera's artefact")
    with zipfile.ZipFile(path) as archive:  # what unpacks to more than it takes up was not written here
        if any(item.file_size != item.compress_size for item in archive.infolist()):
            raise ValueError("it is compressed")
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, dtype in (_BOXES | _MOMENTS | _OTHERS).items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}")
    return arrays


def _arrays(
    tracklets: Sequence[Tracklet],
    crops: Sequence[LazyCrops],
    crop_file: Mapping[str, int],
    meta: Mapping[str, Any],
) -> dict[str, NDArray[Any]]:
    """Arrays of the .npz."""
    cameras = sorted({tracklet.camera_id for tracklet in tracklets})
    encoders = sorted({tracklet.embeddings.encoder_id for tracklet in tracklets})
    header = {
        "format": _FORMAT,
        "cameras": cameras,
        "encoders": encoders,
        "crops": dict(crop_file),
        "meta": dict(meta),
    }
    arrays: dict[str, NDArray[Any]] = {
        "header": np.frombuffer(json_text.dumps(header).encode(), dtype=np.uint8),
        "camera": np.array([cameras.index(tracklet.camera_id) for tracklet in tracklets], dtype=np.int32),
        "encoder": np.array([encoders.index(t.embeddings.encoder_id) for t in tracklets], dtype=np.int32),
        "dimension": np.array([t.embeddings.vectors.shape[1] for t in tracklets], dtype=np.int32),
        "track_id": np.array([tracklet.track_id for tracklet in tracklets], dtype=np.int64),
        "tracker_id": np.array([tracklet.tracker_id for tracklet in tracklets], dtype=np.int64),
        "box_offsets": _offsets([len(tracklet.frames) for tracklet in tracklets]),
        "moment_offsets": _offsets([len(tracklet.crops) for tracklet in tracklets]),
        "crop_start": np.array([own.offsets[0] for own in crops], dtype=np.int64),
        "crop_sizes": _joined([np.diff(own.offsets) for own in crops], np.int64),
        "vectors": _joined([tracklet.embeddings.vectors.ravel() for tracklet in tracklets], np.float32),
    }
    for name, dtype in (_BOXES | _MOMENTS).items():
        arrays[name] = _joined([getattr(tracklet, name).ravel() for tracklet in tracklets], dtype)
    return arrays


def _check_crops(path: Path, crops: Mapping[str, int]) -> None:
    """The crops must be those that the arrays were written with."""
    size = path.stat().st_size
    if size != crops["bytes"]:
        raise ValueError(f"{path.name} has {size} bytes, wanted {crops['bytes']}")
    if crc32(path) != crops["crc32"]:
        raise ValueError(f"{path.name} is damaged, or of another run")


def _tracklets(
    arrays: dict[str, NDArray[Any]], cameras: list[str], encoders: list[str], crops: Path
) -> list[Tracklet]:
    count = len(arrays["track_id"])
    for name, most in (("camera", len(cameras)), ("encoder", len(encoders)), ("dimension", None)):
        if len(arrays[name]) != count or (arrays[name] < 0).any() or (most and (arrays[name] >= most).any()):
            raise ValueError(f"{name} does not fit its tracklets")
    if not len(arrays["box_offsets"]) == len(arrays["moment_offsets"]) == count + 1:
        raise ValueError("offsets do not fit its tracklets")
    if len(set(zip(arrays["camera"].tolist(), arrays["track_id"].tolist(), strict=True))) != count:
        raise ValueError("a track is there twice")
    boxes, moments = arrays["box_offsets"], arrays["moment_offsets"]
    dimensions = arrays["dimension"]
    vectors = _split(arrays["vectors"], _offsets((np.diff(moments) * dimensions).tolist()))
    columns = {name: _split(arrays[name], boxes * (4 if name == "boxes" else 1)) for name in _BOXES}
    columns |= {name: _split(arrays[name], moments) for name in _MOMENTS}
    sizes = _split(arrays["crop_sizes"], moments)
    end = crops.stat().st_size
    loaded = []
    for i in range(count):
        own = {name: parts[i] for name, parts in columns.items()}
        own["boxes"] = own["boxes"].reshape(-1, 4)
        kept = int(moments[i + 1] - moments[i])
        places = tuple((arrays["crop_start"][i] + _offsets(sizes[i])).tolist())
        if places[0] < 0 or places[-1] > end or any(b < a for a, b in pairwise(places)):
            raise ValueError("its crops do not lie in their file")
        tracklet = Tracklet(
            camera_id=cameras[arrays["camera"][i]],
            track_id=int(arrays["track_id"][i]),
            tracker_id=int(arrays["tracker_id"][i]),
            embeddings=Embeddings(
                vectors=vectors[i].reshape(kept, int(dimensions[i])),
                encoder_id=encoders[arrays["encoder"][i]],
            ),
            crops=LazyCrops(crops, places),
            **own,
        )
        _check_values(tracklet)
        loaded.append(tracklet)
    return loaded


def _check_values(own: Tracklet) -> None:
    """Arrays that were swapped or overwritten have the right shapes all the same."""
    for name, numbers in (("times_s", own.times_s), ("moments_s", own.moments_s), ("boxes", own.boxes)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} of {own.key} are not finite")
    if own.frames[0] < 0 or (np.diff(own.frames) < 0).any() or (np.diff(own.times_s) < 0).any():
        raise ValueError(f"the frames of {own.key} do not follow each other")
    for name, shares in (("scores", own.scores), ("qualities", own.qualities)):
        if not ((shares >= -_ROUNDING) & (shares <= 1 + _ROUNDING)).all():
            raise ValueError(f"{name} of {own.key} do not lie between 0 and 1")


def _offsets(lengths: Sequence[int] | NDArray[Any]) -> NDArray[np.int64]:
    """Starts of consecutive pieces, and the end of the last: (N + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)


def _split(array: NDArray[Any], offsets: NDArray[np.int64]) -> list[NDArray[Any]]:
    if offsets[0] != 0 or offsets[-1] != len(array) or (np.diff(offsets) < 0).any():
        raise ValueError(f"offsets do not fit {len(array)} items")
    return [array[start:end] for start, end in pairwise(offsets.tolist())]
