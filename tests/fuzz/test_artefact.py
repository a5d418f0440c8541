"""A camera's artefact that is damaged in any way is processed again, or holds nothing that cannot be used."""

import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.recordings.camera_job import CameraJob, CameraReport, finished_camera
from reid.config import VideoConfig
from reid.outputs.artefact import crops_beside
from reid.video.source import Source
from tests.fuzz.damage import bytes_changed, damaged, dumped
from tests.outputs.scenes import jpeg, save_tracklets, tracklet

fuzz = settings.get_profile("fuzz")


@dataclass(frozen=True, kw_only=True, repr=False)
class Whole:
    """An artefact as it was written."""

    path: Path
    npz: bytes
    crops: bytes
    arrays: dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("artefact")
    path = folder / "a.npz"
    report = CameraReport(
        camera_id="a",
        frames=20,
        tracklets=2,
        static=0,
        things=0,
        people=18,
        detector_classes="person",
        duration_s=2.0,
        seconds={"load": 1.0},
        warnings=(),
    )
    meta = {
        "key": "k",
        "frames": list(range(20)),
        "times_s": [n / 10 for n in range(20)],
        "report": {name: getattr(report, name) for name in report.__slots__},
        "things": [],
    }
    tracks = [tracklet("a", n, range(n, n + 9), crops=[jpeg(n), jpeg(n + 5)]) for n in (1, 2)]
    save_tracklets(path, tracks, meta)
    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    return Whole(path=path, npz=path.read_bytes(), crops=crops_beside(path).read_bytes(), arrays=arrays)


@st.composite
def arrays_changed(draw: st.DrawFn, names: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Arrays swapped, taken away, filled, cut, of other types, or with another header."""
    kind = draw(st.sampled_from(["swap", "drop", "fill", "cut", "type", "shape", "header"]))
    one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    value = draw(st.sampled_from([0, 1, -1, 2**31 - 1, math.nan, math.inf, 1e30]))
    dtype = draw(st.sampled_from(["int8", "int32", "int64", "float32", "float64", "complex64", "U3", "bool"]))
    seed = draw(st.integers(0, 2**32))

    def apply(arrays: dict[str, Any]) -> dict[str, Any]:
        arrays = dict(arrays)
        match kind:
            case "swap":
                arrays[one], arrays[other] = arrays[other], arrays[one]
            case "drop":
                del arrays[one]
            case "fill":
                with np.errstate(invalid="ignore"):
                    filled = arrays[one].copy()
                    filled[seed % max(len(filled), 1) :] = np.array(value).astype(filled.dtype)
                    arrays[one] = filled
            case "cut":
                arrays[one] = arrays[one][: seed % (len(arrays[one]) + 1)]
            case "type":
                with np.errstate(invalid="ignore"):
                    arrays[one] = arrays[one].astype(dtype)
            case "shape":
                arrays[one] = arrays[one].reshape(1, -1) if seed % 2 else np.array(value)
        return arrays

    return apply


@fuzz
@given(data=st.data())
def test_artefact(whole: Whole, data: st.DataObject) -> None:
    """What is taken for finished can be linked and written; else the camera is processed again."""
    path, arrays = whole.path, whole.arrays
    path.write_bytes(whole.npz)
    crops_beside(path).write_bytes(whole.crops)
    how = data.draw(st.sampled_from(["arrays", "header", "bytes", "crops"]))
    if how == "arrays":
        np.savez(path, allow_pickle=False, **data.draw(arrays_changed(sorted(arrays)))(arrays))
    elif how == "header":
        header = data.draw(damaged(json.loads(arrays["header"].tobytes()), dumped))
        np.savez(path, allow_pickle=False, **arrays | {"header": np.frombuffer(header, dtype=np.uint8)})
    else:
        file = path if how == "bytes" else crops_beside(path)
        file.write_bytes(data.draw(bytes_changed(file.read_bytes())))
    source = Source(camera_id="a", files=(Path("a.mp4"),))
    job = CameraJob(
        source=source, config=VideoConfig(), split_distance=0.5, centre=None, artefact=path, key="k"
    )
    logging.disable(logging.WARNING)
    try:
        found = finished_camera(job, resumed=True)
    finally:
        logging.disable(logging.NOTSET)
    if found is not None:  # then linking and writing can go by it
        assert len(found.frames) == len(found.times_s)
        for one in found.tracklets:
            assert all(isinstance(crop, bytes) for crop in one.crops)
            assert one.end_s >= one.start_s
