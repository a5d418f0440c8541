"""The folder that an export is written to."""

from dataclasses import dataclass

from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Task
from reid.outputs import atomic


@dataclass(slots=True, kw_only=True, eq=False)
class Target:
    """Writes files of an export, counts them, and tells how far it is."""

    owned: OwnedFolder
    task: Task
    files: int = 0

    def write(self, name: str, data: bytes) -> None:
        """Write a file by its name in the folder, with `/`.

        Raises:
            InputError: a file of that name is there that reid did not write.
        """
        path = self.owned.root / name
        self.owned.files.claim(path)
        atomic.write_bytes(path, data, durable=False)
        self.files += 1

    def advance(self, crops: int) -> None:
        """Count crops as done."""
        self.task.advance(crops)
