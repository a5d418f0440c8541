"""What a network's files hold, as digests."""

import hashlib
from collections.abc import Iterator
from pathlib import Path


def file_digests(weights: Path) -> Iterator[bytes]:
    """The digest of a file, or of every file in a folder, by name."""
    files = sorted(p for p in weights.rglob("*") if p.is_file()) if weights.is_dir() else [weights]
    for file in files:
        with file.open("rb") as stream:
            yield hashlib.file_digest(stream, "blake2b").digest()
