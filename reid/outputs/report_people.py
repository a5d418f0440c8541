"""The report's section of people: for each a row of the timeline and a card of crops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reid.outputs.crops import best_crops
from reid.outputs.sightings import PersonSighting, seconds_seen
from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import Axis, Moments, duration
from reid.types import Identity, Match, TrackletKey, person_name

_LANE_PX = 10
_ROW_PX = 36
_FIXED_LANES = 4
_CROPS = 2400  # of all cards together: about 12 MB
_PER_PERSON = 16
_PER_CAMERA = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One crop and its caption."""

    uri: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One tracklet on the timeline: percent across, pixels down."""

    camera: int
    x: float
    width: float
    y: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """A person in one camera: when, and what they looked like."""

    camera: int
    times: list[str]
    photos: list[Photo]
    more: int  # crops that are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCard:
    """One person as the report shows them."""

    person_id: int
    name: str
    colour: str
    label: str | None  # what a person called them
    known: bool
    face: str | None  # small crop for the timeline
    seen: str
    first: str
    last: str
    cameras: list[int]
    bars: list[Bar]
    height_px: int
    corners: list[Corner]


def people(
    sightings: dict[int, list[PersonSighting]],
    matches: dict[TrackletKey, Match],
    *,
    cameras: Sequence[str],
    identities: Mapping[int, Identity],
    colours: dict[int, str],
    axis: Axis,
    moments: Moments,
) -> list[PersonCard]:
    """One card each, in order; crops are rationed, so that the page stays light with many people."""
    number = {camera: at for at, camera in enumerate(cameras)}
    per_person = max(1, min(_PER_PERSON, _CROPS // max(1, len(sightings))))
    left = _CROPS
    found = []
    for person_id, own in sightings.items():
        corners = _corners(own, number, min(per_person, left), moments)
        left -= sum(len(corner.photos) for corner in corners)
        bars, lanes = _bars(own, matches, number, axis, moments)
        best = best_crops([t for sighting in own for t in sighting.tracklets], 1)
        person = PersonCard(
            person_id=person_id,
            name=person_name(person_id),
            colour=colours[person_id],
            label=identities[person_id].label,
            known=identities[person_id].known,
            face=data_uri(best[0].jpeg, 56) if best else None,
            seen=duration(seconds_seen(own)),
            first=moments(own[0].start_s),
            last=moments(max(sighting.end_s for sighting in own)),
            cameras=[corner.camera for corner in corners],
            bars=bars,
            height_px=max(_ROW_PX, lanes * _LANE_PX + 8),
            corners=corners,
        )
        found.append(person)
    return found


def _corners(
    own: Sequence[PersonSighting], number: dict[str, int], most: int, moments: Moments
) -> list[Corner]:
    """The person's cameras, in the run's order; each gets its share of at most `most` crops."""
    found = []
    names = sorted({sighting.camera_id for sighting in own}, key=number.__getitem__)
    for position, camera in enumerate(names):
        here = [sighting for sighting in own if sighting.camera_id == camera]
        tracklets = [tracklet for sighting in here for tracklet in sighting.tracklets]
        share = min(_PER_CAMERA, most // len(names) + (position < most % len(names)))
        photos = []
        for crop in best_crops(tracklets, share):
            title = f"{camera} track {crop.tracklet.track_id} at {moments(crop.time_s)}"
            if uri := data_uri(crop.jpeg, 160):
                photos.append(Photo(uri=uri, title=f"{title}, quality {crop.quality:.2f}"))
        corner = Corner(
            camera=number[camera],
            times=[f"{moments(sighting.start_s)} – {moments(sighting.end_s)}" for sighting in here],
            photos=photos,
            more=sum(len(tracklet.crops) for tracklet in tracklets) - len(photos),
        )
        found.append(corner)
    return found


def _bars(
    own: Sequence[PersonSighting],
    matches: dict[TrackletKey, Match],
    number: dict[str, int],
    axis: Axis,
    moments: Moments,
) -> tuple[list[Bar], int]:
    """The person's tracklets, one lane per camera, and how many lanes."""
    # Few cameras keep their lanes in all rows, to be compared down the page; of many only the own ones fit.
    names = set(number) if len(number) <= _FIXED_LANES else {sighting.camera_id for sighting in own}
    lanes = {camera: lane for lane, camera in enumerate(sorted(names, key=number.__getitem__))}
    top = max(0, (_ROW_PX - len(lanes) * _LANE_PX) // 2 - 4)  # few lanes stand in the middle of the row
    bars = []
    for sighting in own:
        for tracklet in sighting.tracklets:
            match = matches[tracklet.key]
            title = (
                f"{person_name(sighting.person_id)} in {tracklet.camera_id}\n"
                f"{moments(tracklet.start_s)} – {moments(tracklet.end_s)} "
                f"({duration(tracklet.end_s - tracklet.start_s)}), track {tracklet.track_id}"
            )
            if match.distance is not None:
                title += f"\ndistance {match.distance:.3f}"
            if match.probability is not None:
                title += f", {match.probability:.0%} likely"
            if match.margin is not None:
                title += f", margin {match.margin:.3f}"
            bar = Bar(
                camera=number[tracklet.camera_id],
                x=axis.percent(tracklet.start_s),
                width=axis.width(tracklet.end_s - tracklet.start_s),
                y=4 + top + lanes[tracklet.camera_id] * _LANE_PX,
                title=title,
            )
            bars.append(bar)
    return bars, len(lanes)
