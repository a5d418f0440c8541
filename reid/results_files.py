"""What several readers of a results folder need: the paths that run.json records, names of crops, `tracklets.csv`."""

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")
_CROP = re.compile(r"(.+)_([0-9]{1,18})_[0-9]+(?:\D.*)?")  # copies have something behind: `door_3_1 (2)`


def recorded_path(root: Path, path: Path) -> Path:
    """The file that run.json of the results folder `root` names by `path`.

    Paths are absolute. Earlier versions recorded them as they were typed: such a one counts from the working folder,
    else from the folder that holds the results, else from the results; where it is nowhere, from the working folder.
    """
    places = [Path.cwd() / path, root.resolve().parent / path, root.resolve() / path]
    return next((place for place in places if place.exists()), places[0])


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
