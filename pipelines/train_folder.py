"""The folder of one training: what lies in it, and whether a repeated command goes on with it."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.writable import check_folder
from reid import json_text
from reid.errors import InputError
from reid.outputs import atomic
from reid.training.config import TrainConfig

# What does not change the result: where it is written, how often it is saved, what computes it, what is shown.
NOT_COMPARED: dict[str, Any] = {
    "sources": True,  # the pictures themselves are compared
    "teachers": True,  # and they by what they are
    "output": True,
    "overwrite": True,
    "save_s": True,
    "threads": True,
    "device": True,
    "data": {"memory_mib", "workers"},
    "validation": {"show"},
}


class TrainingFolder:
    """Paths of the files of one training."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "state.pt"
        self.settings = root / "training.json"
        self.model = root / "model.pth"
        self.card = root / "model.md"
        self.page = root / "training.html"
        self.augmented = root / "augmented.png"
        self.tensorboard = root / "tensorboard"
        self._ours = {
            *(self.state, self.settings, self.model, self.card, self.page, self.augmented, self.tensorboard),
            *(root / name for name in ("model.json", "steps.csv", "epochs.csv", "distances.csv")),
            *(root / f"model.calibration.{suffix}" for suffix in ("json", "png")),
        }

    def check(self, config: TrainConfig) -> None:
        """What can be said before the pictures are known.

        Raises:
            InputError: the folder cannot be written to, holds other things, or the weights to start from.
        """
        check_folder(self.root)
        start = config.start.weights
        if start is not None and start.resolve().parent == self.root.resolve():
            raise InputError(
                f"--start-from {start} lies in --output {self.root}, which is written to; name another --output"
            )
        foreign = [path.name for path in sorted(self.root.iterdir()) if path not in self._ours]
        foreign = [name for name in foreign if not name.startswith(".")]
        if foreign and (config.overwrite or not self.settings.is_file()):
            raise InputError(
                f"--output {self.root} holds files that no training made ({foreign[0]!r}); name a new or empty folder"
            )

    def goes_on(self, config: TrainConfig) -> bool:
        """Whether the folder's training will be gone on with, if its pictures are these."""
        return self.state.is_file() and not config.overwrite

    def open(self, config: TrainConfig, fingerprint: str) -> bool:
        """Make the folder ready; `check` was called before.

        Returns:
            Whether a training with the same settings and pictures lies in it, to go on with.

        Raises:
            InputError: another training lies in it, without --overwrite.
        """
        start = digest(config.start.weights)
        if not config.overwrite and self.settings.is_file():
            found = self._settings()
            # the weights to start from may be gone by now: the state holds what became of them
            if found.get("fingerprint") == fingerprint and start in (None, found.get("start")):
                return self.state.is_file()
            raise InputError(
                f"--output {self.root} holds a training with other settings or pictures; name another folder, or "
                "replace it with --overwrite"
            )
        for path in self._ours:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        content = {"fingerprint": fingerprint, "start": start, "config": config.model_dump(mode="json")}
        atomic.write_text(self.settings, json_text.dumps(content, indent=1) + "\n")
        return False

    def finish(self, held_out: Mapping[str, Any]) -> None:
        """Write down what came out, beside the settings."""
        atomic.write_text(
            self.settings, json_text.dumps(self._settings() | {"held_out": held_out}, indent=1) + "\n"
        )

    def _settings(self) -> dict[str, Any]:
        try:
            found = json.loads(self.settings.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}


def digest(path: Path | None) -> str | None:
    """Of a file's content; None where there is no file."""
    if path is None or not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(config: TrainConfig, data: str) -> str:
    """Of all that decides what a training becomes.

    Args:
        data: fingerprint of the pictures.
    """
    settings = config.model_dump(mode="json", exclude=NOT_COMPARED)
    return json_text.digest([settings, data])
