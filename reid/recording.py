"""One recording, from its frames to tracklets, with the tracker and the rules of a `VideoConfig`."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from reid.camera import follow
from reid.config import VideoConfig
from reid.timing import Stopwatch
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.build import build_tracker
from reid.tracking.static import StaticPlaces
from reid.types import Array, Frame, Tracklet
from reid.zones.ignored import IgnoredZones

if TYPE_CHECKING:  # brings torch, which no wrong recording should wait for
    from reid.build import Models


def static_places(camera_id: str, config: VideoConfig) -> StaticPlaces | None:
    """What learns the things of a camera that never move; None where the settings leave nothing out."""
    if config.tracklets.static_s is None:
        return None
    return StaticPlaces(camera_id, config.tracklets, sure=config.tracker.new_confidence)


def follow_recording(
    camera_id: str,
    frames: Iterable[Frame],
    config: VideoConfig,
    models: "Models",
    *,
    fps: float,
    split_distance: float,
    centre: Array | None,
    static: StaticPlaces | None,
    watch: Stopwatch,
    on_frames: Callable[[list[Frame]], None] = lambda _: None,
    on_people: Callable[[int], None] = lambda _: None,
) -> Iterator[Tracklet]:
    """Tracklets of one camera, each when it has ended; see `reid.camera.follow`.

    Args:
        fps: frames per second of the recording; at most `config.source.fps` of them come.
        split_distance, centre: see `LinkingPolicy`.
        static: learns and leaves out what never moves; tracklets of a thing from before it was known are among
            the results, see `StaticPlaces.shows_thing`.
    """
    return follow(
        frames,
        detector=models.detector,
        encoder=models.encoder,
        tracker=build_tracker(config.tracker, min(fps, config.source.fps or fps)),
        assembler=TrackletAssembler(
            camera_id,
            models.encoder.encoder_id,
            config.tracklets,
            split_distance=split_distance,
            centre=centre,
        ),
        batch=config.detector.batch,
        watch=watch,
        on_frames=on_frames,
        static=static,
        on_people=on_people,
        leave_out=IgnoredZones(config.zones),
    )
