"""From settings to the tracker of one camera."""

from reid.camera_config import TrackerConfig
from reid.tables import TRACKERS
from reid.tracking.tracker import Tracker


def build_tracker(config: TrackerConfig, fps: float) -> Tracker:
    """The tracker that `config.kind` names; it will see `fps` frames per second.

    Raises:
        InputError: another package adds it, and fails to make one.
    """
    return TRACKERS.make(config.kind, Tracker, config.options, config, fps)
