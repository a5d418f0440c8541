"""What review and export read of run.json."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class NumberFacts(_Part):
    """A number that the run was linked by."""

    value: float


class ThresholdFacts(_Part):
    """What the run was linked by."""

    max_distance: float
    calibration: dict[str, Any] | None = None
    numbers: dict[str, NumberFacts] = Field(default_factory=dict)


class ClockFacts(_Part):
    """When second 0 was."""

    zero: datetime
    zone: str


class RecordingFile(_Part):
    """One file of a recording."""

    file: Path
    begins_s: float | None = None
    stream: int | None = None


class CameraFacts(_Part):
    """One camera and its recording."""

    start_s: float = 0.0
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    frames: int | None = None
    processed_frames: tuple[int, ...] | None = None  # from 1; None: all were
    content: str | None = None  # see `content_key`; None: an earlier version did not write it
    files: tuple[RecordingFile, ...] = ()


class WrittenAgain(_Part):
    """The last time that review wrote the results again."""

    older_videos: tuple[str, ...] = ()


class RunFacts(_Part):
    """What is read of run.json."""

    started: datetime
    encoder_id: str
    run_id: str | None = None
    clock: ClockFacts | None = None
    threshold: ThresholdFacts
    cameras: dict[str, CameraFacts]
    config: dict[str, Any]
    written_again: WrittenAgain | None = None
