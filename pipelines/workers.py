"""Cameras in parallel processes: each worker loads the two networks once and takes one camera after another."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipelines.progress import Progress
from reid.config import VideoConfig
from reid.errors import InputError
from reid.types import Frame
from reid.video.source import Source

ALGORITHM = 1  # raise when tracklets of the same recording with the same settings come out differently


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraJob:
    """One camera to follow, and where its tracklets go."""

    source: Source
    config: VideoConfig
    artefact: Path
    key: str  # of content and settings: an artefact with this key need not be made again


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """What following one camera took."""

    camera_id: str
    frames: int
    tracklets: int
    static: int
    duration_s: float
    seconds: dict[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Worker:
    """State of one worker process."""

    messages: Any
    config: VideoConfig
    threads: int | None
    models: Any = None
    seconds: dict[str, float] = field(default_factory=dict)


_worker: _Worker | None = None


def camera_key(content: str, source: Source, config: VideoConfig, detector_id: str, encoder_id: str) -> str:
    """Names everything that a camera's tracklets depend on."""
    settings = config.model_dump(mode="json", include={"tracker", "tracklets"})
    part = config.source.model_dump(mode="json", exclude={"offset_s"})
    parts = [ALGORITHM, content, source.camera_id, source.offset_s, part, settings, detector_id, encoder_id]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=12).hexdigest()


def run_jobs(
    jobs: Sequence[Any], work: Callable[[Any], Any], *, config: VideoConfig, workers: int, progress: Progress
) -> tuple[list[Any], list[tuple[Any, BaseException]]]:
    """Results of `work(job)` in worker processes, and the jobs that failed with their errors.

    One failure does not stop the others. Ctrl-C stops all of them at once; what was written stays.
    """
    context = get_context("spawn")
    messages = context.Queue()
    slots = context.Queue()
    cores = _cores()
    threads = max(1, len(cores) // workers)
    for number in range(workers):
        slots.put(cores[number * threads : (number + 1) * threads] or cores)
    pump = threading.Thread(target=_pump, args=(messages, progress), daemon=True)
    pump.start()
    pool = ProcessPoolExecutor(workers, context, _start, (messages, slots, config, threads))
    done: list[Any] = []
    failed: list[tuple[Any, BaseException]] = []
    try:
        futures: dict[Future[Any], Any] = {pool.submit(work, job): job for job in jobs}
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                done.append(future.result())
            else:
                failed.append((futures[future], error))
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        messages.put(None)
        pump.join()
    return done, failed


def follow_camera(job: CameraJob) -> CameraReport:
    """Frames of one recording to tracklets on disk. Runs in a worker."""
    from reid.build import build_models
    from reid.camera import follow
    from reid.outputs.artefact import save_tracklets
    from reid.timing import Stopwatch
    from reid.tracking.assembler import TrackletAssembler
    from reid.tracking.static import split_static
    from reid.tracking.ultralytics_tracker import UltralyticsTracker
    from reid.video.reader import probe, read

    worker, config, name = _me(), job.config, job.source.camera_id
    watch, warnings = Stopwatch(), list[str]()
    indices, times = list[int](), list[float]()
    if worker.models is None:
        with watch.stage("load"):
            worker.models = build_models(config.detector, config.encoder, threads=worker.threads)
    detector, encoder = worker.models.detector, worker.models.encoder
    before = detector.model_s, encoder.model_s

    def warn(text: str) -> None:
        warnings.append(text)
        worker.messages.put(("message", text, "warning"))

    def count(group: list[Frame]) -> None:
        indices.extend(frame.index for frame in group)
        times.extend(frame.timestamp_s for frame in group)
        worker.messages.put(("advance", name, len(group)))

    rate = probe(job.source, config.source).fps
    rate = min(rate, config.source.fps or rate)
    found = follow(
        read(job.source, config.source, warn),
        detector=detector,
        encoder=encoder,
        tracker=UltralyticsTracker(config.tracker, rate),
        assembler=TrackletAssembler(name, encoder.encoder_id, config.tracklets),
        batch=config.detector.batch,
        watch=watch,
        on_frames=count,
    )
    kept, static = split_static(list(found), config.tracklets.static_s)
    if not indices:
        raise InputError(
            f"{job.source.files[0]}: no frame between source.start_s {config.source.start_s:g} and "
            f"source.end_s {config.source.end_s or 'the end'}; the recording is shorter"
        )
    watch.seconds["detector network"] = detector.model_s - before[0]
    watch.seconds["encoder network"] = encoder.model_s - before[1]
    report = CameraReport(
        camera_id=name,
        frames=len(indices),
        tracklets=len(kept),
        static=len(static),
        duration_s=times[-1] - times[0] if times else 0.0,
        seconds=watch.seconds,
        warnings=tuple(warnings),
    )
    meta = {"key": job.key, "report": _plain(report), "frames": indices, "times_s": times}
    save_tracklets(job.artefact, kept, meta)
    worker.messages.put(("finish", name, f"{len(kept)} tracklets"))
    return report


def _plain(report: CameraReport) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report)


def _start(messages: Any, slots: Any, config: VideoConfig, threads: int) -> None:
    """Prepares a worker process: its share of the cores, and deafness to Ctrl-C, which the parent handles."""
    import signal

    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cores = slots.get()
    if hasattr(os, "sched_setaffinity"):
        # the only way to bound threads in all libraries, and before they start any
        os.sched_setaffinity(0, cores)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import cv2

    cv2.setNumThreads(threads)
    _worker = _Worker(messages, config, threads)


def _me() -> _Worker:
    if _worker is None:
        raise RuntimeError("this runs in a worker process only")
    return _worker


def _pump(messages: Any, progress: Progress) -> None:
    while (message := messages.get()) is not None:
        method, *arguments = message
        getattr(progress, method)(*arguments)


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def workers_for(asked: int, cameras: int) -> int:
    """How many cameras to process at a time."""
    return max(1, min(asked or len(_cores()), cameras))


def first_error(failed: Sequence[tuple[Any, BaseException]]) -> BaseException:
    """The error to end with: the user's mistake if there is one."""
    errors = [error for _, error in failed]
    return next((error for error in errors if isinstance(error, InputError)), errors[0])
