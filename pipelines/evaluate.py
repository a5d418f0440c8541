"""Scores a results folder against truth: load -> score -> table -> scores.json."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.recordings.results_folder import half_written, note_scores
from pipelines.recordings.score_ceiling import ceiling, ceiling_facts, ceiling_sentence
from pipelines.runtime.json_file import json_object
from pipelines.runtime.progress import Progress
from pipelines.runtime.single_file import single_file
from reid import json_text
from reid.errors import InputError
from reid.evaluation.counting import IgnoredBoxes
from reid.evaluation.identity import IdentityScores, Score, score
from reid.evaluation.mot import TrackTable, read_mot
from reid.evaluation.people import Cover
from reid.outputs import atomic
from reid.text_file import read_json

_WHERE = "<camera>.txt, <camera>_gt.txt or <camera>/gt/gt.txt"
_SHARES = (
    ("IDF1", "idf1"),
    ("IDP", "idp"),
    ("IDR", "idr"),
    ("HOTA", "hota"),
    ("DetA", "deta"),
    ("AssA", "assa"),
)
_COUNTS = (("IDsw", "switches"), ("Frag", "fragmentations"), ("FP", "false_positives"), ("FN", "misses"))


def run(
    results: Path,
    truth: Path,
    progress: Progress,
    *,
    output: Path | None = None,
    visibility: float = 0.0,
    iou: float = 0.5,
) -> int:
    """Score `results/tracks/<camera>.txt`, print the scores and write them as JSON.

    Args:
        results: folder of a finished run.
        truth: folder with `<camera>.txt`, `<camera>_gt.txt` or `<camera>/gt/gt.txt` (MOTChallenge).
        output: file (`*.json`) or folder for the JSON; `scores.json` in `results` if not given.
        visibility: least visible share of a true box that counts.
        iou: intersection over union from which a box counts as found.

    Raises:
        InputError: a folder or file that is missing or cannot be used.
    """
    if said := half_written(results):
        raise InputError(said)
    found = _result_files(results)
    true = _truth_files(truth, found)
    for name in sorted(set(found) - set(true)):
        progress.message(
            f"{name} has results but no truth in {truth} ({_WHERE}): it does not count", "warning"
        )
    tracks = {name: read_mot(found[name]) for name in true}
    boxes = {name: read_mot(path) for name, path in true.items()}
    for name, frames in _processed_frames(results / "run.json").items():
        if name in true:
            boxes[name], tracks[name] = _at(boxes[name], frames), _at(tracks[name], frames)
    place = output or results
    path = place if place.suffix == ".json" else place / "scores.json"
    with single_file(path, ".json", work="reid evaluate", what="scores", ours=_are_scores) as folder:
        scores = score(boxes, tracks, iou=iou, visibility=visibility)
        _tell_left_out(scores, truth, progress)
        best = ceiling(results, boxes, progress, iou=iou, visibility=visibility)
        _tell_scores(scores, best, progress)
        _tell_people(scores, progress)
        if best is not None:
            progress.answer(ceiling_sentence(best, scores.global_ids))
        facts = {"results": str(results), "truth": str(truth), "iou": iou, "visibility": visibility}
        _write(path, facts | scores.as_dict() | {"ceiling": ceiling_facts(best, scores.global_ids)})
        if folder is not None:
            note_scores(folder)
    progress.answer(f"scores: {path}")
    return 0


def _result_files(results: Path) -> dict[str, Path]:
    folder = results / "tracks"
    files = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    if not files:
        raise InputError(
            f"{folder}: no track file (<camera>.txt) there; RESULTS is a folder that `reid video` has written"
        )
    return files


def _truth_files(truth: Path, found: Iterable[str]) -> dict[str, Path]:
    """Truth by camera, checked: every camera with truth needs results, and one camera must have both."""
    if not truth.is_dir():
        raise InputError(f"{truth}: no such folder; --truth wants a folder with {_WHERE}")
    marked = {path.stem.removesuffix("_gt"): path for path in sorted(truth.glob("*_gt.txt"))}
    marked |= {path.parent.parent.name: path for path in sorted(truth.glob("*/gt/gt.txt"))}
    plain = {path.stem: path for path in sorted(truth.glob("*.txt")) if not path.stem.endswith("_gt")}
    # Beside files that say that they are truth, a plain one may be anything (seqmaps.txt, notes.txt).
    files = {name: path for name, path in plain.items() if name in found} | marked if marked else plain
    if not files:
        raise InputError(f"{truth}: no truth there; expected {_WHERE}")
    missing = sorted(set(files) - set(found))
    if missing:
        names = "; ".join(f"{name}{_nearest(name, set(found) - set(files))}" for name in missing)
        raise InputError(
            f"{truth} has truth for cameras that have no results: {names}; process them, give the recordings "
            "these names (name=path), or leave their truth out of the folder"
        )
    return files


def _nearest(name: str, names: Iterable[str]) -> str:
    """A hint at the likeliest of the results that have no truth under their own name."""
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _processed_frames(path: Path) -> dict[str, np.ndarray[Any, np.dtype[np.int64]]]:
    """Frames (from 1) of each camera that was sampled: `cameras.<name>.processed_frames` of run.json, if any.

    Absent or null means all frames. Frames that were not processed must not count as misses.
    """
    if not path.exists():
        return {}
    try:
        cameras = read_json(path, "a JSON object with cameras.<name>.processed_frames").get("cameras", {})
        lists = {name: camera.get("processed_frames") for name, camera in cameras.items()}
    except AttributeError as error:
        raise InputError(
            f"{path}: cannot be read ({error}); expected a JSON object with cameras.<name>.processed_frames"
        ) from None
    for name, frames in lists.items():
        whole = isinstance(frames, list) and all(
            type(frame) is int and 1 <= frame < 10**12 for frame in frames
        )
        if frames is not None and not whole:
            raise InputError(
                f"{path}: cameras.{name}.processed_frames is {str(frames)[:40]}, "
                "expected null (all frames) or a list of frame numbers from 1"
            )
    return {name: np.asarray(frames, dtype=np.int64) for name, frames in lists.items() if frames is not None}


def _at(tracks: TrackTable, frames: np.ndarray[Any, np.dtype[np.int64]]) -> TrackTable:
    return tracks.select(np.isin(tracks.frames, frames))


def _tell_left_out(scores: IdentityScores, truth: Path, progress: Progress) -> None:
    """Tell the boxes that do not count, by camera.

    Raises:
        InputError: no true box is left because none is a person.
    """
    others = {number: 0 for out in scores.left_out.values() for number in out.classes}
    for out in scores.left_out.values():
        for number, boxes in out.classes.items():
            others[number] += boxes
    if others and scores.global_ids.truth_boxes == 0:
        raise InputError(
            f"{truth}: no true box is a person's: {_classes(others)}; give people the class 1 (or -1, or leave "
            "the column out)"
        )
    for name, out in scores.left_out.items():
        if out.truth:
            progress.message(f"{name}: {out.truth:,} true boxes do not count: {_why(out)}")


def _why(out: IgnoredBoxes) -> str:
    reasons = [_classes(out.classes)] if out.classes else []
    if out.confidence_0:
        reasons.append(f"{out.confidence_0:,} with confidence 0")
    if out.hardly_visible:
        reasons.append(f"{out.hardly_visible:,} below --visibility")
    if out.results:
        reasons.append(f"with {out.results:,} result boxes on them")
    return ", ".join(reasons)


def _classes(boxes: Mapping[int, int]) -> str:
    return ", ".join(f"{count:,} of class {number}" for number, count in sorted(boxes.items()))


def _tell_scores(scores: IdentityScores, best: Score | None, progress: Progress) -> None:
    header = ["camera", *(name for name, _ in _SHARES), "MOTA", *(name for name, _ in _COUNTS)]
    rows = [(name, *_cells(row)) for name, row in scores.cameras.items()]
    rows.append(("all, ids per camera", *_cells(scores.local_ids)))
    rows.append(("all, global ids", *_cells(scores.global_ids)))
    if best is not None:
        rows.append(("all, perfect linking", *_cells(best)))
    progress.answer(
        "who is who: IDF1 to MOTA in %; ids per camera and global ids differ by what linking costs",
        rows,
        header,
    )


def _cells(row: Score) -> list[object]:
    shares = [f"{100 * getattr(row, key):.1f}" for _, key in (*_SHARES, ("MOTA", "mota"))]
    return [*shares, *(getattr(row, key) for _, key in _COUNTS)]


def _tell_people(scores: IdentityScores, progress: Progress) -> None:
    header = (
        "person",
        "cameras",
        "boxes",
        "main id",
        "other ids (split)",
        "main id also on (merged)",
        "missed",
    )
    rows = [
        (
            person.person,
            " ".join(person.cameras),
            person.boxes,
            _named([person.main] if person.main else []),
            _named(person.others),
            " ".join(map(str, person.merged_with)),
            f"{person.missed:.1%}",
        )
        for person in scores.people
    ]
    progress.answer("true people and the ids that cover them", rows, header)


def _named(covers: Sequence[Cover]) -> str:
    return ", ".join(f"{cover.result_id} ({cover.share:.1%})" for cover in covers)


def _are_scores(path: Path) -> bool:
    return {"results", "truth", "iou", "global_ids"} <= json_object(path).keys()


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    try:
        atomic.write_text(path, json_text.dumps(facts, indent=2) + "\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); name another place with --output") from None
