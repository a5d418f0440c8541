"""`reid export crops` as COCO and CVAT: boxes by frame, frames as images, tracks that end."""

import json
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import cv2
import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.reviewing.opening import open_site
from pipelines.runtime.progress import reporter
from reid.types import TrackletKey
from reid.video.writer import VideoWriter
from tests.pipelines.exporting.test_export import SEEN
from tests.pipelines.reviewing.results import LENGTH, STEP, make_results

FRAMES = {"a": STEP * 4, "b/c": STEP * 3}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Reviewed results of a camera whose recording is there, and of one whose recording is not."""
    film(tmp_path / "a.mp4", FRAMES["a"])
    files = {"a": tmp_path / "a.mp4", "b/c": tmp_path / "gone.mp4"}
    root = make_results(tmp_path / "day", SEEN, files=files)
    with open_site([root], reporter(quiet=True)) as site:
        store, run_id = site.store, site.runs[0].run.run_id
        store.reassign(2, [(run_id, TrackletKey(camera_id="b/c", track_id=1))], 3)
        store.ignore(4)
        store.rename(3, "Ann")
    return root


def film(path: Path, frames: int) -> None:
    """A grey wall that gets brighter."""
    with VideoWriter(path, fps_hint=10) as video:
        for number in range(frames):
            video.write(np.full((240, 320, 3), number, dtype=np.uint8), number / 10)


def exported(root: Path, form: str) -> Path:
    out = root.parent / form
    assert main(["export", "crops", str(root), "--format", form, "--output", str(out), "--overwrite"]) == 0
    return out


def change(root: Path, **facts: object) -> None:
    """Let run.json tell other facts of camera a."""
    told = json.loads((root / "run.json").read_text())
    told["cameras"]["a"] |= facts
    (root / "run.json").write_text(json.dumps(told))


def test_frames_and_their_boxes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = exported(root, "coco")
    assert "b/c: no images of 6, as its recording" in " ".join(capsys.readouterr().err.split())
    coco = json.loads((out / "annotations.json").read_text())
    images = {image["id"]: image for image in coco["images"]}
    assert len(images) == len(coco["annotations"]) == 18
    third = [one for one in coco["annotations"] if one["attributes"]["person"] == "Ann"]
    assert {images[one["image_id"]]["camera"] for one in third} == {"a", "b/c"}
    first = coco["annotations"][0]
    assert first["bbox"] == [100, 100, 40, 100]
    assert first["attributes"] == {"person_id": 1, "person": "P0001", "track_id": 1, "reviewed": False}
    assert images[first["image_id"]] == {
        "id": 1, "file_name": "images/a/000000.jpg", "width": 320, "height": 240, "camera": "a", "frame": 0,
    }  # fmt: skip
    own = [image for image in coco["images"] if image["camera"] == "a"]
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.jpg")} == {
        image["file_name"] for image in own
    }
    for image in own:
        shown = cv2.imread(str(out / image["file_name"]))
        assert shown.shape == (240, 320, 3)
        assert abs(float(shown.mean()) - image["frame"]) < 4


def test_a_recording_that_ends_too_soon_gives_what_it_has(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film(root.parent / "a.mp4", STEP * 2)
    out = exported(root, "coco")
    assert "a: 6 images of 12, as its recording has no frame 80 any more" in " ".join(
        capsys.readouterr().err.split()
    )
    assert len(list(out.rglob("*.jpg"))) == 6


def test_a_file_of_the_users_in_the_way_costs_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = root.parent / "coco"
    exported(root, "cvat").rename(out)
    (out / "images" / "a").mkdir(parents=True)
    (out / "images" / "a" / "000000.jpg").write_bytes(b"mine")
    former = (out / "a.xml").read_bytes()
    words = ["export", "crops", str(root), "--format", "coco", "--output", str(out), "--overwrite"]
    assert main(words) == 2
    assert "000000.jpg: is there already, and reid did not write it" in capsys.readouterr().err
    assert [path.read_bytes() for path in out.rglob("*.jpg")] == [b"mine"]
    assert (out / "a.xml").read_bytes() == former


def test_frames_that_the_user_adds_stay(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(root.parent / "a.mp4", STEP * 2)
    out = exported(root, "coco")
    names = [image["file_name"] for image in json.loads((out / "annotations.json").read_text())["images"]]
    added = [out / name for name in names if not (out / name).exists()]
    assert len(added) == 12, "half of a, and all of b/c"
    for path in added:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    words = ["export", "crops", str(root), "--format", "coco", "--output", str(out), "--overwrite"]
    assert main(words) == 2
    assert "is there already, and reid did not write it" in capsys.readouterr().err
    for path in added[:6]:
        path.unlink()
    assert main(words) == 0, "no recording of b/c is there, so nothing of the user's is in the way"
    assert {path.read_bytes() for path in added[6:]} == {b"mine"}
    exported(root, "cvat")
    assert {path.read_bytes() for path in added[6:]} == {b"mine"}


def tracks(out: Path, name: str) -> list[Element]:
    return ElementTree.parse(out / name).getroot().findall("track")


def outside(track: Element) -> list[str]:
    return [f"{box.get('frame')}: {box.get('outside')}" for box in track.findall("box")][LENGTH - 1 :]


def test_tracks_with_their_people(root: Path) -> None:
    out = exported(root, "cvat")
    document = ElementTree.parse(out / "b%2Fc.xml").getroot()
    assert document.findtext("meta/task/size") == str(FRAMES["b/c"])
    found = tracks(out, "b%2Fc.xml")
    assert len(found) == 2, "P0004 is no person"
    boxes = found[0].findall("box")
    assert [box.get("outside") for box in boxes] == ["0"] * LENGTH + ["1"]
    edges = [boxes[0].get(edge) for edge in ("xtl", "ytl", "xbr", "ybr")]
    assert edges == ["100.00", "100.00", "140.00", "200.00"]
    said = {one.get("name"): one.text for one in boxes[0].findall("attribute")}
    assert said == {"person_id": "3", "person": "Ann", "reviewed": "true"}


def test_a_name_with_controls_is_still_xml(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", {"a\x1b[31m & b": {1: 0}})
    out = exported(root, "cvat")
    (file,) = out.glob("*.xml")
    assert ElementTree.parse(file).getroot().findtext("meta/task/name") == "a\\x1b[31m & b"


def test_a_track_ends_where_the_run_did_unless_the_recording_does(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = STEP * 3 + LENGTH  # frames up to the last of track 4, from 1
    seen = list(range(1, last + 1))
    told = json.loads((root / "run.json").read_text())
    for end_s, ends in ((last / 10, True), (60.0, False)):
        told["config"]["source"]["end_s"] = end_s
        (root / "run.json").write_text(json.dumps(told))
        change(root, frames=last, processed_frames=seen)
        own = tracks(exported(root, "cvat"), "a.xml")
        assert outside(own[0]) == ["19: 0", "20: 1"]
        assert outside(own[3]) == [f"{last - 1}: 0", *([f"{last}: 1"] if ends else [])]
    change(root, frames=last // 5, processed_frames=seen[::5])  # more frames were not looked at
    assert outside(tracks(exported(root, "cvat"), "a.xml")[0]) == ["19: 0", "20: 1"]
    capsys.readouterr()
    change(root, files=[{"file": f"{n}.mp4", "begins_s": n * 10.0} for n in range(2)])
    exported(root, "cvat")
    assert "a: its frames are counted through 2 files" in " ".join(capsys.readouterr().err.split())
