"""Facts of cameras and of their start times, for run.json and the end of a run."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipelines.recordings.camera_job import TrackedCamera
from reid.camera_config import SourceConfig
from reid.linking.normalisation_gate import NormalisationDecision
from reid.linking.offline import MotionDecision
from reid.video.reader import SourceInfo
from reid.video.source import Source
from reid.video.starts import Placed

HERE = "this machine's"  # a zone that has no name, in run.json


def clock_facts(placed: Placed) -> dict[str, Any] | None:
    """Second 0 of the site and the zone of the times shown; None where the recordings have no time."""
    clock = placed.clock
    if clock is None:
        return None
    kinds = sorted({kind for kind in placed.kinds.values() if kind})
    return {"zero": clock.iso(0), "zone": clock.zone or HERE, "from": kinds}


def clock_row(placed: Placed) -> tuple[str, str] | None:
    """Row on the recordings' times for the end of a run; None where they have none."""
    facts = clock_facts(placed)
    if facts is None:
        return None
    zone = (
        f"zone {facts['zone']}" if facts["zone"] != HERE else "this machine's zone; --timezone sets another"
    )
    return "began", f"{facts['zero'].replace('T', ' ')}, by {' and '.join(facts['from'])}, {zone}"


def camera_facts(
    camera: TrackedCamera, info: SourceInfo, source: Source, placed: Placed, part: SourceConfig
) -> dict[str, Any]:
    """Facts of one camera: its headers, the work, its start and its files' places."""
    report = dict(camera.report)
    sampled = part.fps is not None or part.start_s > 0 or part.end_s is not None
    frames = int(report["frames"])
    spent = sum(
        s for stage, s in report["seconds"].items() if stage != "load" and not stage.endswith("network")
    )
    return (
        asdict(info)
        | report
        | {
            "resumed": camera.resumed,
            # which frames `reid evaluate` may ask about, from 1; null: all
            "processed_frames": (camera.frames + 1).tolist() if sampled else None,
            "frames_per_second": round(frames / spent, 2) if spent else None,
        }
        | _start_facts(source, placed)
    )


def motion_facts(decision: MotionDecision | None) -> dict[str, Any] | None:
    """What motion was taken as possible in a camera, and what it kept apart; None: not asked for, or nothing seen."""
    if decision is None:
        return None
    possible = decision.possible
    return {
        "speed": round(possible.speed, 3),
        "growth": round(possible.growth, 3),
        "learned": possible.learned,
        "tracklets": possible.tracklets,
        "apart": decision.apart,
        "alike": decision.alike,
    }


def normalisation_facts(decision: NormalisationDecision | None) -> dict[str, Any] | None:
    """What was decided about a camera's normalisation; None: the encoder has no calibration, or nothing was seen."""
    return None if decision is None else decision.facts()


def normalisation_rows(decisions: Mapping[str, NormalisationDecision]) -> list[tuple[str, str, str]]:
    """Rows on the normalisation of each camera for the end of a run."""
    return [(name, "accepted" if one.accepted else "refused", one.why) for name, one in decisions.items()]


def motion_row(decisions: Mapping[str, MotionDecision]) -> tuple[str, str] | None:
    """Row on what motion kept apart for the end of a run; None where it was not asked for or nothing was seen."""
    if not decisions:
        return None
    pairs = sum(one.apart for one in decisions.values())
    alike = sum(one.alike for one in decisions.values())
    speeds = ", ".join(
        f"{name} {one.possible.speed:.1f}{'' if one.possible.learned else ' (usual)'}"
        for name, one in decisions.items()
    )
    return (
        "impossible motion",
        f"{pairs} {'pair' if pairs == 1 else 'pairs'} of tracklets kept apart, {alike} of them within the linking "
        f"distance; largest speed, body heights a second: {speeds}",
    )


def _start_facts(source: Source, placed: Placed) -> dict[str, Any]:
    """Start of one camera, its evidence, and its files' places."""
    clock = placed.clock
    files = [
        {
            "file": os.path.abspath(file),
            "begins_s": source.begins_s[number] if source.begins_s else None,
            "stream": source.streams.get(file),
        }
        for number, file in enumerate(source.files)
    ]
    return {
        "start": None if clock is None else clock.iso(source.shift_s),
        "start_from": placed.kinds[source.camera_id],
        "start_s": source.shift_s,
        "files": files,
    }
