"""Writing of a run's results once its tracklets are linked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.networks.chosen import as_recorded
from pipelines.runtime.versions import versions
from reid import json_text
from reid.config import VideoConfig
from reid.linking.offline import Linking
from reid.outputs import atomic
from reid.outputs.crops import write_crops
from reid.outputs.folder import ResultsFolder
from reid.outputs.mot import CameraTracks, camera_tracks, write_mot
from reid.outputs.report import write_report
from reid.outputs.static_things import write_things
from reid.outputs.tables import write_identities, write_tables
from reid.owned_files import OwnedFiles
from reid.types import StaticThing, Tracklet
from reid.wall_clock import WallClock

JOIN_GAP_S = 2.0  # two tracklets of a person in one camera closer than this are one sighting
FILL_GAP_S = 2.0  # a person who is back in the same camera within this was hidden, not gone
CROPS_PER_CAMERA = 4
PACKAGES = (
    "torch",
    "ultralytics-opencv-headless",
    "openvino",
    "onnxruntime",
    "opencv-python-headless",
    "av",
    "numpy",
)


@dataclass(slots=True, kw_only=True)
class Results:
    """Outcome of one run, and the folder that it goes to."""

    folder: ResultsFolder
    files: OwnedFiles
    config: VideoConfig
    tracklets: list[Tracklet]
    linking: Linking
    frames: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]  # indices and times by camera
    clock: WallClock | None = None  # when second 0 was; None: not known
    things: Sequence[StaticThing] = ()  # never move, and were left out

    def write(self) -> dict[str, CameraTracks]:
        """Write the outputs of the config and return the boxes by camera, which videos are drawn from."""
        linking, outputs, folder = self.linking, self.config.outputs, self.folder
        tracks = {
            name: camera_tracks(
                name, self.tracklets, linking.matches, fill_gap_s=FILL_GAP_S, frames=indices, times_s=times
            )
            for name, (indices, times) in self.frames.items()
        }
        if outputs.tracks:
            for name, boxes in tracks.items():
                write_mot(folder.tracks(name), boxes)
        pictures = (
            write_crops(folder, self.files, self.tracklets, linking.matches, per_camera=CROPS_PER_CAMERA)
            if outputs.crops
            else {}
        )
        if outputs.tables:
            write_tables(
                folder.tracklets_csv,
                folder.tracklets_parquet,
                tracklets=self.tracklets,
                matches=linking.matches,
                identities=linking.identities,
                clock=self.clock,
            )
            write_identities(
                folder.identities,
                tracklets=self.tracklets,
                matches=linking.matches,
                identities=linking.identities,
                join_gap_s=JOIN_GAP_S,
                crops=pictures,
                clock=self.clock,
            )
            write_things(folder.root, self.files, self.things, clock=self.clock)
        return tracks

    def finish(self, run: Mapping[str, Any]) -> None:
        """Write run.json and the report, which show what the whole run took."""
        if self.config.outputs.report:
            write_report(
                self.folder.report,
                run=run,
                tracklets=self.tracklets,
                matches=self.linking.matches,
                identities=self.linking.identities,
                join_gap_s=JOIN_GAP_S,
                clock=self.clock,
                things=self.things,
            )
        atomic.write_text(self.folder.run, json_text.dumps(run, indent=1) + "\n")


def describe(
    config: VideoConfig,
    cameras: Mapping[str, Mapping[str, Any]],
    rendering: Sequence[Mapping[str, float]],
) -> dict[str, Any]:
    """Facts of a run for run.json: seconds by stage, the networks' share of them, versions, config.

    Stage seconds are added over cameras, which ran side by side: they can exceed the run's own.
    """
    stages: dict[str, float] = {}
    for seconds in [*(camera["seconds"] for camera in cameras.values()), *rendering]:
        for stage, spent in seconds.items():
            stages[stage] = stages.get(stage, 0.0) + spent
    networks = sum(spent for stage, spent in stages.items() if stage.endswith("network"))
    work = sum(spent for stage, spent in stages.items() if not stage.endswith("network") and stage != "load")
    return {
        "stages_s": {stage: round(spent, 3) for stage, spent in stages.items()},
        "networks_share": round(networks / work, 4) if work else None,
        "cameras": cameras,
        "config": as_recorded(config),
        "versions": versions(PACKAGES),
    }
