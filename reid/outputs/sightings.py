"""Sightings from tracklets: one person in one camera without a long break."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reid.types import Match, Tracklet, TrackletKey

# From where on a link is unsure, and from where on clear; they colour and sort, and decide nothing.
LIKELY = (0.5, 0.9)
MARGINS = (0.05, 0.12)
WORDS = ("doubtful", "unsure", "clear")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonSighting:
    """One person in one camera, from coming into view to leaving it."""

    person_id: int
    camera_id: str
    start_s: float
    end_s: float
    tracklets: tuple[Tracklet, ...]  # by time
    match: Match  # of the tracklet that is least sure to belong here


def find_sightings(
    tracklets: Sequence[Tracklet], matches: Mapping[TrackletKey, Match], *, join_gap_s: float
) -> dict[int, list[PersonSighting]]:
    """Sightings by person, each person's by time; persons by when they were first seen.

    Tracklets of a person in a camera that overlap, or are less than `join_gap_s` apart, are one sighting.
    """
    found: dict[int, list[PersonSighting]] = {}
    for (person_id, _), members in by_person_and_camera(tracklets, matches).items():
        for run in _runs(members, join_gap_s):
            found.setdefault(person_id, []).append(_sighting(person_id, run, matches))
    for sightings in found.values():
        sightings.sort(key=lambda s: (s.start_s, s.end_s, s.camera_id))
    return dict(sorted(found.items(), key=lambda item: (item[1][0].start_s, item[0])))


def by_person_and_camera(
    tracklets: Sequence[Tracklet], matches: Mapping[TrackletKey, Match]
) -> dict[tuple[int, str], list[Tracklet]]:
    """The tracklets of each person in each camera, both in order."""
    groups: dict[tuple[int, str], list[Tracklet]] = {}
    for tracklet in sorted(tracklets, key=lambda t: (t.start_s, t.key)):
        match = matches.get(tracklet.key)
        if match is not None and match.person_id is not None:
            groups.setdefault((match.person_id, tracklet.camera_id), []).append(tracklet)
    return dict(sorted(groups.items()))


def by_tracklet(matches: Sequence[Match]) -> dict[TrackletKey, Match]:
    """Matches by their tracklet."""
    return {match.tracklet: match for match in matches}


def seconds_seen(sightings: Sequence[PersonSighting]) -> float:
    """Seconds in which at least one camera saw the person; cameras that overlap count once."""
    total, covered_to = 0.0, float("-inf")
    for sighting in sorted(sightings, key=lambda s: s.start_s):
        total += max(0.0, sighting.end_s - max(sighting.start_s, covered_to))
        covered_to = max(covered_to, sighting.end_s)
    return total


def doubt_order(match: Match) -> tuple[float, ...]:
    """Sorts the least certain matches first: by probability, then by margin, each first by the word for it.

    Words first: among a thousand links of 99 to 100 % those with a small margin are what to look at. Links without
    a runner-up come last among their like, the farther of them first.
    """
    probability = 1.0 if match.probability is None else match.probability
    margin = float("inf") if match.margin is None else match.margin
    levels = (_level(probability, LIKELY), _level(margin, MARGINS))
    return *levels, probability, margin, -(match.distance or 0.0)


def verdict(match: Match | None) -> str:
    """A word for a link, which also picks its colour: the worse one of its probability and of its margin.

    alone: there is nothing to judge by.
    """
    if match is None or (match.probability is None and match.margin is None):
        return "alone"
    levels = [] if match.probability is None else [_level(match.probability, LIKELY)]
    levels += [] if match.margin is None else [_level(match.margin, MARGINS)]
    return WORDS[min(levels)]


def _level(value: float, limits: tuple[float, float]) -> int:
    return sum(value >= limit for limit in limits)


def _runs(members: list[Tracklet], join_gap_s: float) -> list[list[Tracklet]]:
    """Tracklets, by start, cut wherever none is seen for `join_gap_s`."""
    runs: list[list[Tracklet]] = []
    end_s = float("-inf")
    for tracklet in members:
        if not runs or tracklet.start_s - end_s >= max(join_gap_s, 1e-9):
            runs.append([])
        runs[-1].append(tracklet)
        end_s = max(end_s, tracklet.end_s)
    return runs


def _sighting(person_id: int, run: list[Tracklet], matches: Mapping[TrackletKey, Match]) -> PersonSighting:
    return PersonSighting(
        person_id=person_id,
        camera_id=run[0].camera_id,
        start_s=run[0].start_s,
        end_s=max(tracklet.end_s for tracklet in run),
        tracklets=tuple(run),
        match=min((matches[tracklet.key] for tracklet in run), key=doubt_order),
    )
