"""The scores that perfect linking of a run's tracklets would have: each given the true person that it covers most."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.recordings.results import FILL_GAP_S
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.evaluation.ceiling import majority_people
from reid.evaluation.identity import Score, score
from reid.evaluation.mot import TrackTable, table
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.outputs.mot import camera_tracks
from reid.text_file import first_complaint
from reid.types import Match, Tracklet


class _Frames(BaseModel):
    """Frame numbers of an artefact, beside its tracklets."""

    model_config = ConfigDict(allow_inf_nan=False)

    frames: tuple[int, ...]
    times_s: tuple[float, ...]


def ceiling(
    results: Path,
    truth: Mapping[str, TrackTable],
    progress: Progress,
    *,
    iou: float,
    visibility: float,
) -> Score | None:
    """Scores of all cameras with global ids under perfect linking; None where the tracklets are not there.

    Boxes are filled and doubles dropped as in the tracks that a run writes, so the figures differ by linking alone.

    Args:
        results: folder of a run; its `cameras/<camera>.npz` hold the tracklets.
        truth: true boxes by camera, of the frames that count.
    """
    if not (results / "cameras").is_dir():  # boxes of another program
        progress.message(f"no ceiling of the scores: {results} has no tracklets (cameras/*.npz)")
        return None
    try:
        cameras = {name: _camera(results / "cameras" / f"{name}.npz") for name in truth}
    except InputError as error:
        progress.message(f"no ceiling of the scores: {error}", "warning")
        return None
    tracklets = {name: _table(own) for name, (own, _) in cameras.items()}
    people = majority_people(truth, tracklets, iou=iou, visibility=visibility)
    alone = count(1 + max((int(true.ids.max()) for true in truth.values() if len(true)), default=0))
    linked = {}
    for name, (own, frames) in cameras.items():
        matches = [_match(one, people[name].get(one.track_id), alone) for one in own]
        boxes = camera_tracks(
            own[0].camera_id if own else name,
            own,
            matches,
            fill_gap_s=FILL_GAP_S,
            frames=np.array(frames.frames, dtype=np.int64),
            times_s=np.array(frames.times_s, dtype=np.float64),
        )
        linked[name] = table(boxes.frames + 1, boxes.person_ids, boxes.boxes, confidences=boxes.scores)
    return score(truth, linked, iou=iou, visibility=visibility).global_ids


def ceiling_facts(best: Score | None, reached: Score) -> dict[str, Any] | None:
    """Facts of the ceiling for scores.json."""
    return None if best is None else asdict(best) | {"reached": share_reached(best, reached)}


def share_reached(best: Score, reached: Score) -> float | None:
    """IDF1 as a share of its ceiling; None where the ceiling is 0."""
    return reached.idf1 / best.idf1 if best.idf1 > 0 else None


def ceiling_sentence(best: Score, reached: Score) -> str:
    """The line beside the scores."""
    share = share_reached(best, reached)
    part = "" if share is None else f", so linking reaches {share:.3f} of it"
    return (
        f"global IDF1 {100 * reached.idf1:.1f} of a ceiling of {100 * best.idf1:.1f} (every tracklet given the true "
        f"person that it covers most){part}"
    )


def _camera(path: Path) -> tuple[list[Tracklet], _Frames]:
    if not path.exists():
        raise InputError(f"{path} is not there; `reid video` writes it beside the tracks")
    try:
        tracklets, meta = load_tracklets(path)
        return tracklets, _Frames.model_validate(meta)
    except ArtefactError as error:
        raise InputError(f"{error}; repeat the reid video command that wrote it") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_complaint(error)}; repeat the reid video command") from error


def _table(tracklets: list[Tracklet]) -> TrackTable:
    none = np.empty(0, dtype=np.int64)
    return table(
        np.concatenate([none, *(one.frames + 1 for one in tracklets)]),
        np.concatenate([none, *(np.full(len(one.frames), one.track_id) for one in tracklets)]),
        np.concatenate([np.empty((0, 4), dtype=np.float32), *(one.boxes for one in tracklets)]),
    )


def _match(tracklet: Tracklet, person: int | None, alone: "count[int]") -> Match:
    return Match(
        tracklet=tracklet.key,
        person_id=next(alone) if person is None else person,
        distance=None,
        runner_up_id=None,
        runner_up_distance=None,
    )
