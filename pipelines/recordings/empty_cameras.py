"""Warnings of cameras without a detection: rarely true, mostly a network or a video that does not fit."""

from collections.abc import Mapping

from pipelines.recordings.camera_job import TrackedCamera
from reid.camera_config import DetectorConfig


def empty_cameras(cameras: Mapping[str, TrackedCamera], config: DetectorConfig) -> list[str]:
    """A sentence for each camera without a single box, saying what to check."""
    return [
        f"{name}: no person was found in any of {len(camera.frames)} frames; if there were people, check the "
        f"detector's classes (taken: {camera.report['detector_classes']}), --detector.confidence "
        f"({config.confidence:g}), --detector.image_size ({config.image_size}), and that the frames are upright and "
        "not of a fisheye lens"
        for name, camera in cameras.items()
        if camera.report["people"] == 0
    ]
