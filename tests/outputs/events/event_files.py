"""What lies in a folder of events."""

import json
from pathlib import Path
from typing import Any

from reid.outputs.events.event_file import EventFile
from reid.owned_files import OwnedFiles


def opened(folder: Path, *, most_bytes: int = 2000, keep: int = 100) -> EventFile:
    return EventFile(folder / "events.jsonl", OwnedFiles(folder), most_bytes=most_bytes, keep=keep)


def files(folder: Path) -> list[Path]:
    """Oldest first, the one being written last."""
    full = sorted(folder.glob("events.*.jsonl"), key=lambda path: -int(path.name.split(".")[1]))
    return [*full, folder / "events.jsonl"]


def records(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in files(folder):
        data = path.read_bytes()
        assert data == b"" or data.endswith(b"\n"), path
        found += [json.loads(line) for line in data.split(b"\n") if line]
    return found


def ids(folder: Path) -> list[str]:
    return [record["id"] for record in records(folder)]
