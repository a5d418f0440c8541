"""ultralytics' networks of any task that gives boxes, loaded without running foreign code."""

import ast
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid.detection.classes import class_names
from reid.detection.safe_loading import safe_ultralytics
from reid.errors import InputError

TASKS = ("detect", "segment", "pose", "obb")  # those with boxes
_COLOURS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedNetwork:
    """A network and what it says of itself."""

    model: Any  # ultralytics.YOLO
    task: str  # one of TASKS
    names: Mapping[int, str]  # of the classes


def load_network(path: Path, weights: Path) -> LoadedNetwork:
    """The network in `path`, a file or folder under a name that ultralytics knows it by.

    The task is the one that the file states: read as another one, a pose network's key points would be class scores.

    Args:
        weights: what the user calls it.

    Raises:
        InputError: ultralytics cannot load it, or it gives no boxes, or takes no colour images.
    """
    yolo = safe_ultralytics().YOLO
    try:
        if path.suffix == ".pt":
            model = yolo(str(path))
            _set_task(model)
            stated = {**getattr(model.model, "yaml", {}), "task": model.task, "names": model.names}
        else:
            stated = _metadata(path)
            model = yolo(str(path), task=str(stated.get("task") or "detect"))
            stated.setdefault("names", None)
            if not stated["names"]:
                stated["names"] = model.names
        names = class_names(stated["names"])
    except Exception as error:  # ultralytics raises whatever its loaders raise; the cause stays attached
        if isinstance(error, pickle.UnpicklingError) or isinstance(error.__cause__, pickle.UnpicklingError):
            raise InputError(
                f"{weights}: refused, because it is damaged, or holds other things than ultralytics' own modules and "
                "could run code when loaded; export it as ONNX where it was made"
            ) from error
        raise InputError(f"{weights}: ultralytics cannot load it as a detector ({_reason(error)})") from error
    task, channels = str(stated.get("task") or "detect"), int(stated.get("channels") or _COLOURS)
    if task not in TASKS:
        raise InputError(
            f"{weights}: a network for the task {task!r}, which gives no boxes; give one for {', '.join(TASKS)}"
        )
    if channels != _COLOURS:
        raise InputError(
            f"{weights}: takes images of {channels} channel{'s' * (channels != 1)}, and reid gives it colour ones, "
            f"of {_COLOURS}; give a network that was trained on colour images"
        )
    return LoadedNetwork(model=model, task=task, names=names)


def run_blank(network: LoadedNetwork, weights: Path, **settings: Any) -> None:
    """One empty image through the network, for which ultralytics compiles it.

    Raises:
        InputError: it does not run.
    """
    import numpy as np

    try:
        network.model.predict([np.zeros((64, 64, 3), dtype=np.uint8)], verbose=False, **settings)
    except InputError:
        raise
    except Exception as error:  # as in loading: each runtime has errors of its own
        raise InputError(
            f"{weights}: loads, but ultralytics cannot run it on an image ({_reason(error)})"
        ) from error


def _set_task(model: Any) -> None:
    """What the architecture says: ultralytics believes the settings of the training, by default those of detect."""
    from ultralytics.nn.tasks import guess_model_task

    task = guess_model_task(getattr(model.model, "yaml", {})) or model.task
    model.task = model.model.task = model.overrides["task"] = task


def _metadata(path: Path) -> dict[str, Any]:
    """What ultralytics' exporter wrote into the file; empty for those of other programs."""
    from ultralytics.nn.backends.base import BaseBackend

    stated = dict(BaseBackend.read_metadata(path) or {})
    if isinstance(stated.get("names"), str):
        stated["names"] = ast.literal_eval(stated["names"])  # plain values, no code
    return stated


def _reason(error: Exception) -> str:
    cause = error.__cause__ if type(error) is TypeError and error.__cause__ else error
    return " ".join(str(cause).split())[:200] or type(cause).__name__
