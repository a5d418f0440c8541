import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.video.content import content_key
from reid.video.source import clean_name, image_files_of, natural_key, parse_sources


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def parsed(*arguments: str, **offsets: float) -> dict[str, list[str]]:
    return {
        source.camera_id: [file.as_posix() for file in source.files]
        for source in parse_sources(arguments, offsets)
    }


@pytest.mark.usefixtures("here")
def test_a_file_is_a_camera_named_after_it() -> None:
    touch("lobby.mp4", "front door.mkv")
    assert parsed("lobby.mp4", "front door.mkv") == {"lobby": ["lobby.mp4"], "front_door": ["front door.mkv"]}


@pytest.mark.usefixtures("here")
def test_a_glob_makes_each_match_a_camera_in_natural_order() -> None:
    touch("cams/cam10.mp4", "cams/cam2.mp4", "cams/cam1.mp4")
    assert list(parsed("cams/*.mp4")) == ["cam1", "cam2", "cam10"]


@pytest.mark.usefixtures("here")
def test_a_name_joins_files_into_one_camera_in_sequence() -> None:
    touch("d/p10.mp4", "d/p9.mp4", "late.mp4", "other.mp4")
    assert parsed("door=d/*.mp4", "other.mp4", "door=late.mp4") == {
        "door": ["d/p9.mp4", "d/p10.mp4", "late.mp4"],
        "other": ["other.mp4"],
    }


@pytest.mark.usefixtures("here")
def test_folders_hold_one_camera_of_images_or_one_camera_per_video() -> None:
    touch("shots/f10.png", "shots/f9.jpg", "shots/notes.txt", "shots/._f9.jpg", "tapes/b.mp4", "tapes/a.avi")
    assert parsed("shots", "tapes") == {"shots": ["shots"], "a": ["tapes/a.avi"], "b": ["tapes/b.mp4"]}
    assert parsed("all=tapes") == {"all": ["tapes/a.avi", "tapes/b.mp4"]}
    source = parse_sources(["shots"], {})[0]
    assert source.is_images
    assert [path.name for path in image_files_of(source)] == ["f9.jpg", "f10.png"]


@pytest.mark.usefixtures("here")
def test_single_images_are_one_camera_under_a_name() -> None:
    touch("f2.png", "f10.png")
    source = parse_sources(["walk=f*.png"], {})[0]
    assert [path.name for path in image_files_of(source)] == ["f2.png", "f10.png"]


@pytest.mark.usefixtures("here")
def test_equal_stems_get_their_folders_name() -> None:
    touch("a/clip.mp4", "b/clip.mp4", "b/CLIP2.mp4", "a/clip2.mp4")
    assert list(parsed("a/clip.mp4", "b/clip.mp4")) == ["a-clip", "b-clip"]
    assert list(parsed("a/clip2.mp4", "b/CLIP2.mp4")) == ["a-clip2", "b-CLIP2"]


@pytest.mark.usefixtures("here")
def test_what_exists_is_a_path_even_with_an_equals_sign() -> None:
    touch("door=1.mp4", "sets/x=y.mp4")
    assert parsed("door=1.mp4", "sets/x=y.mp4") == {"door_1": ["door=1.mp4"], "x_y": ["sets/x=y.mp4"]}


@pytest.mark.usefixtures("here")
def test_offsets_belong_to_cameras() -> None:
    touch("a.mp4", "b.mp4")
    sources = parse_sources(["a.mp4", "b.mp4"], {"b": -2.5})
    assert [source.offset_s for source in sources] == [0.0, -2.5]


@pytest.mark.parametrize(
    ("arguments", "offsets", "sentence"),
    [
        ([], {}, "no recordings given"),
        (["lobby.mp4"], {}, "^lobby.mp4: no such file$"),
        (["door=lobby.mp4"], {}, "^lobby.mp4: no such file$"),
        (["x/*.mp4"], {}, r"^x/\*.mp4: no file matches$"),
        (["door="], {}, "no file after '='; write door=path"),
        (["=a.mp4"], {}, "is no camera name"),
        (["a.mp4", "./a.mp4"], {}, "a.mp4: given twice"),
        (["a.mp4", "again=a.mp4"], {}, "a.mp4: given twice"),
        (["a.mp4", "a.avi"], {}, "both be camera .*-a'; name at least one with name=path"),
        (["A=a.mp4", "a=a.avi"], {}, "both be camera"),
        (["rtsp://host/live"], {}, "a live stream"),
        (["p.png"], {}, "p.png: a single image"),
        (["x=p.png", "x=a.mp4"], {}, "x: mixes images and videos"),
        (["empty"], {}, "empty: a folder without images or videos"),
        (["both"], {}, "both: holds both images and videos"),
        (["a.mp4", "b=a.avi"], {"bb": 1.0}, "no camera is called 'bb'; did you mean 'b'"),
        (["a.mp4"], {"a": float("nan")}, "nan for 'a' is not a number"),
    ],
)
@pytest.mark.usefixtures("here")
def test_bad_arguments_cost_a_sentence(
    arguments: list[str], offsets: dict[str, float], sentence: str
) -> None:
    touch("a.mp4", "a.avi", "p.png", "empty/notes.txt", "both/a.mp4", "both/a.png")
    with pytest.raises(InputError, match=sentence):
        parse_sources(arguments, offsets)


@given(st.text())
def test_clean_names_are_safe_and_stay(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name
    assert len(name.encode()) <= 200
    assert not name.startswith((".", "-"))
    assert not set(name) & set('/\\:*?"<>|\0 \n')
    assert name.split(".")[0].casefold() not in {"con", "nul", "aux", "prn", "com1", "lpt9"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(stem=st.text(st.characters(codec="utf-8", exclude_characters="/\0\\"), min_size=1, max_size=30))
def test_any_file_name_is_a_camera(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.mp4"
    path.write_bytes(b"x")
    source = parse_sources([os.fspath(path)], {})[0]
    assert source.files == (path,)
    assert source.camera_id == clean_name(source.camera_id) != ""


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_natural_order_is_numeric(numbers: list[int]) -> None:
    paths = [Path(f"cam{number}.mp4") for number in numbers]
    assert sorted(paths, key=natural_key) == [Path(f"cam{number}.mp4") for number in sorted(numbers)]


@pytest.mark.usefixtures("here")
def test_content_key_follows_content_not_names() -> None:
    touch("a.mp4", "b.mp4")
    a, b = (content_key(source) for source in parse_sources(["a.mp4", "b.mp4"], {}))
    assert a != b
    Path("b.mp4").write_bytes(Path("a.mp4").read_bytes())
    assert content_key(parse_sources(["b.mp4"], {})[0]) == a
    Path("f").mkdir()
    cv2.imwrite("f/0.png", np.zeros((4, 4, 3), np.uint8))
    before = content_key(parse_sources(["f"], {})[0])
    cv2.imwrite("f/1.png", np.zeros((4, 4, 3), np.uint8))
    assert content_key(parse_sources(["f"], {})[0]) != before


@pytest.mark.usefixtures("here")
def test_content_key_samples_big_files() -> None:
    size = 65 << 20
    with open("big.mp4", "wb") as file:
        file.truncate(size)  # sparse
    source = parse_sources(["big.mp4"], {})[0]
    before = content_key(source)
    with open("big.mp4", "r+b") as file:
        file.seek(size - 1)
        file.write(b"x")
    assert content_key(source) != before
