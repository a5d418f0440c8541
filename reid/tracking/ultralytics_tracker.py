"""ultralytics' trackers, one per camera, fed with our embeddings where they use appearance."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from reid.camera_config import TrackerConfig
from reid.home import usable_home
from reid.offline import keep_offline
from reid.registry import NoSettings
from reid.tracking.reach import within_reach
from reid.tracking.tracker import Tracks
from reid.types import Detections, Embeddings, Image


class UltralyticsTracker:
    """ByteTrack (Zhang et al. 2022), BoT-SORT (Aharon et al. 2022), OC-SORT or Deep OC-SORT (Cao, Maggiolino 2023).

    Args:
        config: kind and thresholds.
        fps: frames per second that `update` will see; sets how many frames a lost track is remembered.
    """

    def __init__(self, config: TrackerConfig, fps: float) -> None:
        usable_home()
        keep_offline()
        from ultralytics.trackers.track import TRACKER_MAP

        self._tracker: Any = TRACKER_MAP[config.kind](args=_arguments(config, fps))
        self._uses_appearance = config.kind in ("botsort", "deepocsort")
        self._lost_s, self._fps = config.lost_s, fps
        if self._uses_appearance and config.possible_speed is not None:
            within_reach(self._tracker, config.possible_speed, lambda: self._fps)

    def at_rate(self, fps: float) -> None:
        self._fps = fps
        self._tracker.max_frames_lost = _buffer(self._lost_s, fps)

    def update(self, detections: Detections, embeddings: Embeddings, image: Image) -> Tracks:
        from ultralytics.engine.results import Boxes
        from ultralytics.trackers.basetrack import TrackState

        rows = np.column_stack([detections.boxes, detections.scores, np.zeros(len(detections), np.float32)])
        vectors = embeddings.vectors if self._uses_appearance else None
        tracks = self._tracker.update(Boxes(rows, image.shape[:2]), image, feats=vectors)
        # ultralytics drops expired tracks from the lost ones a frame late, by the last thousand numbers it
        # removed; done here at once, so that none is matched again and none is kept
        inner = self._tracker
        inner.lost_stracks = [track for track in inner.lost_stracks if track.state != TrackState.Removed]
        inner.removed_stracks.clear()
        tracks = tracks.reshape(-1, 8)  # x1 y1 x2 y2 id score class detection
        seen = tracks[:, 7].astype(np.int64)
        return Tracks(tracker_ids=tracks[:, 4].astype(np.int64), detections=seen)


def ultralytics_tracker(settings: NoSettings, config: TrackerConfig, fps: float) -> UltralyticsTracker:
    """The row of `reid.tables.TRACKERS` for all four."""
    return UltralyticsTracker(config, fps)


def _buffer(lost_s: float, fps: float) -> int:
    """Frames that a lost track is remembered."""
    return max(1, math.ceil(lost_s * fps))


def _arguments(config: TrackerConfig, fps: float) -> SimpleNamespace:
    """Our settings under ultralytics' names; it halves embedding distances before it compares them."""
    return SimpleNamespace(
        tracker_type=config.kind,
        track_high_thresh=config.high_confidence,
        track_low_thresh=config.low_confidence,
        new_track_thresh=config.new_confidence,
        track_buffer=_buffer(config.lost_s, fps),
        match_thresh=config.match_threshold,
        fuse_score=True,
        gmc_method="none",  # the cameras stand still
        with_reid=config.kind in ("botsort", "deepocsort"),
        model="auto",  # auto: take the vectors that update() is given
        proximity_thresh=config.proximity,
        appearance_thresh=1 - config.max_distance / 2,
        delta_t=3,
        inertia=0.2,
        use_byte=True,
        alpha_fixed_emb=0.95,
    )
