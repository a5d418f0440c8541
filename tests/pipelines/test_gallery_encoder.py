"""A gallery opens with the encoder that it names, where the user names none."""

import json
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.networks.chosen import with_encoder_of
from pipelines.runtime.progress import reporter
from reid import shipped_weights
from reid.camera_config import EncoderConfig
from reid.config import VideoConfig
from reid.shipped import demo_recording
from reid.store.opening import open_store
from tests.store.written import ENCODER, unpack

STRANGERS = {"P0010"}  # that P0008 was is forgotten
NEXT = "reid-lite1"  # runs by default now
CONVERT = f"`reid gallery convert site.db --encoder shipped:{NEXT}`"


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The gallery in the working folder, of an encoder that still ships and is not the default any more."""
    unpack(tmp_path)
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Path("site.db")


def chosen(encoder: str | None, gallery: Path | None) -> Path | None:
    config = VideoConfig(encoder=EncoderConfig(weights=encoder and Path(encoder)))
    with reporter(quiet=False, log_format="text") as progress:
        return with_encoder_of(config, gallery, progress).encoder.weights


def test_the_encoder_that_it_names(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = chosen(None, gallery)
    assert found is not None
    assert shipped_weights.recorded(found) == "shipped:reid-lite0"
    said = capsys.readouterr().err
    assert said == (
        "site.db holds vectors of shipped:reid-lite0, which therefore runs instead of the default encoder; "
        f"{CONVERT} carries its people over to that\n"
    )


def test_who_names_one_gets_that(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert chosen("shipped:other", gallery) == Path("shipped:other")
    assert chosen(None, None) is None
    assert chosen(None, Path("new.db")) is None
    Path("empty.db").touch()
    assert chosen(None, Path("empty.db")) is None, "of a first run that was killed"
    default = next(e for e in shipped_weights.read_manifest().entries if e.name == NEXT)
    open_store("default.db", encoder_id=default.encoder_id or "").close()
    assert chosen(None, Path("default.db")) is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["video", str(demo_recording() / "cam1.mp4"), "--gallery", "site.db"], "site.db"),
        (["live", f"cam1={demo_recording() / 'cam1.mp4'}", "--gallery", "site.db"], "site.db"),
        (["live", f"cam1={demo_recording() / 'cam1.mp4'}"], "live/gallery.db"),
        (["demo", "--gallery", "site.db"], "site.db"),
    ],
    ids=["video", "live", "live, its own", "demo"],
)
def test_an_encoder_that_does_not_ship(
    gallery: Path, words: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(where)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    open_store(path, encoder_id="0123456789abcdef").close()
    assert main(words) == 2
    assert (
        f"{where}: holds vectors of encoder 0123456789abcdef, which does not ship with reid; give its weights with "
        f"--encoder FILE, or carry its people over to another encoder: {CONVERT.replace('site.db', where)}"
    ) in capsys.readouterr().err
    assert not Path("results").exists()


@pytest.mark.slow
def test_reid_video_knows_the_people_again(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = str(demo_recording() / "cam1.mp4")
    words = ["video", f"cam1={recording}", "--fps", "4", "--start", "14", "--end", "16.5", "--no-video"]
    assert main([*words, "--gallery", "site.db", "--workers", "1"]) == 0
    said = capsys.readouterr()
    run = json.loads(Path("results/run.json").read_text())
    assert run["encoder_id"] == ENCODER
    assert run["config"]["encoder"]["weights"] == "shipped:reid-lite0"
    assert CONVERT in said.err
    assert {"P0004", "P0006", "P0007"} <= people_in("results")
    assert main([*words, "--gallery", "site.db", "--encoder", f"shipped:{NEXT}", "--output", "other"]) == 2
    refused = capsys.readouterr().err
    assert f"holds vectors of encoder {ENCODER}, which cannot be compared" in refused
    assert "`reid gallery convert site.db --encoder NEW`" in refused
    folders = [word for folder in ("first", "second", "results") for word in ("--crops", folder)]
    assert main(["gallery", "convert", "site.db", *folders]) == 0
    assert main([*words, "--gallery", "site.db", "--workers", "1", "--output", "other"]) == 0
    assert CONVERT not in capsys.readouterr().err
    assert (
        {"P0004", "P0006", "P0007"}
        <= people_in("other")
        <= {f"P000{number}" for number in range(1, 8)} | STRANGERS
    )


def people_in(folder: str) -> set[str]:
    persons = json.loads((Path(folder) / "identities.json").read_text())["persons"]
    return {person["name"] for person in persons}
