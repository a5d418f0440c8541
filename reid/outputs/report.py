"""`report.html`: one self-contained page that says who was where, when, and how sure that is.

Everything is in the file: images as data addresses, style and script inline; nothing is fetched.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2

from reid.outputs import (
    atomic,
    report_links,
    report_people,
    report_run,
    report_things,
    report_threshold,
    timeline,
)
from reid.outputs.sightings import LIKELY, MARGINS, by_tracklet, find_sightings, verdict
from reid.outputs.video_times import VideoTimes, plays
from reid.types import Identity, Match, StaticThing, Tracklet, person_name
from reid.video.draw import person_colour_hex
from reid.wall_clock import WallClock

_HERE = Path(__file__).parent
_MOST_ROWS = 3000  # of the table: a browser draws more, but no reader reads them


def write_report(
    path: Path,
    *,
    run: Mapping[str, Any],
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    identities: Sequence[Identity],
    join_gap_s: float,
    clock: WallClock | None = None,
    things: Sequence[StaticThing] = (),
    videos: Mapping[str, VideoTimes] | None = None,
) -> None:
    """Write the report page.

    Args:
        path: where to.
        run: what is known of the run, see `report_run`; all of it may be missing.
        tracklets: all of the run.
        matches: one per tracklet.
        identities: say who was known before.
        join_gap_s: tracklets of a person in a camera closer than this are one sighting.
        clock: when second 0 was in the world; None: times count from it.
        things: detections that never moved and were left out.
        videos: annotated videos that lie beside the page, by camera: times link to them.
    """
    found = by_tracklet(matches)
    facts = report_run.facts(run)
    cameras = report_run.camera_names(run, [*tracklets, *things])
    sightings = find_sightings(tracklets, found, join_gap_s=join_gap_s)
    mentioned = {m.runner_up_id for m in matches if m.runner_up_id is not None} | set(sightings)
    axis = timeline.axis(tracklets, midnight_s=timeline.midnight_s(clock))
    moments = timeline.Moments(clock, axis)
    people = report_people.people(
        sightings,
        found,
        cameras=cameras,
        identities={identity.person_id: identity for identity in identities},
        colours={person: person_colour_hex(person) for person in sightings},
        axis=axis,
        moments=moments,
    )
    rows = sorted((s for own in sightings.values() for s in own), key=lambda s: (s.start_s, s.person_id))
    doubts, doubt_count = report_links.links(tracklets, found, cameras, moments, facts["max_distance"])
    lost, lost_count = report_links.unidentified(tracklets, found, cameras, moments)
    html = _template().render(
        run=facts,
        cameras=report_run.camera_facts(run, cameras, tracklets, found),
        camera_number={name: number for number, name in enumerate(cameras)},
        shown=set(sightings),
        colour={person: person_colour_hex(person) for person in mentioned},
        people=people,
        axis=axis,
        clock=moments,
        day=moments.head(axis.start_s),
        midnight_s=timeline.midnight_s(clock),
        rows=rows[:_MOST_ROWS],
        row_count=len(rows),
        links=doubts,
        link_count=doubt_count,
        farthest=_farthest(doubts, facts["max_distance"]),
        decided=report_threshold.threshold(run, matches),
        lost=lost,
        lost_count=lost_count,
        tracklet_count=len(tracklets),
        things=report_things.left_out(things, cameras, moments),
        thing_count=len(things),
        plays=partial(plays, videos or {}),
    )
    atomic.write_text(path, html)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,  # camera names and config values are anybody's text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": timeline.duration, "person": person_name}
    environment.globals |= {"verdict": verdict, "LIKELY": LIKELY, "MARGINS": MARGINS}
    return environment.get_template("report.html.j2")


def _farthest(shown: Sequence[report_links.Link], max_distance: float | None) -> float:
    """The right end of the distance scales: a round number beyond everything on them."""
    ends = [max_distance or 0.0]
    for link in shown:
        ends += [link.distance or 0.0, link.runner_up_distance or 0.0]
    return max(0.1, int(max(ends) * 10 + 1) / 10)
