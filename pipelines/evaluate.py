"""Scores a results folder against truth: load -> score -> table -> scores.json."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.runtime.single_file import single_file
from pipelines.train_folder import json_object
from pipelines.video_folder import note_scores
from reid.errors import InputError
from reid.evaluation.identity import Score, Scores, score
from reid.evaluation.mot import TrackTable, read_mot
from reid.evaluation.people import Cover
from reid.outputs import atomic

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
_PLAIN: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "title_justify": "left"}


def run(
    results: Path, truth: Path, *, output: Path | None = None, visibility: float = 0.0, iou: float = 0.5
) -> int:
    """Scores `results/tracks/<camera>.txt`, prints the scores and writes them as JSON.

    Args:
        results: folder of a finished run.
        truth: folder with `<camera>.txt`, `<camera>_gt.txt` or `<camera>/gt/gt.txt` (MOTChallenge).
        output: file (`*.json`) or folder for the JSON; `scores.json` in `results` if not given.
        visibility: least visible share of a true box that counts.
        iou: intersection over union from which a box counts as found.

    Raises:
        InputError: a folder or file that is missing or cannot be used.
    """
    console = _console()
    found = _result_files(results)
    true = _truth_files(truth, found)
    for name in sorted(set(found) - set(true)):
        console.print(
            f"{name} has results but no truth in {truth} ({_WHERE}): it does not count",
            style="yellow",
            markup=False,
            soft_wrap=True,
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
        console.print(_score_table(scores))
        console.print(_people_table(scores))
        _write(scores, path, {"results": results, "truth": truth}, iou=iou, visibility=visibility)
        if folder is not None:
            note_scores(folder)
    console.print(f"scores: {path}", markup=False, soft_wrap=True)
    return 0


def _console() -> Console:
    """Wide enough for the tables where there is no terminal to ask (a pipe, a log)."""
    console = Console()
    return console if console.is_terminal else Console(width=110)


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

    Absent or null means all frames. Frames that nobody looked at must not count as misses.
    """
    if not path.exists():
        return {}
    try:
        cameras = json.loads(path.read_text(encoding="utf-8")).get("cameras", {})
        lists = {name: camera.get("processed_frames") for name, camera in cameras.items()}
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); expected a JSON object with cameras.<name>.processed_frames"
        ) from None
    for name, frames in lists.items():
        whole = isinstance(frames, list) and all(type(frame) is int and frame >= 1 for frame in frames)
        if frames is not None and not whole:
            raise InputError(
                f"{path}: cameras.{name}.processed_frames is {str(frames)[:40]}, "
                "expected null (all frames) or a list of frame numbers from 1"
            )
    return {name: np.asarray(frames, dtype=np.int64) for name, frames in lists.items() if frames is not None}


def _at(tracks: TrackTable, frames: np.ndarray[Any, np.dtype[np.int64]]) -> TrackTable:
    return tracks.select(np.isin(tracks.frames, frames))


def _score_table(scores: Scores) -> Table:
    table = Table(
        title="Who is who",
        caption="IDF1 to MOTA in %; the last two rows differ by what linking costs",
        **_PLAIN,
    )
    table.add_column("camera")
    for name in [name for name, _ in _SHARES] + ["MOTA"] + [name for name, _ in _COUNTS]:
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in scores.cameras.items():
        table.add_row(escape(name), *_cells(row))
    table.add_section()
    table.add_row("all, ids per camera", *_cells(scores.local_ids))
    table.add_row("all, global ids", *_cells(scores.global_ids), style="bold")
    return table


def _cells(row: Score) -> list[str]:
    shares = [f"{100 * getattr(row, key):.1f}" for _, key in (*_SHARES, ("MOTA", "mota"))]
    return shares + [str(getattr(row, key)) for _, key in _COUNTS]


def _people_table(scores: Scores) -> Table:
    table = Table(title="True people and the ids that cover them", **_PLAIN)
    for name in (
        "person",
        "cameras",
        "boxes",
        "main id",
        "other ids (split)",
        "main id also on (merged)",
        "missed",
    ):
        table.add_column(name, justify="right" if name in ("person", "boxes", "missed") else "left")
    for person in scores.people:
        table.add_row(
            str(person.person),
            escape(" ".join(person.cameras)),
            str(person.boxes),
            _named([person.main] if person.main else []),
            _named(person.others),
            " ".join(map(str, person.merged_with)),
            f"{person.missed:.1%}",
        )
    return table


def _named(covers: Sequence[Cover]) -> str:
    return ", ".join(f"{cover.result_id} ({cover.share:.1%})" for cover in covers)


def _are_scores(path: Path) -> bool:
    return {"results", "truth", "iou", "global_ids"} <= json_object(path).keys()


def _write(scores: Scores, path: Path, sources: Mapping[str, Path], *, iou: float, visibility: float) -> None:
    about = {name: str(source) for name, source in sources.items()} | {"iou": iou, "visibility": visibility}
    try:
        atomic.write_text(path, json.dumps(about | scores.as_dict(), indent=2) + "\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); name another place with --output") from None
