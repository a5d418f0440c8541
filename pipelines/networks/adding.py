"""`reid weights add`: a trained network into the weights folder of a clone, as small as it may be."""

import shutil
from pathlib import Path

from pipelines.runtime.progress import Progress
from reid.cache import filling, replacing
from reid.errors import InputError
from reid.network_file import content_of
from reid.shipped import shipped
from reid.shipped_weights import FOLDER, manifest_file
from reid.text_file import refuse_pipe


def add(weights: Path, name: str, progress: Progress) -> int:
    """Add a network; a checkpoint loses half of each number's bits, which changes no figure.

    Raises:
        InputError: the weights cannot be used, or are there already.
    """
    if not weights.exists():
        raise InputError(f"{weights}: no such file; give what reid train or reid train-detector has written")
    refuse_pipe(weights, "weights")
    checkpoint = content_of(weights) == "checkpoint" and weights.suffix != ".pt"  # that is ultralytics' own
    ending = ".pth" if checkpoint else "_openvino_model" if weights.is_dir() else weights.suffix
    target = shipped(FOLDER) / f"{name}{ending}"
    if target.exists():
        raise InputError(f"{target}: there already; remove it first, or choose another name than {name!r}")
    if checkpoint:
        _halve(weights, target)
    elif weights.is_dir():
        with filling(target) as partial:
            shutil.copytree(weights, partial, dirs_exist_ok=True)
    else:
        with replacing(target) as partial:
            shutil.copyfile(weights, partial)
    files = [target] if target.is_file() else [path for path in target.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    progress.summary("added", [("file", str(target)), ("MB", f"{size / 1e6:.2f}")])
    progress.message(f"write its card and its entry in {manifest_file().name}, then run reid weights seal")
    return 0


def _halve(weights: Path, target: Path) -> None:
    from reid.detection.state import is_detector, save_half  # bring torch
    from reid.embedding.checkpoint import load_checkpoint, save_network

    if is_detector(weights):
        save_half(weights, target)
        return
    checkpoint = load_checkpoint(weights)
    save_network(target, checkpoint.network, preprocessing=checkpoint.preprocessing, half=True)
