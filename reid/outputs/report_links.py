"""The report's section of links: each with its runner-up, the least certain first."""

from collections.abc import Sequence
from dataclasses import dataclass

from reid.outputs.crops import KeptCrop, best_crops, by_quality
from reid.outputs.sightings import doubt_order, verdict
from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import Moments, duration
from reid.types import Match, Tracklet, TrackletKey

MOST = 200  # links, and unidentified tracklets: about 3 MB
_HEIGHT_PX = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One decision: the tracklet, the person it was given to, and who came next."""

    camera: int
    track: str
    times: str
    start_s: float
    verdict: str  # doubtful, unsure, clear, alone
    person_id: int | None
    distance: float | None
    probability: float | None
    runner_up_id: int | None
    runner_up_distance: float | None
    margin: float | None
    beyond: str | None  # why it was made although it is beyond the threshold
    own: str | None  # crops
    person: str | None
    runner_up: str | None


class Album:
    """Best crops of every person, each shrunk once."""

    def __init__(self, tracklets: Sequence[Tracklet], matches: dict[TrackletKey, Match]) -> None:
        self._tracklets = {tracklet.key: tracklet for tracklet in tracklets}
        self._uris: dict[bytes, str | None] = {}
        members: dict[int, list[KeptCrop]] = {}
        for tracklet in tracklets:
            match = matches.get(tracklet.key)
            if match is not None and match.person_id is not None:
                members.setdefault(match.person_id, []).extend(best_crops([tracklet], 1))
        self._members = {person: sorted(best, key=by_quality) for person, best in members.items()}

    def tracklet(self, key: TrackletKey) -> str | None:
        """Best crop of a tracklet, as a data address."""
        best = best_crops([self._tracklets[key]], 1)
        return self._uri(best[0].jpeg) if best else None

    def person(self, person_id: int | None, *, besides: TrackletKey) -> str | None:
        """Best crop of a person in another tracklet, from another camera if there is one, as a data address."""
        if person_id is None:
            return None
        others = [p for p in self._members.get(person_id, ()) if p.tracklet != besides]
        far = [p for p in others if p.tracklet.camera_id != besides.camera_id]
        best = (far or others)[:1]
        return self._uri(best[0].jpeg) if best else None

    def _uri(self, jpeg: bytes) -> str | None:
        if jpeg not in self._uris:
            self._uris[jpeg] = data_uri(jpeg, _HEIGHT_PX)
        return self._uris[jpeg]


def links(
    tracklets: Sequence[Tracklet],
    matches: dict[TrackletKey, Match],
    cameras: Sequence[str],
    moments: Moments,
    max_distance: float | None,
) -> tuple[list[Link], int]:
    """At most `MOST` links, the least certain first, and how many there are."""
    pairs = [(t, matches[t.key]) for t in tracklets if t.key in matches]
    compared = [(t, m) for t, m in pairs if m.person_id is not None and m.distance is not None]
    compared.sort(key=lambda pair: (*doubt_order(pair[1]), pair[0].key))
    album = Album(tracklets, matches)
    return [_link(t, m, album, cameras, moments, max_distance) for t, m in compared[:MOST]], len(compared)


def unidentified(
    tracklets: Sequence[Tracklet],
    matches: dict[TrackletKey, Match],
    cameras: Sequence[str],
    moments: Moments,
) -> tuple[list[Link], int]:
    """At most `MOST` tracklets without a person, the longest first, and how many there are."""
    pairs = [(t, matches.get(t.key)) for t in tracklets]
    lost = [(t, m) for t, m in pairs if m is None or m.person_id is None]
    lost.sort(key=lambda pair: (pair[0].start_s - pair[0].end_s, pair[0].key))
    album = Album(tracklets, matches)
    return [_link(t, m, album, cameras, moments, None) for t, m in lost[:MOST]], len(lost)


def _beyond(tracklet: Tracklet, match: Match | None, max_distance: float | None) -> str | None:
    """Why a link was made that is farther than the threshold; None where it is not."""
    if match is None or match.distance is None or max_distance is None or match.distance <= max_distance:
        return None
    if match.fragment:
        seconds = duration(tracklet.end_s - tracklet.start_s)
        return f"a fragment ({seconds}): too short to be a person of its own, so the nearest one got it, with slack"
    return "joined by means: two groups of tracklets lay near enough together, and this one is at the edge of its own"


def _link(
    tracklet: Tracklet,
    match: Match | None,
    album: Album,
    cameras: Sequence[str],
    moments: Moments,
    max_distance: float | None,
) -> Link:
    return Link(
        camera=cameras.index(tracklet.camera_id),
        track=str(tracklet.track_id),
        times=f"{moments(tracklet.start_s)} – {moments(tracklet.end_s)}",
        start_s=tracklet.start_s,
        verdict=verdict(match),
        person_id=match.person_id if match else None,
        distance=match.distance if match else None,
        probability=match.probability if match else None,
        runner_up_id=match.runner_up_id if match else None,
        runner_up_distance=match.runner_up_distance if match else None,
        margin=match.margin if match else None,
        beyond=_beyond(tracklet, match, max_distance),
        own=album.tracklet(tracklet.key),
        person=album.person(match.person_id if match else None, besides=tracklet.key),
        runner_up=album.person(match.runner_up_id if match else None, besides=tracklet.key),
    )
