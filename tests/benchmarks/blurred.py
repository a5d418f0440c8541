"""How much of the people in a recording is blurred, against the truth.

    python -m tests.benchmarks.blurred RESULTS --truth FOLDER --output blurred.json

Of every true box of a person of whom at least `--visibility` can be seen, in every frame that was processed: the
share that lies within a blurred box (`--outputs.blur all`, `reid export clips --blur others`).
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from pipelines.recordings.presence import HOLD_S, Presence
from pipelines.reviewing.recorded_run import FinishedRun
from reid.evaluation.mot import read_mot
from reid.video.blur import blurred_area
from tests.benchmarks.jobs import Report

WHOLE = 0.9  # of a box: what is left are corners without a person


def camera(run: FinishedRun, name: str, truth: Path, visibility: float) -> Report:
    """Shares of one camera."""
    tracked = run.tracked()[name]
    presence, facts = Presence(tracked.tracklets, HOLD_S), run.facts.cameras[name]
    assert facts.width is not None
    assert facts.height is not None
    true = read_mot(truth / f"{name}_gt.txt")
    times = dict(
        zip((np.asarray(tracked.frames) + 1).tolist(), np.asarray(tracked.times_s).tolist(), strict=True)
    )
    shares = []
    for row in np.flatnonzero(true.visibilities >= visibility).tolist():
        frame = int(true.frames[row])
        if frame not in times:
            continue
        area = blurred_area(presence.boxes_at(times[frame]), facts.width, facts.height)
        left, top, right, bottom = (round(float(value)) for value in true.boxes[row])
        shares.append(float(area[max(top, 0) : bottom, max(left, 0) : right].mean()))
    found = np.array(shares)
    return {
        "boxes": len(found),
        "whole": float((found >= WHOLE).mean()),
        "half": float((found >= 0.5).mean()),
        "none": float((found == 0).mean()),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--visibility", type=float, default=0.3)
    told = parser.parse_args(argv)
    run = FinishedRun.read(told.results)
    content = {name: camera(run, name, told.truth, told.visibility) for name in run.cameras}
    told.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(content, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
