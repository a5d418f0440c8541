"""COCO: `annotations.json` with a box a person and frame, and the frames as images where the recordings are there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from pipelines.exporting.people import ExportedSite, ExportedTracklet
from pipelines.exporting.target import Target
from pipelines.recordings.presence import HOLD_S, Presence
from pipelines.reviewing.recorded_run import FinishedRun
from reid import json_text
from reid.errors import InputError
from reid.outputs.folder import file_stem
from reid.types import Frame
from reid.video.blur import blur_boxes
from reid.video.reader import read

CATEGORY = {"id": 1, "name": "person", "supercategory": "person"}
ANNOTATIONS = "annotations.json"
QUALITY = 95  # of JPEG


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Camera:
    """One camera of one results folder, with the frames that crops were cut from."""

    name: str
    run: FinishedRun
    tracklets: Sequence[ExportedTracklet]
    files: Mapping[int, str]  # by index of the frame
    first: int  # id of the first image

    @property
    def ids(self) -> dict[int, int]:
        """Ids of images, by index of the frame."""
        return {frame: self.first + number for number, frame in enumerate(self.files)}

    def images(self) -> list[dict[str, Any]]:
        """Describe the frames."""
        told, ids = self.run.facts.cameras[self.name], self.ids
        size = {"width": told.width, "height": told.height}
        return [
            {"id": ids[frame], "file_name": file, **size, "camera": self.name, "frame": frame}
            for frame, file in self.files.items()
        ]


def write_coco(site: ExportedSite, target: Target) -> Iterator[str]:
    """Write the frames that kept crops were cut from, with the boxes of all exported people in them."""
    cameras = _cameras(site)
    missing = {camera: why for camera in cameras if (why := _missing(camera)) is not None}
    shown = [camera for camera in cameras if camera not in missing]
    target.claim([ANNOTATIONS, *(file for camera in shown for file in camera.files.values())])
    boxes: list[dict[str, Any]] = []
    for camera in cameras:
        boxes += _boxes(camera.tracklets, camera.ids, len(boxes) + 1)
        if camera in missing:
            yield f"{camera.name}: no images of {len(camera.files)}, as {missing[camera]}"
        else:
            yield from _write_images(camera, target)
        target.advance(sum(len(one.tracklet.crops) for one in camera.tracklets))
    images = [image for camera in cameras for image in camera.images()]
    content = {"images": images, "annotations": boxes, "categories": [CATEGORY]}
    target.write(ANNOTATIONS, (json_text.dumps(content) + "\n").encode())


def _cameras(site: ExportedSite) -> list[_Camera]:
    found: list[_Camera] = []
    first = 1
    for (sequence, name), tracklets in site.by_camera().items():
        frames = sorted({one.frame_of(n) for one in tracklets for n in range(len(one.tracklet.crops))})
        folder = "/".join(part for part in ("images", site.folder_of(sequence), file_stem(name)) if part)
        files = {frame: f"{folder}/{frame:06d}.jpg" for frame in frames}
        run = site.runs[sequence - 1]
        found.append(_Camera(name=name, run=run, tracklets=tracklets, files=files, first=first))
        first += len(files)
    return found


def _missing(camera: _Camera) -> str | None:
    """Why a camera's frames cannot be had; None: they can, or none are wanted.

    Files of that name may be the user's then, who has put the frames there.
    """
    try:
        if camera.files:
            camera.run.recording(camera.name)
    except (InputError, OSError) as error:
        return str(error)
    return None


def _write_images(camera: _Camera, target: Target) -> Iterator[str]:
    """Write a camera's frames; a sentence where its recording does not give them."""
    frames, written = _frames(camera), 0
    while True:
        try:  # around reading alone: what cannot be written ends the export
            frame = next(frames, None)
        except (InputError, OSError) as error:
            yield f"{camera.name}: {written or 'no'} images of {len(camera.files)}, as {error}"
            return
        if frame is None:
            return
        ok, data = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        assert ok  # it was decoded
        target.write(camera.files[frame.index], data.tobytes())
        written += 1


def _frames(camera: _Camera) -> Iterator[Frame]:
    """The wanted frames of a recording, people who were erased from the results blurred.

    Raises:
        InputError: the recording is not there, is another one now, or ends before the last of them.
    """
    left = set(camera.files)
    if not left:
        return
    erased = Presence(camera.run.tracked()[camera.name].blurred, HOLD_S)
    begins_s = camera.run.facts.cameras[camera.name].start_s  # on the site's clock
    recording = camera.run.recording(camera.name).on_its_own_clock()  # as it was tracked
    for frame in read(recording, camera.run.config.source, lambda _: None):
        if frame.index in left:
            left.discard(frame.index)
            yield replace(frame, image=blur_boxes(frame.image, erased.boxes_at(frame.timestamp_s + begins_s)))
        if not left:
            return
    raise InputError(f"its recording has no frame {min(left)} any more")


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
