"""Names of the files that lie beside a gallery."""

from pathlib import Path

INDEX_SUFFIXES = (".faiss", ".faiss.tmp")  # the cached index, and while it is written; both hold vectors


def beside(path: Path, suffix: str) -> Path:
    """The gallery's side file: `site.db` and `.lock` give `site.db.lock`."""
    return path.with_name(path.name + suffix)
