"""A poster of a person in a recording: no identity, and in the list of what was left out."""

import json
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.outputs.static_things import read_things, write_things
from reid.owned_files import OwnedFiles
from reid.shipped import demo_recording
from reid.types import StaticThing

POSTER = (150, 140, 186, 230)  # in cam2, where people pass
PERSON, FRAME = 3, 500  # of cam3: who is shown on it
FPS, SECONDS = 4, 24


def thing(camera: str = "a", *, first_s: float = 0.0) -> StaticThing:
    return StaticThing(
        camera_id=camera,
        box=np.array([1, 2, 30, 90], dtype=np.float32),
        first_s=first_s,
        last_s=first_s + 40,
        detections=12,
        template=np.arange(128, dtype=np.float32).reshape(16, 8),
        crop=b"\xff\xd8jpeg",
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    write_things(tmp_path, files, [thing("a"), thing("a", first_s=5), thing("b/c")], state=True)
    found = read_things(tmp_path / "static.json")
    assert [(one.camera_id, one.first_s, one.last_s, one.detections) for one in found] == [
        ("a", 0, 40, 12),
        ("a", 5, 45, 12),
        ("b/c", 0, 40, 12),
    ]
    np.testing.assert_array_equal(found[0].template, thing().template)
    assert found[0].crop == thing().crop
    rows = json.loads((tmp_path / "static.json").read_text())["things"]
    assert [row["crop"] for row in rows] == ["static/a_1.jpg", "static/a_2.jpg", "static/b%2Fc_1.jpg"]
    assert all((tmp_path / row["crop"]).read_bytes() == thing().crop for row in rows)
    write_things(tmp_path, files, [thing("b/c")], state=True)
    assert [path.name for path in (tmp_path / "static").iterdir()] == ["b%2Fc_1.jpg"]


def test_a_list_of_before_is_read(tmp_path: Path) -> None:
    """0.1 called the template of a thing its picture."""
    write_things(tmp_path, OwnedFiles(tmp_path), [thing()], state=True)
    path = tmp_path / "static.json"
    path.write_text(path.read_text().replace('"template"', '"picture"'))
    np.testing.assert_array_equal(read_things(path)[0].template, thing().template)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[]", "has no list of things"),
        ('{"things": [{}]}', "camera: field required"),
        ("{", "cannot be read"),
    ],
)
def test_a_damaged_list_is_a_sentence(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "static.json").write_text(content)
    with pytest.raises(InputError) as error:
        read_things(tmp_path / "static.json")
    assert str(tmp_path / "static.json") in str(error.value)
    assert complaint in str(error.value)


def test_a_list_that_is_the_users_stays(tmp_path: Path) -> None:
    (tmp_path / "static.json").write_text("mine")
    with pytest.raises(InputError, match="reid did not write it"):
        write_things(tmp_path, OwnedFiles(tmp_path), [thing()])
    assert (tmp_path / "static.json").read_text() == "mine"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cam2 of the demo with a person of cam3 pasted behind those who pass, other colours, noise and light."""
    path = tmp_path_factory.mktemp("poster") / "cam2.mp4"
    row = np.loadtxt(demo_recording() / "cam3_gt.txt", delimiter=",")
    x, y, width, height = next(r[2:6] for r in row if tuple(r[:2]) == (FRAME, PERSON)).astype(int)
    with av.open(str(demo_recording() / "cam3.mp4")) as container:
        shown = next(f for n, f in enumerate(container.decode(video=0)) if n == FRAME - 1)
    crop = shown.to_ndarray(format="bgr24")[y : y + height, x : x + width, [1, 2, 0]]
    left, top, right, bottom = POSTER
    rows = np.linspace(0, height - 1, bottom - top).astype(int)
    poster = crop[rows][:, np.linspace(0, width - 1, right - left).astype(int)]
    truth = np.loadtxt(demo_recording() / "cam2_gt.txt", delimiter=",")
    rng = np.random.default_rng(0)
    with av.open(str(demo_recording() / "cam2.mp4")) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number >= SECONDS * 12:
                break
            image = frame.to_ndarray(format="bgr24")
            free = np.ones(image.shape[:2], dtype=bool)
            for _, _, a, b, w, h in truth[truth[:, 0] == number + 1][:, :6]:
                if b + h > bottom:  # nearer than the poster
                    free[int(b) : int(b + h) + 1, int(a) : int(a + w) + 1] = False
            place = (slice(top, bottom), slice(left, right))
            image[place] = np.where(free[place][..., None], poster, image[place])
            noisy = image * (1 + 0.03 * np.sin(number / 20)) + rng.normal(0, 2.5, image.shape)
            shown = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), format="bgr24")
            target.mux(stream.encode(shown))
        target.mux(stream.encode())
    return path


def people_on_poster(results: Path) -> float:
    """Seconds for which some identity lies on the poster."""
    lines = (results / "tracks" / "cam2.txt").read_text().splitlines()
    boxes = np.array([line.split(",")[2:6] for line in lines], dtype=float)
    edges = np.abs(np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]) - POSTER)
    return float((edges.max(axis=1) < 12).sum()) / FPS


@pytest.mark.slow
def test_a_poster_is_no_identity(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["video", str(recording), "--fps", str(FPS), "--no-video", "--tracklets.static_s"]
    assert main([*words, "null", "--output", "all"]) == 0
    assert json.loads((tmp_path / "all" / "static.json").read_text()) == {"things": []}
    assert people_on_poster(tmp_path / "all") > SECONDS / 2, "the detector takes it for a person"
    capsys.readouterr()
    assert main([*words, "10", "--output", "people"]) == 0
    assert people_on_poster(tmp_path / "people") < 1.5
    things = json.loads((tmp_path / "people" / "static.json").read_text())["things"]
    assert things
    assert all((tmp_path / "people" / one["crop"]).read_bytes().startswith(b"\xff\xd8") for one in things)
    assert any(np.abs(np.array(one["box"]) - POSTER).max() < 12 for one in things)
    assert f"{len(things)} left out as they never move (cam2 {len(things)}); see static.json" in (
        " ".join(capsys.readouterr().out.split())
    )
    camera = json.loads((tmp_path / "people" / "run.json").read_text())["cameras"]["cam2"]
    assert camera["things"] == len(things)
