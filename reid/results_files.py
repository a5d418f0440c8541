"""What several readers of a results folder need: the paths that run.json records, names of crops, `tracklets.csv`."""

import csv
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")
_CROP = re.compile(r"(.+)_([0-9]{1,18})_[0-9]+(?:\D.*)?")  # copies have something behind: `door_3_1 (2)`


def recorded_path(root: Path, path: Path, output: Path | None = None) -> Path:
    """The file that run.json of the results folder `root` names by `path`.

    Paths are absolute. Where the folder is not where it was written, because a site was moved or copied, what lies
    as `path` lay from the folder is meant, if there is such a file. Earlier versions recorded paths as they were
    typed: such a one counts from the folder in the same way, else from the working folder, from the folder that
    holds the results, or from the results; where it is nowhere, from the working folder.

    Args:
        output: where the folder was when it was written, as run.json names it.
    """
    beside = []
    if output is not None and output.is_absolute() == path.is_absolute() and not _is_at(root, output):
        beside = [Path(os.path.normpath(Path(os.path.abspath(root)) / os.path.relpath(path, output)))]
    if path.is_absolute():
        places = [*beside, path]
    else:
        places = [*beside, Path.cwd() / path, root.resolve().parent / path, root.resolve() / path]
    return next(
        (place for place in places if place.exists()), path if path.is_absolute() else Path.cwd() / path
    )


def _is_at(root: Path, output: Path) -> bool:
    """Whether a folder lies where it was written; of a relative path it is not known where that is."""
    try:
        return output.is_absolute() and root.samefile(output)
    except OSError:
        return False


def crop_of(stem: str) -> tuple[str, int] | None:
    """File stem of the camera and number of the tracklet in a crop's name; None: it is not named as crops are."""
    found = _CROP.fullmatch(stem)
    return None if found is None else (found[1], int(found[2]))


def table_rows(table: Path, read: Callable[[Mapping[str, str]], Row]) -> list[Row]:
    """What `read` makes of each row of `tracklets.csv`.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not as `reid video` writes it.
    """
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return [read(row) for row in csv.DictReader(file)]
    except (KeyError, TypeError, csv.Error) as error:
        raise ValueError(f"no table of tracklets: {error!r}") from error
