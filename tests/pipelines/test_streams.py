"""`reid video` on recordings with pixels that are not square, and with several streams in a file."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.cli.main import main

CASES = Path(__file__).parents[1] / "cases"
SQUEEZED, PREVIEW = CASES / "anamorphic-sar2.mp4", CASES / "preview-stream-first.mkv"
CONTROL = ("--detector", str(CASES / "control-detect.onnx"), "--fps", "2", "--no-video", "--no-crops")

pytestmark = pytest.mark.slow


def run(*words: str, output: Path) -> dict[str, Any]:
    assert main(["video", *words, "--output", str(output)]) == 0
    content: dict[str, Any] = json.loads((output / "run.json").read_text(encoding="utf-8"))
    return content["cameras"]


def test_people_in_a_squeezed_recording_are_found(tmp_path: Path) -> None:
    shown = run(f"lobby={SQUEEZED}", "--fps", "3", "--no-report", output=tmp_path / "shown")
    words = ("--pixel-aspect", "lobby=1", "--fps", "3", "--no-report", "--no-video")
    as_stored = run(f"lobby={SQUEEZED}", *words, output=tmp_path / "stored")
    assert [shown["lobby"][key] for key in ("width", "height")] == [640, 360]
    assert [as_stored["lobby"][key] for key in ("width", "height")] == [320, 360]
    boxes, before = (
        np.loadtxt(tmp_path / name / "tracks" / "lobby.txt", delimiter=",") for name in ("shown", "stored")
    )
    # measured: 54 and 16; people of these widths are found by what they look like unsqueezed
    assert len(boxes) > 2 * len(before)
    assert boxes[:, 2].max() > 320  # in the pixels that are shown
    assert np.all(boxes[:, 2] + boxes[:, 4] <= 645)
    with av.open(str(tmp_path / "shown" / "video" / "lobby.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height) == (640, 360)
        assert stream.sample_aspect_ratio in (None, 0, 1)


def test_the_two_streams_of_a_file_are_two_cameras(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cameras = run(f"front={PREVIEW}#0", f"rear={PREVIEW}#1", *CONTROL, output=tmp_path / "both")
    assert {name: (facts["width"], facts["height"]) for name, facts in cameras.items()} == {
        "front": (128, 72),
        "rear": (640, 360),
    }
    assert "video streams" not in capsys.readouterr().err
    first = run(f"cam={PREVIEW}#1", *CONTROL, output=tmp_path / "one")
    again = run(f"cam={PREVIEW}#1", *CONTROL, output=tmp_path / "one")
    other = run(f"cam={PREVIEW}#0", *CONTROL, "--overwrite", output=tmp_path / "one")
    assert [one["cam"]["resumed"] for one in (first, again, other)] == [False, True, False]
    assert [one["cam"]["width"] for one in (first, again, other)] == [640, 640, 128]
    capsys.readouterr()
    default = run(f"cam={PREVIEW}", *CONTROL, "--overwrite", output=tmp_path / "one")
    (warning,) = default["cam"]["warnings"]
    assert "holds 2 video streams; #1 (640 x 360) is read, not #0 (128 x 72)" in warning
    assert warning in capsys.readouterr().err
