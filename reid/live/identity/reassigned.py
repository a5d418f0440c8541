"""What reclustering and people reassign, as changes."""

from collections.abc import Mapping

from reid.linking.online import OnlineGallery
from reid.linking.reclustering import Reassignment
from reid.live.identity.appearance import Appearance
from reid.live.identity.changes import Decided, Moved, SplitByHand, SplitOff
from reid.live.identity.known_tracklets import KnownTracklets
from reid.types import Match, Tracklet, TrackletKey


def change_of(
    one: Reassignment, tracklet: Tracklet, known: KnownTracklets, appearance: Appearance | None
) -> Moved | Decided:
    """The change that gives a tracklet to another person.

    Args:
        appearance: that it belongs to, where that is still in view, as it is from now on.
    """
    run_id, sighting = known.run_of(one.key), None
    if one.old is None or run_id is None:
        sighting = known.sighting(tracklet, one.match or _no_reason(one))
    if one.old is None:
        return Decided(
            key=one.key,
            appearance_id=known.appearance_of(one.key),
            at_s=tracklet.end_s,
            new=one.new,
            appearance=appearance,
            sighting=sighting,
            crop=best_crop(tracklet),
        )
    kind = SplitOff if one.reason == "split" else Moved
    return kind(
        key=one.key,
        appearance_id=known.appearance_of(one.key),
        at_s=tracklet.end_s,
        old=one.old,
        new=one.new,
        run_id=run_id,
        match=one.match,
        appearance=appearance,
        sighting=sighting,
    )


def split_of(
    old: int,
    new: int,
    chosen: Mapping[TrackletKey, str],
    known: KnownTracklets,
    gallery: OnlineGallery,
    now_s: float,
) -> SplitByHand:
    """The change that makes some tracklets of a person, each with its appearance's id, those of a new one."""
    moved = [
        Moved(
            key=key,
            appearance_id=named,
            at_s=gallery.recent[key].tracklet.end_s if key in gallery.recent else now_s,
            old=old,
            new=new,
            run_id=known.run_of(key),
        )
        for key, named in chosen.items()
    ]
    return SplitByHand(old=old, new=new, tracklets=tuple(moved))


def best_crop(tracklet: Tracklet) -> bytes | None:
    """The crop of the highest quality, as JPEG."""
    return tracklet.crops[int(tracklet.qualities.argmax())] if len(tracklet.crops) else None


def _no_reason(one: Reassignment) -> Match:
    """It goes with the person whom it was taken for."""
    return Match(
        tracklet=one.key,
        person_id=one.new,
        distance=None,
        runner_up_id=None,
        runner_up_distance=None,
    )
