"""COCO: `annotations.json` with a box a person and frame, and the frames as images where the recordings are there."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from pipelines.exporting.people import ExportedSite, ExportedTracklet
from pipelines.exporting.target import Target
from pipelines.reviewing.recorded_run import FinishedRun
from reid import json_text
from reid.errors import InputError
from reid.outputs.folder import file_stem
from reid.video.reader import read

CATEGORY = {"id": 1, "name": "person", "supercategory": "person"}
QUALITY = 95  # of JPEG


def write_coco(site: ExportedSite, target: Target) -> Iterator[str]:
    """Write the frames that kept crops were cut from, with the boxes of all exported people in them."""
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    for (sequence, camera), tracklets in site.by_camera().items():
        run = site.runs[sequence - 1]
        frames = sorted({one.frame_of(n) for one in tracklets for n in range(len(one.tracklet.crops))})
        folder = "/".join(part for part in ("images", site.folder_of(sequence), file_stem(camera)) if part)
        first = len(images) + 1
        told = run.facts.cameras[camera]
        images += [
            {
                "id": first + number,
                "file_name": f"{folder}/{frame:06d}.jpg",
                "width": told.width,
                "height": told.height,
                "camera": camera,
                "frame": frame,
            }
            for number, frame in enumerate(frames)
        ]
        ids = {frame: first + number for number, frame in enumerate(frames)}
        boxes += _boxes(tracklets, ids, len(boxes) + 1)
        try:
            _write_frames(run, camera, folder, frames, target)
        except (InputError, OSError) as error:
            yield f"{camera}: no images, as {error}"
        target.advance(sum(len(one.tracklet.crops) for one in tracklets))
    content = {"images": images, "annotations": boxes, "categories": [CATEGORY]}
    target.write("annotations.json", (json_text.dumps(content) + "\n").encode())


def _boxes(tracklets: Sequence[ExportedTracklet], ids: dict[int, int], first: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in tracklets:
        own = one.tracklet
        for row in np.flatnonzero(np.isin(own.frames, list(ids))).tolist():
            left, top, right, bottom = (round(float(edge), 2) for edge in own.boxes[row])
            width, height = round(right - left, 2), round(bottom - top, 2)
            found.append(
                {
                    "id": first + len(found),
                    "image_id": ids[int(own.frames[row])],
                    "category_id": CATEGORY["id"],
                    "bbox": [left, top, width, height],
                    "area": round(width * height, 2),
                    "iscrowd": 0,
                    "attributes": {
                        "person_id": one.person_id,
                        "person": one.name,
                        "track_id": own.track_id,
                        "reviewed": one.reviewed,
                    },
                }
            )
    return found


def _write_frames(run: FinishedRun, camera: str, folder: str, frames: Sequence[int], target: Target) -> None:
    """Write frames of a recording as images, by their index.

    Raises:
        InputError: the recording is not there, is another one now, or ends before the last of these frames.
    """
    wanted = set(frames)
    if not wanted:
        return
    for frame in read(run.recording(camera), run.config.source, lambda _: None):
        if frame.index in wanted:
            ok, data = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if not ok:
                raise InputError(f"frame {frame.index} cannot be encoded")
            target.write(f"{folder}/{frame.index:06d}.jpg", data.tobytes())
            wanted.discard(frame.index)
        if not wanted:
            return
    raise InputError(f"its recording has no frame {min(wanted)} any more")
