"""What a run of `reid video` gives to its writers, and the writers of reid: the table `reid.tables.WRITERS`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from reid.config import OutputConfig
from reid.outputs.crops import write_crops
from reid.outputs.folder import ResultsFolder
from reid.outputs.mot import CameraTracks, write_mot
from reid.outputs.report import write_report
from reid.outputs.static_things import write_things
from reid.outputs.tables import write_identities, write_tables
from reid.outputs.video_times import VideoTimes
from reid.outputs.zones import ZoneVisit, write_zones
from reid.owned_files import OwnedFiles
from reid.registry import NoSettings
from reid.types import Identity, Match, StaticThing, Tracklet, TrackletKey
from reid.wall_clock import WallClock

JOIN_GAP_S = 2.0  # two tracklets of a person in one camera closer than this are one sighting
CROPS_PER_CAMERA = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunResults:
    """Identities of one run, and where files about it go."""

    folder: ResultsFolder
    files: OwnedFiles  # of that folder
    outputs: OutputConfig
    tracklets: Sequence[Tracklet]  # of all cameras
    matches: Sequence[Match]  # one per tracklet: its person, and how sure that is
    identities: Sequence[Identity]  # the people
    tracks: Mapping[str, CameraTracks]  # every box of a person, by camera
    things: Sequence[StaticThing] = ()  # never move, and were left out
    zones: Sequence[ZoneVisit] | None = None  # stays and crossings; None: there are no zones and lines
    clock: WallClock | None = None  # when second 0 was; None: not known
    videos: Mapping[str, VideoTimes] = field(default_factory=dict)  # annotated ones; empty for early writers
    run: Mapping[str, Any] = field(default_factory=dict)  # what run.json says; empty for early writers
    # files of each, where crops were written
    crops: dict[TrackletKey, list[str]] = field(default_factory=dict)

    def claim(self, writer: str, name: str) -> Path:
        """The place of a file of a writer that another package adds: `also/WRITER/NAME`, its folder made.

        Raises:
            InputError: a file is there that reid did not write.
        """
        path = self.folder.also(writer) / name
        self.files.claim(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@runtime_checkable
class Writer(Protocol):
    """Writes files about a run."""

    def __call__(self, results: RunResults) -> None:
        """Write them all, whole or not at all (`reid.outputs.atomic`)."""


def tracks(settings: NoSettings) -> Writer:
    """`tracks/<camera>.txt`."""

    def write(results: RunResults) -> None:
        for name, boxes in results.tracks.items():
            write_mot(results.folder.tracks(name), boxes)

    return write


def crops(settings: NoSettings) -> Writer:
    """The best crops of each person; tables name them."""

    def write(results: RunResults) -> None:
        written = write_crops(
            results.folder, results.files, results.tracklets, results.matches, per_camera=CROPS_PER_CAMERA
        )
        results.crops.update(written)

    return write


def tables(settings: NoSettings) -> Writer:
    """`identities.json`, the tables of tracklets and of zones, and static things."""

    def write(results: RunResults) -> None:
        folder, clock = results.folder, results.clock
        write_tables(
            folder.tracklets_csv,
            folder.tracklets_parquet,
            tracklets=results.tracklets,
            matches=results.matches,
            identities=results.identities,
            clock=clock,
        )
        write_identities(
            folder.identities,
            tracklets=results.tracklets,
            matches=results.matches,
            identities=results.identities,
            join_gap_s=JOIN_GAP_S,
            crops=results.crops,
            clock=clock,
        )
        write_things(folder.root, results.files, results.things, clock=clock)
        if results.zones is None:
            results.files.remove(folder.zones_csv)
        else:
            write_zones(folder.zones_csv, results.zones, clock)

    return write


def report(settings: NoSettings) -> Writer:
    """`report.html`."""

    def write(results: RunResults) -> None:
        write_report(
            results.folder.report,
            run=results.run,
            tracklets=results.tracklets,
            matches=results.matches,
            identities=results.identities,
            join_gap_s=JOIN_GAP_S,
            clock=results.clock,
            things=results.things,
            videos=results.videos,
        )

    return write
