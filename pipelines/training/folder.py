"""The folder of one training: what lies in it, and whether a repeated command goes on with it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.runtime.inputs import Inputs
from pipelines.runtime.json_file import json_object
from pipelines.runtime.ownership import OwnedFolder
from pipelines.settings.renamed import under_former_names
from reid import json_text
from reid.detection.training_config import DetectorTrainConfig
from reid.errors import InputError
from reid.outputs import atomic
from reid.owned_files import OwnedFiles
from reid.section import Section
from reid.training.config import TrainConfig

# What does not change the result: where it is written, how often it is saved, what computes it, what is shown.
NOT_COMPARED: dict[str, Any] = {
    "sources": True,  # the images themselves are compared
    "teachers": True,  # and they by what they are
    "output": True,
    "overwrite": True,
    "save_s": True,
    "threads": True,
    "device": True,
    "data": {"memory_mib", "workers"},
    "validation": {"show"},
}


class OwnedTraining:
    """The folder of a training of any kind; only the process that owns it writes.

    Args:
        names: files in it, relative to it.
        state: the one that holds the state of a training under way.
        not_compared: settings that do not change the result, as pydantic's `exclude`.
    """

    def __init__(self, root: Path, job: str, names: Sequence[str], *, state: str, not_compared: Any) -> None:
        self.root, self._job, self._names, self._not_compared = root, job, names, not_compared
        self.settings = root / "training.json"
        self.state = root / state
        self._files: OwnedFiles | None = None

    @property
    def files(self) -> OwnedFiles:
        """Files of the folder that are ours. Only within `owned`."""
        assert self._files is not None, "another process writes this folder"
        return self._files

    @contextmanager
    def owned(self, inputs: Inputs) -> Iterator[None]:
        """Keep the folder for this process.

        Raises:
            InputError: it is not ours, in use, cannot be written to, or an input lies in it.
        """
        with OwnedFolder.open(self.root, job=self._job, inputs=inputs) as folder:
            self._files = folder.files
            try:
                yield
            finally:
                self._files = None

    def fingerprint(self, config: Section, data: str) -> str:
        """Fingerprint of all that decides what a training becomes, but for the weights that it starts from.

        Args:
            data: fingerprint of the images.
        """
        settings = config.model_dump(mode="json", exclude=self._not_compared)
        return json_text.digest([under_former_names(settings), data])

    def open(self, config: TrainConfig | DetectorTrainConfig, fingerprint: str, start: Path | None) -> bool:
        """Make the folder ready, empty but for what the same training has left in it.

        Args:
            start: weights to start from.

        Returns:
            Whether the state of the same training lies in it.

        Raises:
            InputError: another training lies in it, without `overwrite`; or files that are not ours lie in the way.
        """
        weights = _digest(start)
        goes_on = self.settings.is_file() and not config.overwrite
        if goes_on:
            found = json_object(self.settings)
            # the weights to start from may be gone by now: the state holds what became of them
            if found.get("fingerprint") != fingerprint or weights not in (None, found.get("start")):
                raise InputError(
                    f"--output {self.root} holds a training with other settings or images; name another folder, or "
                    "replace it with --overwrite"
                )
        if self._files is not None:
            if not goes_on:
                self._files.clear()
            self._files.claim(*(self.root / name for name in self._names))
            if not goes_on:
                content = {
                    "fingerprint": fingerprint,
                    "start": weights,
                    "config": config.model_dump(mode="json"),
                }
                atomic.write_text(self.settings, json_text.dumps(content, indent=1) + "\n")
        return goes_on and self.state.is_file()


class TrainingFolder(OwnedTraining):
    """Paths of the files of one training."""

    def __init__(self, root: Path) -> None:
        tables = ["steps.csv", "epochs.csv", "distances.csv"]
        card = ["model.pth", "model.md", "model.json", "training.html", "augmented.png"]
        names = ["training.json", "state.pt", *card, *tables]
        super().__init__(root, "train", names, state="state.pt", not_compared=NOT_COMPARED)
        self.model = root / "model.pth"
        self.card = root / "model.md"
        self.page = root / "training.html"
        self.augmented = root / "augmented.png"
        self.tensorboard = root / "tensorboard"

    def goes_on(self, config: TrainConfig) -> bool:
        """Whether the folder's training will be continued, if its images are these."""
        return self.state.is_file() and not config.overwrite

    @contextmanager
    def listing_tensorboard(self) -> Iterator[None]:
        """Claim what appears in the folder `tensorboard` within the block: that library names its files itself."""
        before = set(self.tensorboard.glob("*"))
        self.files.claim(self.tensorboard / "events")  # so that a new folder is ours
        yield
        self.files.record(*(set(self.tensorboard.glob("*")) - before))

    def finish(self, held_out: Mapping[str, Any]) -> None:
        """Write down what came out, beside the settings."""
        content = json_object(self.settings) | {"held_out": held_out}
        atomic.write_text(self.settings, json_text.dumps(content, indent=1) + "\n")


def _digest(path: Path | None) -> str | None:
    """Digest of a file's content; None where there is no file."""
    if path is None or not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
