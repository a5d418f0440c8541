"""All that a gallery's files say, also what decisions keep compressed to undo and redo them."""

import base64
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from reid.types import Array

PARTS = ("sightings", "rivals", "prototypes", "unseen")  # rows that begin with run, camera and track


@contextmanager
def copied(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of a gallery, open: to open it itself would fold its log into it."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if (file := path.with_name(path.name + suffix)).exists():
                shutil.copy(file, Path(folder) / file.name)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            yield db


def blobs(path: Path) -> Iterator[dict[str, list[list[Any]]]]:
    """What each decision keeps to be undone, or redone; galleries of earlier versions may keep less."""
    with copied(path) as db:
        there = {row[1] for row in db.execute("PRAGMA table_info(decisions)")}
        rows = [
            row
            for column in sorted({"before", "after"} & there)
            for row in db.execute(f"SELECT {column} FROM decisions WHERE {column} IS NOT NULL")
        ]
    for (kept,) in rows:
        yield json.loads(zlib.decompress(kept))


def tracks_in_decisions(path: Path) -> set[tuple[str, str, int]]:
    """Run, camera and track of all that decisions keep: to undo, to redo, and to bind repeated runs."""
    with copied(path) as db:
        found = set(db.execute("SELECT run_id, camera_id, track_id FROM decision_segments").fetchall())
    for kept in blobs(path):
        found |= {(row[0], row[1], row[2]) for part in PARTS for row in kept.get(part, [])}
    return found


def content_of(folder: Path) -> bytes:
    """The bytes of all files of a folder, with what their galleries keep compressed as plain bytes behind."""
    found = []
    for file in sorted(folder.iterdir()):
        found.append(file.read_bytes())
        if file.suffix == ".db":
            for kept in blobs(file):
                found.append(json.dumps(kept, ensure_ascii=False).encode())
                found += [base64.b64decode(row[4]) for row in kept.get("prototypes", [])]
    return b"\0".join(found)


def found_in_files(folder: Path, vectors: Array) -> int:
    """How many of the vectors have their bytes, or half of them, in any file of the folder."""
    content = content_of(folder)
    halves = [
        row.tobytes()[side : side + row.nbytes // 2] for row in vectors for side in (0, row.nbytes // 2)
    ]
    return sum(half in content for half in halves)
