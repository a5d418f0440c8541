"""Folders that earlier versions wrote, before there was a mark: how each job knows them, and what it wrote."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reid.errors import InputError
from reid.outputs.artefact import crops_beside
from reid.outputs.folder import ResultsFolder, file_stem
from reid.store.files import side_files
from reid.store.sqlite.schema import APPLICATION_ID
from reid.text_file import parse_json, read_json

EARLIER_MARK = ".reid-run.json"
_LOG_LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")
_LOG_NAME = re.compile(r"live\.log(\.\d+)?")
_EVENTS_NAME = re.compile(r"events(\.\d+)?\.jsonl")
_CLIP_NAME = re.compile(r"\d{8}T\d{6}-.+\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFolder:
    """A folder of an earlier version: what that wrote, and what the mark has to say of it."""

    files: tuple[Path, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One command that writes a folder.

    Args:
        find: what an earlier version wrote; None: this is no folder of it.
        prepared: files and folders at the root that are worth nothing without others.
    """

    find: Callable[[Path], EarlierFolder | None]
    prepared: frozenset[str] = frozenset()


def found_by_an_earlier_version(root: Path, job: str) -> EarlierFolder | None:
    """Files that an earlier version's `job` wrote in a folder without a mark; None: it is no folder of it."""
    return JOBS[job].find(root) if root.is_dir() else None


def _results(root: Path) -> EarlierFolder | None:
    """`reid video`: `.reid-run.json`, or `run.json` where hidden files were not copied."""
    for path in (root / EARLIER_MARK, root / "run.json"):
        content = _json(path)
        if isinstance(content.get("run_key"), str):
            break
    else:
        return None
    found = content.get("cameras")
    cameras = [str(name) for name in found] if isinstance(found, dict | list) else []
    folder, files = ResultsFolder(root), [root / EARLIER_MARK]
    files += [folder.identities, folder.tracklets_csv, folder.tracklets_parquet, folder.report, folder.run]
    for camera in filter(None, cameras):
        artefact = folder.camera(camera)
        files += [artefact, crops_beside(artefact), folder.video(camera), folder.tracks(camera)]
    stems = "|".join(re.escape(_stem(camera)) for camera in filter(None, cameras))
    crop = re.compile(rf"crops/P\d{{4,}}/({stems})_\d+_\d+\.jpg")
    files += [
        path for path in root.glob("crops/P*/*.jpg") if crop.fullmatch(path.relative_to(root).as_posix())
    ]
    if is_gallery(gallery := root / "gallery.db"):
        files += [gallery, *side_files(gallery)]
    facts = {"run_key": content["run_key"], "layout": content.get("layout", 1)}
    return EarlierFolder(files=_there(files), facts=facts)


def _live(root: Path) -> EarlierFolder | None:
    """A gallery with our mark in its header, or a log with our lines."""
    logs = [path for path in _named(root, _LOG_NAME) if _LOG_LINE.match(_head(path))]
    if not logs and not is_gallery(root / "gallery.db"):
        return None
    events = [path for path in _named(root, _EVENTS_NAME) if _is_event(_head(path))]
    clips = [path for path in _named(root / "clips", _CLIP_NAME) if _is_clip(_json(path))]
    films = [path.with_suffix(".mp4") for path in clips]
    return EarlierFolder(files=_there([*logs, *events, *clips, *films]))


def _training(*names: str, key: str) -> Callable[[Path], EarlierFolder | None]:
    """A training: `training.json` with our keys, one of which tells what is trained."""

    def find(root: Path) -> EarlierFolder | None:
        content = _json(root / "training.json")
        config = content.get("config")
        if (
            not isinstance(content.get("fingerprint"), str)
            or not isinstance(config, dict)
            or key not in config
        ):
            return None
        return EarlierFolder(files=_there(path for name in names for path in root.glob(name)))

    return find


def _study(root: Path) -> EarlierFolder | None:
    """An Optuna journal whose first line begins our study."""
    with suppress(ValueError, AttributeError):
        first = parse_json(_head(root / "study.log", 4096).partition(b"\n")[0])
        if first.get("op_code") == 0 and first.get("study_name") == "held-out mAP":
            return EarlierFolder(files=_there([root / "study.log", root / "best.yaml"]))
    return None


def _benchmark(root: Path) -> EarlierFolder | None:
    if {"data_set", "encoders", "config", "versions", "machine"} <= _json(root / "benchmark.json").keys():
        return EarlierFolder(files=_there([root / "benchmark.json", root / "benchmark.html"]))
    return None


JOBS: Mapping[str, Job] = {
    "video": Job(find=_results, prepared=frozenset({EARLIER_MARK})),
    "live": Job(find=_live),
    "train": Job(
        find=_training(
            *(
                "state.pt",
                "training.json",
                "model.pth",
                "model.md",
                "model.json",
                "training.html",
                "augmented.png",
            ),
            *("steps.csv", "epochs.csv", "distances.csv", "model.calibration.json", "model.calibration.png"),
            "tensorboard/events.out.tfevents.*",
            key="network",
        ),
        prepared=frozenset(
            {"training.json", "augmented.png", "steps.csv", "epochs.csv", "distances.csv", "tensorboard"}
        ),
    ),
    "train-detector": Job(
        find=_training(
            *(
                "training.json",
                "detector.pth",
                "detector.onnx",
                "detector.json",
                "ultralytics.log",
                "results.csv",
            ),
            *("args.yaml", "dataset.yaml", "train.txt", "val.txt", "weights/last.pt", "weights/best.pt"),
            *(
                f"detector_int8_openvino_model/{name}"
                for name in ("detector.xml", "detector.bin", "metadata.yaml")
            ),
            key="window",
        ),
        prepared=frozenset(
            {"training.json", "ultralytics.log", "args.yaml", "dataset.yaml", "train.txt", "val.txt"}
        ),
    ),
    "tune": Job(find=_study),
    "benchmark": Job(find=_benchmark),
    "export": Job(find=lambda root: None),  # no earlier version had it
}


def _stem(camera: str) -> str:
    with suppress(InputError):
        return file_stem(camera)
    return ""


def _json(path: Path) -> dict[str, Any]:
    """An object; an empty one where there is none."""
    with suppress(InputError):
        content = read_json(path, "what an earlier version wrote")
        if isinstance(content, dict):
            return content
    return {}


def _head(path: Path, length: int = 65536) -> bytes:
    if not path.is_file():  # a pipe would never end
        return b""
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""


def _named(folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if pattern.fullmatch(path.name))


def _there(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files; neither folders, nor links: those are the user's."""
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def is_gallery(path: Path) -> bool:
    """Whether the header of an SQLite file names our program; read without opening it, as it may be in use."""
    head = _head(path, 100)
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _is_event(head: bytes) -> bool:
    with suppress(ValueError):
        content = parse_json(head.partition(b"\n")[0])
        return isinstance(content, dict) and {"id", "event", "at"} <= content.keys()
    return False


def _is_clip(content: Mapping[str, Any]) -> bool:
    return {"camera", "begun_s", "ended_s", "people", "events"} <= content.keys()
