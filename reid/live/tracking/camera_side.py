"""The camera side of one live camera: frames in, `CameraUpdate` out. It knows nothing of the site."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reid.camera import Follower, Seen
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_update import CameraUpdate
from reid.types import Tracklet


@dataclass(slots=True, kw_only=True, eq=False)
class CameraSide:
    """Follows the people of one camera and says what the site needs of them."""

    camera_id: str
    follower: Follower
    cadence: Cadence
    _last_s: float = field(default=float("-inf"))  # when its last frame was taken

    def frame(self, seen: Seen, decoded_s: float) -> CameraUpdate:
        """Take the next frame."""
        at_s = self._last_s = seen.frame.timestamp_s
        tracks, ended = self.follower.update(seen)
        rows = zip(tracks.tracker_ids.tolist(), tracks.detections.tolist(), strict=True)
        boxes = {number: seen.people.boxes[row] for number, row in rows}
        update = self._update(ended, at_s, decoded_s)
        growing = {}
        for number in boxes:
            if self.cadence.due(number, at_s):
                tracklet = self.follower.assembler.so_far(number)
                if tracklet is not None:
                    growing[number] = tracklet
                    self.cadence.told(number, at_s)
        return CameraUpdate(
            camera_id=self.camera_id,
            at_s=at_s,
            decoded_s=decoded_s,
            boxes=boxes,
            growing=growing,
            ended=update.ended,
            size=(seen.frame.image.shape[1], seen.frame.image.shape[0]),
            following=update.following,
        )

    def expire(self, now_s: float, decoded_s: float) -> CameraUpdate:
        """End the tracks that were not seen for too long at `now_s`, frames or not."""
        return self._update(self.follower.assembler.expire(now_s), now_s, decoded_s)

    def finish(self, decoded_s: float) -> CameraUpdate:
        """End all tracks."""
        return self._update(self.follower.assembler.finish(), self._last_s, decoded_s)

    def forget(self, tracker_id: int) -> None:
        """Keep nothing of a track so far; what comes of it is a new one."""
        self.follower.assembler.forget(tracker_id)
        self.cadence.forget(tracker_id)

    def at_rate(self, fps: float) -> None:
        """Take it that so many frames a second come from now on."""
        self.follower.tracker.at_rate(fps)

    def _update(self, ended: Iterable[Tracklet], at_s: float, decoded_s: float) -> CameraUpdate:
        over = tuple(ended)
        following = frozenset(self.follower.assembler.following)
        for one in over:
            self.cadence.begin_again(one.tracker_id)
        self.cadence.keep(following)
        return CameraUpdate(
            camera_id=self.camera_id, at_s=at_s, decoded_s=decoded_s, ended=over, following=following
        )
