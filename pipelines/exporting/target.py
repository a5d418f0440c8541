"""The folder that an export is written to."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.progress import Task
from reid.outputs import atomic

FACTS = "export.json"


@dataclass(slots=True, kw_only=True, eq=False)
class Target:
    """Writes files of an export, counts them, and tells how far it is."""

    owned: OwnedFolder
    task: Task
    files: int = 0

    def claim(self, names: Iterable[str]) -> None:
        """List all files of the export, by their names in the folder, with `/`; a former export goes.

        Raises:
            InputError: a file of such a name is there that reid did not write; the former export stays then.
        """
        paths = [self.owned.root / name for name in (*names, FACTS)]
        self.owned.files.claim(*paths)
        self.owned.files.clear()
        self.owned.files.claim(*paths)

    def write(self, name: str, data: bytes) -> None:
        """Write a file that was claimed."""
        path = self.owned.root / name
        assert self.owned.files.owns(path)
        atomic.write_bytes(path, data, durable=False)
        self.files += 1

    def advance(self, crops: int) -> None:
        """Count crops as done."""
        self.task.advance(crops)
