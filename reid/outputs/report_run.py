"""The report's section of the run: facts, cameras, warnings. What is missing is left out.

Of `run` these keys are shown, each where it is present:

    started                        when, ISO 8601
    seconds, frames_per_second     of the whole run
    stages_s                       {stage: seconds}
    encoder_id
    threshold                      {max_distance, source: where it came from, calibration: see report_threshold}
    camera_pairs                   [{cameras, answer, why, links_refused, links_helped, links_hindered}]
    zones                          [{camera, zone, purpose, people, and in, out of a line, or entries, most_at_once,
                                   dwell_median_s, dwell_longest_s of a zone}]
    warnings                       [sentence]
    clock                          {zero, zone, from: who says when the recordings began}
    cameras                        {name: {files: [{file}], start, start_from, frames, duration_s, fps, width, height,
                                           seconds, frames_per_second, warnings, motion: {speed, learned,
                                           tracklets, apart, alike},
                                           normalisation: {accepted, people, why}}}
    run_key, versions, config      anything, shown as JSON
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reid import json_text
from reid.types import Match, StaticThing, Tracklet, TrackletKey
from reid.video.draw import camera_colour_hex

_RUN = ("started", "seconds", "frames_per_second", "stages_s", "encoder_id", "camera_pairs", "zones")
_CAMERA = (
    "start",
    "start_from",
    "frames",
    "duration_s",
    "fps",
    "width",
    "height",
    "frames_per_second",
    "motion",
    "normalisation",
)


def facts(run: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own facts, with `max_distance` and `threshold_source` taken out of `threshold`."""
    threshold = run.get("threshold") or {}
    return {key: run.get(key) for key in _RUN} | {
        "max_distance": threshold.get("max_distance"),
        "threshold_source": threshold.get("source"),
        "warnings": _warnings(run),
        "details": _details(run),
    }


def camera_names(run: Mapping[str, Any], seen: Sequence[Tracklet | StaticThing]) -> list[str]:
    """All cameras: the run's, in its order, then any others in which something was seen."""
    return list(dict.fromkeys([*(run.get("cameras") or {}), *sorted({one.camera_id for one in seen})]))


def camera_facts(
    run: Mapping[str, Any],
    cameras: Sequence[str],
    tracklets: Sequence[Tracklet],
    matches: Mapping[TrackletKey, Match],
) -> list[dict[str, Any]]:
    """Each camera's facts, with its name, colour, and how many tracklets and persons it saw."""
    count = dict.fromkeys(cameras, 0)
    persons: dict[str, set[int]] = {name: set() for name in cameras}
    for tracklet in tracklets:
        count[tracklet.camera_id] += 1
        match = matches.get(tracklet.key)
        if match is not None and match.person_id is not None:
            persons[tracklet.camera_id].add(match.person_id)
    found = []
    for number, name in enumerate(cameras):
        given = (run.get("cameras") or {}).get(name) or {}
        counted = {"tracklets": count[name], "persons": len(persons[name])}
        found.append(
            {key: given.get(key) for key in _CAMERA}
            | {"name": name, "colour": camera_colour_hex(number), "files": _files(given)}
            | counted
        )
    return found


def _files(given: Mapping[str, Any]) -> str:
    """The first of a camera's files, and how many more there are."""
    files = [str(one["file"]) for one in given.get("files") or ()]
    return "" if not files else files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _warnings(run: Mapping[str, Any]) -> list[str]:
    """The run's warnings, then each camera's, none twice."""
    found = [str(sentence) for sentence in run.get("warnings") or ()]
    for name, given in (run.get("cameras") or {}).items():
        for sentence in map(str, (given or {}).get("warnings") or ()):
            found.append(sentence if sentence.startswith(name) else f"{name}: {sentence}")
    return list(dict.fromkeys(found))


def _details(run: Mapping[str, Any]) -> str:
    shown = {name: run[name] for name in ("run_key", "clock", "versions", "config") if name in run}
    return json_text.dumps(shown, indent=2, default=str)
