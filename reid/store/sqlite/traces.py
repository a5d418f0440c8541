"""What erased people, tracklets and runs are recognised by in what a gallery keeps beside them."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from reid.store.sqlite.sightings import segments
from reid.store.sqlite.undo import BY_KEY, KEY, PERSON, RIVAL, Before
from reid.track_segment import TrackSegment, likeness


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traces:
    """What erased data is recognised by in what is kept beside it."""

    people: Collection[int] = frozenset()  # all numbers that they ever had
    runs: Collection[str] = frozenset()
    labels: Collection[str] = frozenset()
    segments: Sequence[TrackSegment] = ()
    others: Sequence[TrackSegment] = ()  # of the same runs, which stay
    _among: dict[tuple[str, str], list[TrackSegment]] = field(default_factory=dict)
    _beside: dict[tuple[str, str], list[TrackSegment]] = field(default_factory=dict)
    _keys: set[tuple[Any, ...]] = field(default_factory=set)
    _known: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.segments:
            self._among.setdefault((one.run_id, one.camera_id), []).append(one)
            self._keys.add((one.run_id, one.camera_id, one.key.track_id))
        for one in self.others:
            self._beside.setdefault((one.run_id, one.camera_id), []).append(one)

    def shows(self, segment: TrackSegment) -> bool:
        """Whether a segment shows what an erased tracklet does, under whatever number, rather than one that stays."""
        place = segment.run_id, segment.camera_id
        if _is_among(segment, self._beside.get(place, ())) and not _is_among(
            segment, self._among.get(place, ())
        ):
            return False  # also where two people were at one place
        most = max((likeness(segment, one) for one in self._among.get(place, ())), default=0.0)
        return most > 0 and all(likeness(segment, one) <= most for one in self._beside.get(place, ()))

    def has_key(self, row: Sequence[Any]) -> bool:
        """Whether a row that begins with run, camera and track is of a run or under a number that was erased."""
        return row[0] in self.runs or tuple(row[KEY]) in self._keys

    def has(self, row: Sequence[Any]) -> bool:
        """Whether a sighting, as decisions keep it to be undone, is of what was erased."""
        if row[PERSON] in self.people or self.has_key(row):
            return True
        if (row[0], row[1]) not in self._among:
            return False
        known = (*row[KEY], *row[4:6])
        if known not in self._known:
            places = None if row[-1] is None else base64.b64decode(row[-1])
            self._known[known] = self.shows(segments([(*row[KEY], row[4], row[5], places)])[0])
        return self._known[known]

    def taken_out_of(self, was: Before) -> Before:
        """What a decision keeps to be undone or redone, without what is erased."""
        gone = {tuple(row[KEY]) for row in was.get("sightings", []) if self.has(row)}

        def stays(row: Sequence[Any]) -> bool:
            return tuple(row[KEY]) not in gone and not self.has_key(row)

        left: Before = {
            part: [row for row in rows if stays(row)] for part, rows in was.items() if part in BY_KEY
        }
        if "sightings" in left:
            left["sightings"] = [
                row if row[RIVAL] not in self.people else [*row[:RIVAL], None, None, *row[RIVAL + 2 :]]
                for row in left["sightings"]
            ]
        if "rivals" in left:
            left["rivals"] = [row for row in left["rivals"] if not {row[3], row[5]} & set(self.people)]
        if "absent" in was:
            left["absent"] = [row for row in was["absent"] if row[0] not in self.people]
        if "people" in was:
            left["people"] = [
                [number, None if label in self.labels else label]
                for number, label in was["people"]
                if number not in self.people
            ]
        return {**was, **left}


def _is_among(segment: TrackSegment, others: Sequence[TrackSegment]) -> bool:
    """Whether one of these is the same tracklet, under the same number."""
    return any(
        (one.key, one.start_s, one.end_s) == (segment.key, segment.start_s, segment.end_s) for one in others
    )
