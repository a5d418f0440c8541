"""`reid search`: where the person of a photo was seen."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

import reid
from pipelines.cli.main import main
from reid.camera_config import EncoderConfig, SourceConfig
from reid.embedding.build import build_encoder
from reid.outputs.artefact import load_tracklets
from reid.shipped import demo_recording
from reid.store.opening import open_store
from reid.store.records import Sighting
from reid.types import Match, TrackletKey
from reid.video.reader import read
from reid.video.source import parse_sources
from reid.wall_clock import WallClock
from tests.search.rates import calibration
from tests.store.written import split_colours, unpack

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
PEOPLE = {1: (0, 0, 220), 2: (220, 0, 0), 3: (0, 200, 200)}  # colours, BGR


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of three people in colours, Ann in red, seen by two cameras, and its encoder `new.onnx`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REID_ENCODER", raising=False)
    split_colours(tmp_path / "new.onnx")
    encoder = build_encoder(EncoderConfig(weights=Path("new.onnx"), backend="onnxruntime"))
    with open_store("site.db", encoder_id=encoder.encoder_id) as store:
        seen = [
            Sighting(
                match=Match(
                    tracklet=TrackletKey(camera_id=camera, track_id=person),
                    person_id=person,
                    distance=None,
                    runner_up_id=None,
                    runner_up_distance=None,
                ),
                start_s=60.0 * person,
                end_s=60.0 * person + 30,
                embeddings=encoder.encode([coloured(colour)]),
            )
            for camera in ("door", "street")
            for person, colour in PEOPLE.items()
        ]
        clock = WallClock(zero_s=TEN.timestamp(), zone="UTC")
        store.commit_run("monday", seen, started=TEN, cameras=["door", "street"], clock=clock)
        store.rename(1, "Ann")
    Path("rates.json").write_text(
        calibration(encoder.encoder_id, dimension=6, genuine=0.1, impostor=0.8).model_dump_json()
    )
    cv2.imwrite("red.png", coloured(PEOPLE[1]))
    return Path("site.db")


def coloured(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((80, 40, 3), colour, np.uint8)


def search(*words: str) -> int:
    own = ("--encoder", "new.onnx", "--backend", "onnxruntime", "--calibration", "rates.json", "--quiet")
    return main(["search", *words, *own])


WHOLE = ("--photo", "red.png", "--box", "0,0,40,80")  # no detector runs


def test_the_person_of_a_photo_comes_first(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search("site.db", *WHOLE, "--top", "3") == 0
    sentence, header, *rows = capsys.readouterr().out.splitlines()
    assert sentence.startswith("2 sightings within 0.")
    assert "among 6 sightings" in sentence
    assert header.split() == [
        "person",
        "name",
        "distance",
        "probability",
        "false",
        "finds",
        "camera",
        "when",
        "tracklet",
    ]
    assert [row.split()[:2] for row in rows[:2]] == [["P0001", "Ann"]] * 2
    assert {row.split()[-1] for row in rows[:2]} == {"door/1", "street/1"}
    assert "2026-11-26 10:01:00 – 10:01:30 +00:00" in rows[0]
    assert len(rows) == 3


def test_json_says_the_same(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search("site.db", *WHOLE, "--camera", "door", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["answer"], told["basis"], told["sightings_searched"], told["people_searched"]) == (
        "found",
        "searches",
        3,
        3,
    )
    assert told["photos"] == [
        {"photo": "red.png", "box": [0.0, 0.0, 40.0, 80.0], "why": "the box that was given"}
    ]
    first = told["sightings"][0]
    assert (first["person"], first["label"], first["camera"], first["track_id"]) == (
        "P0001",
        "Ann",
        "door",
        1,
    )
    assert first["start_at"] == "2026-11-26T10:01:00.000+00:00"
    assert first["distance"] < 0.001
    assert first["probability"] > 0.9
    assert first["false_finds"] < 0.01
    assert 0.9 < told["detection_rate"] <= 1


def test_the_folder_of_a_live_site_is_searched_by_its_gallery(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("live").mkdir()
    site.rename("live/gallery.db")
    assert search("live", *WHOLE, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["sightings"][0]["label"] == "Ann"


def test_what_is_outside_a_time_is_not_searched(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    between = ("--between", "2026-11-26T10:01:45", "2026-11-26T10:02:10")
    assert search("site.db", *WHOLE, *between, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["person"] for one in told["sightings"]} == {"P0002"}
    assert told["answer"] == "not_found"
    assert search("site.db", *WHOLE, "--between", "1", "2", "3") == 2
    assert "--between: 3 given; give two times" in capsys.readouterr().err


def test_several_photos_are_one_search(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("blue.png", coloured(PEOPLE[2]))
    two = (*WHOLE, "--photo", "blue.png", "--box", "0,0,40,80")
    assert search("site.db", *two, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["photo"] for one in told["photos"]] == ["red.png", "blue.png"]
    distances = {one["person"]: one["distance"] for one in told["sightings"]}
    assert distances["P0001"] == pytest.approx(distances["P0002"], abs=0.1)
    assert distances["P0001"] > 0.05


def test_a_contact_sheet_has_a_field_for_each(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search("site.db", *WHOLE, "--sheet", "found.jpg") == 0
    with Pillow.open("found.jpg") as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width > 7 * 144, "the photo and six sightings"
        red = sheet.convert("RGB").getpixel((80, 180))
    assert isinstance(red, tuple)
    assert red[0] > 180
    assert max(red[1:]) < 60
    assert search("site.db", *WHOLE, "--sheet", "found.jpg") == 2
    assert "--sheet found.jpg: is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.db", *WHOLE), "none.db: no such gallery"),
        (("site.db",), "--photo: none is given; name a photo"),
        (("site.db", "--photo", "none.jpg"), "none.jpg: cannot be read"),
        (("site.db", "--photo", "rates.json"), "rates.json: no image that can be decoded"),
        ((".", *WHOLE), "run.json: no such file; expected what a finished `reid video` has written"),
        (("site.db", *WHOLE, "--top", "0"), "top"),
        (("site.db", *WHOLE, "--false-finds", "0"), "false"),
        (("site.db", "--photo", "red.png", "--box", "1,2,3"), "--box '1,2,3': must be left,top,width,height"),
        (
            ("site.db", "--photo", "red.png", "--box", "50,0,9,9"),
            "lies outside red.png, which has 40 x 80 pixels",
        ),
        (("site.db", *WHOLE, "--camera", "dor"), "did you mean 'door'?"),
        (("site.db", *WHOLE, "--between", "noon", "1"), "--between 'noon': no time"),
        (("site.db", *WHOLE, "--sheet", "found.gif"), "--sheet found.gif: must end with .png or .jpg"),
        (("site.db", *WHOLE, "--calibration", "none.json"), "none.json"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(
    site: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    own = () if "--calibration" in words else ("--calibration", "rates.json")
    assert main(["search", *words, "--encoder", "new.onnx", "--backend", "onnxruntime", *own]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert said in lines[-1]
    assert not Path("found.gif").exists()


def test_an_encoder_of_other_vectors_is_refused(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unpack(Path("other"))
    assert main(["search", "other/site.db", *WHOLE, "--encoder", "new.onnx", "--backend", "onnxruntime"]) == 2
    assert "but --encoder is " in capsys.readouterr().err


def test_a_gallery_is_searched_while_another_process_writes_it(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(site, encoder_id=None) as store:
        assert search("site.db", *WHOLE) == 0
        store.forget(1)
        assert search("site.db", *WHOLE, "--format", "json") == 0
    told = capsys.readouterr().out
    assert "P0001" not in told[told.index("{") :], "who is erased is not found"


def test_python_finds_what_the_command_finds(site: Path) -> None:
    encoder = reid.load_encoder("new.onnx", backend="onnxruntime")
    with reid.open_gallery(site, encoder=encoder, read_only=True) as gallery:
        found = gallery.search("red.png", k=4, box=(0, 0, 40, 80))
        assert [hit.name for hit in found[:2]] == ["Ann", "Ann"]
        assert found.verdict == "cannot_say", "no calibration is known of it"
        again = gallery.search([coloured(PEOPLE[1])], k=4, box=[(0, 0, 40, 80)], cameras=["door"])
        assert [hit.tracklet.camera_id for hit in again] == ["door"] * 3
        with pytest.raises(ValueError, match="k must be at least 1"):
            gallery.search("red.png", k=0)
        with pytest.raises(ValueError, match="false_finds must be above 0"):
            gallery.search("red.png", false_finds=0)


def test_a_gallery_in_use_follows_what_is_written(site: Path) -> None:
    encoder = reid.load_encoder("new.onnx", backend="onnxruntime")
    with reid.open_gallery(site, encoder=encoder) as gallery:
        whole = (0, 0, 40, 80)
        assert gallery.search("red.png", box=whole)[0].person_id == 1
        gallery.merge(1, into=2)
        assert gallery.search("red.png", box=whole)[0].person_id == 2
        gallery.forget(2)
        assert {hit.person_id for hit in gallery.search("red.png", box=whole)} == {3}


@pytest.mark.parametrize("photo", [["a.jpg", b"\xff"], [], b"\xff\xd8", None, 7])
def test_a_photo_of_another_kind_is_refused(site: Path, photo: object) -> None:
    with reid.open_gallery(site, read_only=True) as gallery, pytest.raises(TypeError, match="photo: a file"):
        gallery.search(photo)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_networks_that_ship_find_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unpack(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REID_ENCODER", raising=False)
    kept = next(one for one in load_tracklets(Path("first/cameras/cam1.npz"))[0] if one.track_id == 2)
    crop = Path("crop.jpg")
    crop.write_bytes(kept.crops[0])
    assert main(["search", "site.db", "--photo", str(crop), "--top", "3", "--quiet"]) == 0
    sentence, _, first, *_ = capsys.readouterr().out.splitlines()
    assert "within" in sentence
    assert first.split()[:3] == ["P0002", "Ada", "L."]
    assert main(["search", "site.db", "--photo", str(crop), "--sheet", "found.png", "--quiet"]) == 0
    assert Path("found.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_photo_of_several_people_asks_which_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unpack(tmp_path)
    monkeypatch.chdir(tmp_path)
    (source,) = parse_sources((str(demo_recording() / "cam1.mp4"),), {})
    cv2.imwrite("street.png", next(iter(read(source, SourceConfig(), pytest.fail))).image)
    assert main(["search", "site.db", "--photo", "street.png", "--sheet", "who.jpg", "--quiet"]) == 2
    out, err = capsys.readouterr()
    title, header, *people = out.splitlines()
    assert title == "people in street.png, from left to right"
    assert header.split() == ["person", "box", "confidence"]
    assert len(people) > 1
    assert f"street.png: shows {len(people)} people; say which one with --person 1 to {len(people)}" in err
    with Pillow.open("who.jpg") as shown:
        assert shown.size == (640, 360)
    lefts = [float(line.split()[1].split(",")[0]) for line in people]
    assert lefts == sorted(lefts)
    found = []
    for words in (["--person", "2"], ["--box", people[1].split()[1]]):
        assert main(["search", "site.db", "--photo", "street.png", *words, "--quiet"]) == 0
        found.append(capsys.readouterr().out.splitlines()[2].split()[0])
    assert found[0] == found[1]
