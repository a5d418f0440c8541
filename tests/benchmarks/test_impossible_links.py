"""What counts as a jump: on tracklets whose jumps are known, and from a results folder."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from reid.outputs.artefact import ArtefactWriter
from reid.types import Tracklet
from tests.benchmarks import impossible_links
from tests.benchmarks.impossible_links import counts, path_of
from tests.tracklets import tracklet


def at(track: int, frames: range, x: float, height: float = 100.0) -> Tracklet:
    box = (x, 100, x + 40, 100 + height)
    return tracklet("a", track, frames=frames, box=box)


def test_jumps_between_and_within_tracklets() -> None:
    far = [at(1, range(10), 100), at(2, range(12, 20), 400)]
    assert counts(path_of(far)) == dict(zip(impossible_links.COUNTS, (1, 0, 0, 0), strict=True))
    near = [at(1, range(10), 100), at(2, range(12, 20), 190)]
    assert counts(path_of(near))["jumps"] == 0, "less than a height"
    slow = [at(1, range(10), 100), at(2, range(30, 40), 400)]
    assert counts(path_of(slow))["jumps"] == 0, "at one and a half heights a second"
    one = at(1, range(10), 100)
    one.boxes[5:] += np.float32([300, 0, 300, 0])
    assert counts(path_of([one])) == dict(zip(impossible_links.COUNTS, (1, 1, 0, 0), strict=True))
    taller = [at(1, range(10), 100), at(2, range(12, 20), 100, 170)]
    assert counts(path_of(taller))["size_changes"] == 1


@pytest.mark.parametrize("with_truth", [False, True])
def test_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str], with_truth: bool) -> None:
    made = [at(1, range(10), 100), at(2, range(12, 20), 400), at(3, range(40, 50), 400)]
    (tmp_path / "cameras").mkdir()
    with ArtefactWriter(tmp_path / "cameras" / "a.npz") as writer:
        for one in made:
            writer.append(one)
        writer.finish({})
    with (tmp_path / "tracklets.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["camera", "track_id", "person_id"])
        rows.writerows([["a", 1, 7], ["a", 2, 7], ["a", 3, 8]])
    words = [str(tmp_path), "--output", str(tmp_path / "found.json")]
    if with_truth:
        (tmp_path / "a_gt.txt").write_text(
            "".join(
                f"{frame + 1},{person},{box[0]},{box[1]},{box[2] - box[0]},{box[3] - box[1]},1,1,1\n"
                for one, person in zip(made, (1, 2, 2), strict=True)
                for frame, box in zip(one.frames.tolist(), one.boxes.tolist(), strict=True)
            )
        )
        words += ["--truth", str(tmp_path)]
    assert impossible_links.main(words) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["all"] | {"people": 2, "jumps": 1} == found["all"]
    assert ("pairs" in found["cameras"]["a"]) == with_truth
    if with_truth:
        assert found["cameras"]["a"]["pairs"] == {
            "one_person": 1, "two_people": 2, "joined_wrongly": 1, "missed": 1, "refused": 1, "wrongly": 0,
        }  # fmt: skip
    assert "jumps" in capsys.readouterr().out
