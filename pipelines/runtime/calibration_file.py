"""The calibration that `reid calibrate` writes, kept for one process, with its chart."""

from contextlib import AbstractContextManager
from pathlib import Path

from pipelines.runtime.json_file import json_object
from pipelines.runtime.ownership import OwnedFolder
from pipelines.runtime.single_file import single_file


def calibration_file(path: Path, *, chart: bool) -> AbstractContextManager[OwnedFolder | None]:
    """Keep the file and its chart for this process; another calibration is replaced, anything else refused."""
    beside = [path.with_suffix(".png")] if chart else []
    return single_file(
        path, ".json", work="reid calibrate", what="a calibration", ours=_is_calibration, beside=beside
    )


def _is_calibration(path: Path) -> bool:
    return {"encoder_id", "max_distance"} <= json_object(path).keys()
