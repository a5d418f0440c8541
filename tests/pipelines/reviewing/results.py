"""Results folders as `reid video` writes them, of people who walk past cameras without recordings and networks."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.recordings.camera_job import CameraReport, load_camera
from pipelines.recordings.linking_policy import open_gallery
from pipelines.recordings.results import Results, describe, tracklets_of
from pipelines.recordings.results_folder import bring_in_line, note_written, results_folder
from reid.config import LinkingConfig, OutputConfig, VideoConfig
from reid.linking.policy_choice import choose_policy
from reid.outputs.folder import ResultsFolder
from reid.owned_files import OwnedFiles
from reid.site import link_site
from reid.types import Tracklet
from reid.wall_clock import WallClock
from tests.outputs.scenes import jpeg, save_tracklets
from tests.tracklets import ENCODER, towards, tracklet

STARTED = datetime(2026, 11, 27, 10, tzinfo=UTC)
CLOCK = WallClock(zero_s=STARTED.timestamp(), zone="UTC")
LENGTH, STEP = 20, 40  # frames of a tracklet, and from the start of one to the next: none are at once

Seen = Mapping[str, Mapping[int, int]]  # camera -> track -> who is seen, one after the other


def seen_at(camera: str, track: int, person: int, *, start: int) -> Tracklet:
    """One tracklet with three crops of its own."""
    made = tracklet(
        camera,
        track,
        frames=range(start, start + LENGTH),
        vectors=towards(person, spread=0.02, seed=track, count=3),
    )
    number = person * 1000 + track * 10 + sum(map(ord, camera))
    return replace(
        made,
        crops=tuple(jpeg(number + n) for n in range(3)),
        qualities=np.array([0.9, 0.6, 0.3], dtype=np.float32),
    )


def make_results(
    root: Path,
    seen: Seen,
    *,
    gallery: Path | None = None,
    run_id: str | None = "0123456789abcdef01234567",
    shift_s: float = 0.0,
    files: Mapping[str, Path] | None = None,
    clock: WallClock | None = CLOCK,
    calibration: Path | None = None,
    step: int = STEP,
    **outputs: bool,
) -> Path:
    """Write a finished run: who is seen on which track of which camera.

    Args:
        run_id: None: as an earlier version wrote it.
        shift_s: of all cameras, from their own clocks to the site's.
        files: recordings by camera.
        step: frames from the start of one tracklet to the next.
    """
    config = VideoConfig(
        sources=tuple(str(path) for path in (files or {}).values()),
        output=root,
        gallery=gallery,
        linking=LinkingConfig(calibration=calibration),
        outputs=OutputConfig(**({"video": False} | outputs)),
    )
    policy = choose_policy(None, ENCODER, config.linking, config.tracklets)
    store = open_gallery(config, ENCODER)
    with results_folder(config, run_key=f"key {run_id}", cameras=list(seen), inputs=()) as owned:
        folder = ResultsFolder(root)
        cameras = {}
        for name, tracks in seen.items():
            own = [seen_at(name, t, who, start=step * n) for n, (t, who) in enumerate(tracks.items())]
            save_tracklets(folder.camera(name), own, _meta(name, len(own)))
            cameras[name] = load_camera(folder.camera(name), name, shift_s=shift_s)
        linking = link_site(
            tracklets_of(cameras),
            policy,
            store,
            run_id=run_id,
            started=STARTED,
            cameras=list(seen),
            clock=clock,
        )
        bring_in_line(owned, linking, config.outputs)
        results = Results(
            folder=folder,
            files=owned.files,
            outputs=config.outputs,
            cameras=cameras,
            linking=linking,
            clock=clock,
        )
        results.write()
        frames = {name: len(camera.frames) for name, camera in cameras.items()}
        results.finish(_facts(config, policy.facts(), run_id, shift_s, files or {}, frames, clock))
        note_written(owned)
    if store is not None:
        store.close()
    return root


def put_videos(root: Path, content: bytes) -> None:
    """Put such annotated videos of all cameras to results, as a run that draws does."""
    cameras = json.loads((root / "run.json").read_text())["cameras"]
    paths = [ResultsFolder(root).video(name) for name in cameras]
    OwnedFiles(root).claim(*paths)
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def _meta(name: str, tracklets: int) -> dict[str, Any]:
    frames = range(STEP * tracklets)
    report = CameraReport(
        camera_id=name,
        frames=len(frames),
        tracklets=tracklets,
        static=0,
        things=0,
        people=LENGTH * tracklets,
        detector_classes="person (0)",
        duration_s=len(frames) / 10,
        seconds={"load": 1.0},
        warnings=(),
    )
    times = [n / 10 for n in frames]
    return {"key": "k", "report": asdict(report), "frames": list(frames), "times_s": times, "things": []}


def _facts(
    config: VideoConfig,
    threshold: dict[str, Any],
    run_id: str | None,
    shift_s: float,
    files: Mapping[str, Path],
    frames: Mapping[str, int],
    clock: WallClock | None,
) -> dict[str, Any]:
    about = {
        name: {
            "width": 320,
            "height": 240,
            "fps": 10.0,
            "frames": count,
            "duration_s": count / 10,
            "seconds": {},
            "start_s": shift_s,
            "files": [{"file": str(files[name]), "begins_s": None}] if name in files else [],
        }
        for name, count in frames.items()
    }
    facts = {
        "run_key": f"key {run_id}",
        **({} if run_id is None else {"run_id": run_id}),
        "started": STARTED.isoformat(timespec="seconds"),
        "seconds": 1.0,
        "encoder_id": ENCODER,
        "detector_id": "d",
        "clock": None if clock is None else {"zero": clock.iso(0), "zone": "UTC", "from": ["given"]},
        "threshold": threshold,
        "camera_pairs": [],
        "warnings": [],
    }
    return facts | describe(config, about, [])
