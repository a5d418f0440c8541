"""Writing of a run's results once its tracklets are linked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from pipelines.networks.chosen import as_recorded, with_absolute_paths
from pipelines.recordings.camera_job import TrackedCamera
from pipelines.runtime.versions import versions
from reid import json_text
from reid.config import OutputConfig, VideoConfig
from reid.errors import InputError
from reid.linking.offline import Linking
from reid.outputs import atomic
from reid.outputs.folder import ALSO, ResultsFolder
from reid.outputs.mot import CameraTracks, camera_tracks
from reid.outputs.video_times import VideoTimes
from reid.outputs.writer import RunResults, Writer
from reid.outputs.zones import zone_facts, zone_visits
from reid.owned_files import OwnedFiles
from reid.tables import WRITERS
from reid.types import StaticThing, Tracklet
from reid.wall_clock import WallClock
from reid.zone_config import ZoneConfig
from reid.zones.shapes import CameraShapes

FILL_GAP_S = 2.0  # a person who is back in the same camera within this was hidden, not gone
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
    outputs: OutputConfig
    cameras: Mapping[str, TrackedCamera]
    linking: Linking
    clock: WallClock | None = None  # when second 0 was; None: not known
    zones: Mapping[str, CameraShapes] = field(default_factory=dict)  # see `zone_shapes`
    told: RunResults = field(init=False)  # what the writers get

    def __post_init__(self) -> None:
        linking, tracklets = self.linking, tracklets_of(self.cameras)
        tracks = {
            name: camera_tracks(
                name,
                tracklets,
                linking.matches,
                fill_gap_s=FILL_GAP_S,
                frames=camera.frames,
                times_s=camera.times_s,
            )
            for name, camera in self.cameras.items()
        }
        self.told = RunResults(
            folder=self.folder,
            files=self.files,
            outputs=self.outputs,
            tracklets=tracklets,
            matches=linking.matches,
            identities=linking.identities,
            tracks=tracks,
            zones=zone_visits(tracks, self.zones, gap_s=FILL_GAP_S) if self.zones else None,
            things=self.things,
            clock=self.clock,
        )

    @property
    def zone_facts(self) -> list[dict[str, Any]]:
        """What run.json says of zones and lines."""
        return zone_facts(self.told.zones or (), self.zones)

    @property
    def things(self) -> list[StaticThing]:
        """What never moves, and was left out."""
        return [thing for camera in self.cameras.values() for thing in camera.things]

    def write(self) -> Mapping[str, CameraTracks]:
        """Write what is known before videos are drawn; returns the boxes by camera, which they are drawn from."""
        self._write(self.told, [name for name in self._on() if WRITERS[name].early])
        return self.told.tracks

    def finish(self, run: Mapping[str, Any], *, videos: Collection[str] = ()) -> InputError | None:
        """Write run.json and what shows the facts of the whole run, then what other packages add.

        Args:
            videos: cameras whose annotated video lies in the folder.

        Returns:
            The first failure of a writer of another package; all else is written then.
        """
        told = replace(self.told, run=run, videos=self._videos(videos))
        self._write(told, [name for name in self._on() if not WRITERS[name].early])
        atomic.write_text(self.folder.run, json_text.dumps(run, indent=1) + "\n")
        failures = []
        for name in self.outputs.also:
            mine = f"{ALSO}/{name}"
            self.files.remove(*(path for path in self.files.files() if self.folder.kind(path) == mine))
            try:
                self._write(told, [name])
            except InputError as error:
                failures.append(error)
        return failures[0] if failures else None

    def _videos(self, cameras: Collection[str]) -> dict[str, VideoTimes]:
        root = self.folder.root
        return {
            name: VideoTimes(
                path=PurePosixPath(self.folder.video(name).relative_to(root).as_posix()),
                times_s=self.cameras[name].times_s,
            )
            for name in cameras
        }

    def _on(self) -> list[str]:
        """The writers of reid whose switches are on."""
        return [name for name in WRITERS if getattr(self.outputs, name)]

    def _write(self, told: RunResults, names: Iterable[str]) -> None:
        for name in names:
            write = WRITERS.make(name, Writer, self.outputs.options.get(name, {}))
            with WRITERS.blaming(name):
                write(told)


def zone_shapes(
    zones: Mapping[str, Sequence[ZoneConfig]], sizes: Mapping[str, tuple[int, int]]
) -> dict[str, CameraShapes]:
    """The zones and lines that are counted, by camera, in frames of these sizes."""
    found = {name: CameraShapes(own, sizes[name]) for name, own in zones.items() if name in sizes}
    return {name: shapes for name, shapes in found.items() if shapes.shapes}


def tracklets_of(cameras: Mapping[str, TrackedCamera]) -> list[Tracklet]:
    """The tracklets of all cameras."""
    return [tracklet for camera in cameras.values() for tracklet in camera.tracklets]


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
        "config": as_recorded(with_absolute_paths(config)),
        "versions": versions(PACKAGES),
    }
