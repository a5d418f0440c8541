"""The same recording through `reid demo` and, as it happens, through `reid live`: who is who by each.

    python -m tests.rehearsals.live_identity --output identity.json

`reid live` plays the rendered films at their own speed with an empty gallery, and takes as many frames as the
machine sustains; each side is scored by `reid evaluate` on the frames that it processed. Live identities are those
after the last re-clustering, as the gallery has them, written as `reid video` writes its own. Identity changes are
the events that gave a tracklet to another person than told before; that an uncertain answer was settled is none. The
truth is that of the recording's visible boxes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from pipelines import evaluate, live
from pipelines.recordings.results import FILL_GAP_S
from pipelines.runtime.displays import Lines
from pipelines.runtime.progress import Progress, reporter
from pipelines.site.engine import build_engine
from pipelines.site.live_config import LiveConfig
from reid.live.identity.appearance import Appearance
from reid.live.loop import Engine
from reid.live.tracking.camera_update import CameraUpdate
from reid.outputs.mot import camera_tracks, write_mot
from reid.shipped import demo_recording
from reid.types import Frame, Match, Tracklet, TrackletKey
from tests.benchmarks.jobs import Report, table
from tests.rehearsals.kill import ROOT, sightings
from tests.rehearsals.live_run import CAMERAS, ENVIRONMENT, about, conclude, films, read_events

WITHIN = 0.05


@dataclass(slots=True)
class Recorder:
    """What was processed of each camera, and the last that was known of each tracklet."""

    frames: dict[str, list[tuple[int, float]]] = field(
        default_factory=lambda: {camera: [] for camera in CAMERAS}
    )  # indices and times
    tracklets: dict[TrackletKey, Tracklet] = field(default_factory=dict)

    def listen(self, engine: Engine) -> Engine:
        """Hear of all that an engine does."""
        engine.on_frame = [*engine.on_frame, self._frame]
        registry: Any = engine.site.registry
        before: Callable[[CameraUpdate], None] = registry.take

        def take(update: CameraUpdate) -> None:
            before(update)
            for tracklet in (*update.growing.values(), *update.ended):
                self.tracklets[tracklet.key] = tracklet

        registry.take = take
        return engine

    def _frame(self, frame: Frame, _visits: Sequence[Appearance]) -> None:
        self.frames[frame.camera_id].append((frame.index, frame.timestamp_s))

    def write(self, folder: Path, matches: Sequence[Match]) -> None:
        """A results folder."""
        (folder / "tracks").mkdir(parents=True)
        for camera, frames in self.frames.items():
            indices, times = zip(*frames, strict=True)
            boxes = camera_tracks(
                camera,
                list(self.tracklets.values()),
                matches,
                fill_gap_s=FILL_GAP_S,
                frames=np.array(indices),
                times_s=np.array(times),
            )
            write_mot(folder / "tracks" / f"{camera}.txt", boxes)
        processed = {
            camera: {"processed_frames": [index + 1 for index, _ in own]}
            for camera, own in self.frames.items()
        }
        (folder / "run.json").write_text(json.dumps({"cameras": processed}))


def run_live(folder: Path) -> Report:
    """The films as live cameras, in this process; scored."""
    recorder = Recorder()
    cameras = tuple(f"{camera}={film}" for camera, film in films().items())
    config = LiveConfig.model_validate({"cameras": cameras, "output": folder, "page": {"listen": None}})
    with patch.object(live, "build_engine", lambda *words: recorder.listen(build_engine(*words))):
        live.run(config, Progress(Lines(sys.stderr, sys.stderr)))
    shown = [one for own in sightings(folder / "gallery.db").values() for one in own]
    matches = [one.match for one in shown]
    recorder.write(folder / "results", matches)
    events = read_events(folder)
    changes = Counter(
        str(event["reason"])
        for event in events
        if event["event"] == "identity_changed" and event["old"] is not None
    )
    minutes = sum(one.end_s - one.start_s for one in shown) / 60
    return scored(folder / "results") | {
        "frames": {camera: len(own) for camera, own in recorder.frames.items()},
        "people": len({match.person_id for match in matches}),
        "tracklets": len(matches),
        "without_a_record": len({match.tracklet for match in matches} - recorder.tracklets.keys()),
        "person_minutes": round(minutes, 2),
        "identity_changes": dict(changes),
        "identity_changes_per_person_minute": round(changes.total() / minutes, 2),
    }


def run_offline(folder: Path, words: Sequence[str]) -> Report:
    """`reid demo`, scored."""
    command = [sys.executable, "-m", "pipelines.cli", "demo", "--no-video", "--quiet", *words]
    subprocess.run(
        [*command, "--output", str(folder)], cwd=ROOT, env={**os.environ, **ENVIRONMENT}, check=True
    )
    run = json.loads((folder / "run.json").read_text())
    return scored(folder) | {"frames": {name: one["frames"] for name, one in run["cameras"].items()}}


def scored(results: Path) -> Report:
    """By `reid evaluate`."""
    with redirect_stdout(sys.stderr):
        evaluate.run(results, demo_recording(), reporter(), output=results / "scores.json")
    scores = json.loads((results / "scores.json").read_text())
    names = ("idf1", "idp", "idr", "hota", "assa", "truth_ids", "result_ids")
    found = {name: scores["global_ids"][name] for name in names}
    return {name: round(value, 4) for name, value in found.items()} | {
        "idf1_ids_per_camera": round(scores["local_ids"]["idf1"], 4)
    }


def missed(offline: Report, same_frames: Report, online: Report) -> Iterator[str]:
    if offline["idf1"] - online["idf1"] > WITHIN:
        yield (
            f"IDF1 of live is {online['idf1']:.3f}, of offline {offline['idf1']:.3f}: more than {WITHIN} less "
            f"(offline at as many frames a second: {same_frames['idf1']:.3f})"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    told = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    report = about()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        online = run_live(folder / "live")
        fps = max(0.5, sum(online["frames"].values()) / len(CAMERAS) / 45.0)
        offline = run_offline(folder / "offline", [])
        same = run_offline(folder / "same", [f"--fps={fps:.2f}"])
    report |= {"offline": offline, "offline_at_live_fps": {"fps": round(fps, 2)} | same, "live": online}
    head = ("idf1", "idp", "idr", "hota", "assa", "idf1_ids_per_camera", "result_ids")
    sides = (("reid demo", offline), (f"reid demo, {fps:.1f} fps", same), ("reid live", online))
    print(table(("", *head), [[name, *(side[one] for one in head)] for name, side in sides]))
    print(
        f"identity changes: {online['identity_changes']}, {online['identity_changes_per_person_minute']} a "
        f"person-minute; frames: {online['frames']}"
    )
    return conclude(told.output, report, missed(offline, same, online))


if __name__ == "__main__":
    sys.exit(main())
