"""`reid demo`: the main job on the rendered recording that comes with reid."""

from pipelines.runtime.progress import Progress
from pipelines.video import run as run_video
from reid.config import VideoConfig
from reid.errors import InputError
from reid.shipped import demo_recording
from reid.shipped_weights import default_detector, default_encoder


def run(config: VideoConfig, progress: Progress) -> int:
    """Process the three cameras of the bundled recording, which shows rendered people only."""
    missing = [
        f"{what} (--{flag} FILE or {variable})"
        for what, flag, variable, given in (
            (
                "a person detector that ultralytics loads",
                "detector",
                "REID_DETECTOR",
                config.detector.weights or default_detector(),
            ),
            (
                "a re-identification network",
                "encoder",
                "REID_ENCODER",
                config.encoder.weights or default_encoder(),
            ),
        )
        if given is None
    ]
    if missing:
        raise InputError(f"no weights ship with reid yet, so the demo needs {' and '.join(missing)}")
    recordings = tuple(str(path) for path in sorted(demo_recording().glob("cam*.mp4")))
    return run_video(config.model_copy(update={"sources": recordings}), progress)
