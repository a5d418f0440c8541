"""Numbers of frames to process, and warnings of rates at which people cannot be tracked."""

from collections.abc import Mapping

from pipelines.runtime.progress import Progress
from reid.config import VideoConfig
from reid.video.reader import SourceInfo


def frames_to_come(info: SourceInfo, config: VideoConfig) -> float | None:
    """About how many frames of a recording will be processed."""
    if info.duration_s is None:
        return info.frames
    part = config.source
    stretches = info.parts or ((0.0, info.duration_s),)
    rate = min(info.fps, part.fps or info.fps)
    return rate * sum(
        max(0.0, min(end_s, part.end_s or end_s) - max(begin_s, part.start_s)) for begin_s, end_s in stretches
    )


def tell_rates(infos: Mapping[str, SourceInfo], progress: Progress) -> None:
    """Say where the times of raw streams come from, which carry none."""
    for name, info in infos.items():
        if info.fps_from is not None and info.codec != "images":
            progress.message(
                f"{name}: a raw stream, which carries no times: {info.fps:.4g} frames a second, says "
                f"{info.fps_from}; source.raw_fps sets another rate"
            )


def warn_of_pace(infos: Mapping[str, SourceInfo], config: VideoConfig, progress: Progress) -> None:
    """Warn of cameras that cannot be tracked: frames too far apart, or too few of them."""
    limits = config.tracklets
    for name, info in infos.items():
        step_s = 1 / min(info.usual_fps, config.source.fps or info.usual_fps)
        frames = frames_to_come(info, config)
        if step_s > limits.max_gap_s:
            why = f"frames are {step_s:.3g} s apart, and tracklets.max_gap_s cuts tracks at {limits.max_gap_s:g}"
        elif frames and (frames - 0.5) * step_s < limits.min_s:  # from the first to the last
            why = f"only {frames * step_s:.2g} s, and tracklets.min_s drops tracks below {limits.min_s:g}"
        else:
            continue
        hint = " (frames are as far apart as source.image_folder_fps says)" if info.codec == "images" else ""
        progress.message(f"{name}: {why}, so no person will be found{hint}", "warning")
