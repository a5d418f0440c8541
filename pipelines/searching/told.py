"""The answer of `reid search` as a table, as JSON and as fields of a contact sheet."""

import sys
from collections.abc import Callable
from typing import Any

from pipelines.runtime.progress import Progress
from reid import json_text
from reid.outputs.search_sheet import SheetTile, decoded
from reid.search.answer import Hit, SearchAnswer
from reid.search.photo import Box, SeveralPeople
from reid.search.query import PhotoQuery
from reid.types import person_name


def several_people(several: SeveralPeople, progress: Progress) -> None:
    """List the people of a photo by number."""
    rows = [(one.number, boxed(one.box), f"{100 * one.confidence:.0f} %") for one in several.people]
    progress.answer(f"people in {several.name}, from left to right", rows, ("person", "box", "confidence"))


def print_table(found: SearchAnswer, progress: Progress) -> None:
    """Print the sentence and the sightings."""
    named = any(hit.label for hit in found)
    several = len({hit.run_id for hit in found}) > 1
    rows = [
        (
            _person(hit),
            *((hit.label or "",) if named else ()),
            f"{hit.distance:.3f}",
            percent(hit.probability),
            few(hit.false_finds),
            hit.tracklet.camera_id,
            when(hit),
            *((hit.run_id[:8],) if several else ()),
            str(hit.tracklet),
        )
        for hit in found
    ]
    name, run = ("name",) if named else (), ("run",) if several else ()
    header = ("person", *name, "distance", "probability", "false finds", "camera", "when", *run, "tracklet")
    progress.answer(found.sentence, rows, header if rows else ())
    for person, count in found.more:
        progress.message(f"{person} has {count} more sightings without vectors, which were not searched")


def print_json(found: SearchAnswer, made: PhotoQuery) -> None:
    """Print the answer as one JSON object; docs/formats.md lists the fields."""
    sys.stdout.write(json_text.dumps(content(found, made), indent=1) + "\n")


def content(found: SearchAnswer, made: PhotoQuery) -> dict[str, Any]:
    """The answer as plain values."""
    return {
        "answer": found.verdict,
        "sentence": found.sentence,
        "limit": found.limit,
        "detection_rate": found.detection,
        "false_finds": found.false_finds,
        "basis": found.basis,
        "within_limit": found.within,
        "sightings_searched": found.sightings,
        "people_searched": found.people,
        "photos": [
            {"photo": one.name, "box": [round(value, 1) for value in one.box], "why": one.why}
            for one in made.photos
        ],
        "sightings": [_sighting(hit) for hit in found],
        "more": [{"person": person, "sightings": count} for person, count in found.more],
    }


def sheet_tiles(
    found: SearchAnswer, made: PhotoQuery, crop: Callable[[Hit], bytes | None]
) -> tuple[list[SheetTile], int]:
    """Fields of the contact sheet, and the number of sightings without a crop."""
    tiles = [SheetTile(image=one.crop, lines=("the photo", one.why), photo=True) for one in made.photos]
    without = 0
    for rank, hit in enumerate(found, start=1):
        image = decoded(crop(hit), str(hit.tracklet))
        without += image is None
        sure = f", {percent(hit.probability)}" if hit.probability is not None else ""
        tiles.append(
            SheetTile(
                image=image,
                lines=(
                    f"{rank}. {hit.name or 'no person'}",
                    f"{hit.distance:.3f}{sure}",
                    hit.tracklet.camera_id,
                    *_lines_of_time(hit),
                ),
            )
        )
    return tiles, without


def boxed(box: Box) -> str:
    """A box as --box takes it."""
    return ",".join(f"{value:.0f}" for value in box)


def percent(probability: float | None) -> str:
    """A probability for people; empty where it is not known."""
    if probability is None:
        return ""
    if 0.001 <= probability <= 0.999:
        return f"{100 * probability:.{1 if probability < 0.01 or probability > 0.99 else 0}f} %"
    return "over 99.9 %" if probability > 0.5 else "under 0.1 %"


def few(false_finds: float | None) -> str:
    """An expected number for people; empty where it is not known."""
    if false_finds is None:
        return ""
    return f"{false_finds:.2g}" if false_finds >= 0.001 else "under 0.001"


def when(hit: Hit) -> str:
    """When a sighting was, in the world where that is known."""
    if hit.clock is None:
        return f"{hit.start_s:.1f} – {hit.end_s:.1f} s"
    start, end = hit.clock.at(hit.start_s), hit.clock.at(hit.end_s)
    until = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} – {until} {end.isoformat()[-6:]}"


def _lines_of_time(hit: Hit) -> tuple[str, ...]:
    if hit.clock is None:
        return (when(hit),)
    start = hit.clock.at(hit.start_s)
    return f"{start:%Y-%m-%d}", f"{start:%H:%M:%S}"


def _person(hit: Hit) -> str:
    return "" if hit.person_id is None else person_name(hit.person_id)


def _sighting(hit: Hit) -> dict[str, Any]:
    start, end = (None, None) if hit.clock is None else (hit.clock.iso(hit.start_s), hit.clock.iso(hit.end_s))
    return {
        "person": _person(hit) or None,
        "label": hit.label,
        "camera": hit.tracklet.camera_id,
        "track_id": hit.tracklet.track_id,
        "run": hit.run_id,
        "start_s": round(hit.start_s, 3),
        "end_s": round(hit.end_s, 3),
        "start_at": start,
        "end_at": end,
        "distance": round(hit.distance, 6),
        "probability": hit.probability,
        "false_finds": hit.false_finds,
    }
