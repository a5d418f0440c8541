"""`reid gallery convert` on a gallery that an earlier version wrote."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.camera_config import EncoderConfig
from reid.distance import pairwise
from reid.embedding.build import build_encoder
from reid.outputs.artefact import load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.stills import decode
from reid.store.index import PersonIndex
from reid.store.opening import open_store
from reid.store.sqlite.conversion import Former
from reid.store.sqlite.schema import encoder_of
from reid.types import Array, TrackletKey
from tests.shared import shared
from tests.store.written import (
    ENCODER,
    FORMER,
    NUMBERS,
    PEOPLE,
    VECTORS,
    convert,
    kept,
    made_up_map,
    new_id,
    vectors,
    working_gallery,
)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return working_gallery(tmp_path, monkeypatch)


def crops_of(folder: str, camera: str) -> dict[TrackletKey, Array]:
    """Vectors of the kept crops by the new encoder, by tracklet."""
    encoder = build_encoder(EncoderConfig(weights=Path("new.onnx"), backend="onnxruntime"))
    artefact = ResultsFolder(Path(folder)).camera(camera)
    tracklets = load_tracklets(artefact)[0]
    return {t.key: encoder.encode([decode(jpeg, artefact) for jpeg in t.crops]).vectors for t in tracklets}


def test_by_crops(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = kept(gallery)
    assert convert("--crops", "first", "--crops", "second") == 0
    said = capsys.readouterr()
    assert "no calibration" in said.err
    for line in (
        "people                            7",
        "embedded anew from crops  33",
        "mapped                    0",
    ):
        assert line in said.out
    assert encoder_of(gallery) == new_id()
    assert kept(gallery) == before == kept(Path(FORMER))
    assert encoder_of(Path(FORMER)) == ENCODER
    anew = {**crops_of("second", "cam1")}
    runs = [run for run, *_ in before["runs"]]
    first = crops_of("first", "cam1") | crops_of("first", "cam3")
    owners, found = vectors(gallery)
    assert found.shape == (VECTORS, 6)
    for (_, run, camera, track), vector in zip(owners, found, strict=True):
        key = TrackletKey(camera_id=camera, track_id=track)
        own = (first if run == _earliest(gallery) else anew)[key]
        assert run in runs
        assert pairwise(vector[None], own).min() < 1e-6, "a vector of the tracklet's own crops"
    with open_store(gallery, encoder_id=new_id()) as store:
        assert {person.person_id: person.label for person in store.people()} == PEOPLE
        assert store.ids_of(6) == [6, 9], "the merge is known"
        assert store.next_person_id() == 10
        entry = store.history()[-1]
        assert (entry.event, entry.person_id) == ("converted", None)
        facts = {
            "former": ENCODER,
            "encoder": new_id(),
            "crops": 33,
            "mapped": 0,
            "dropped": 0,
            "map_cosine": None,
        }
        assert entry.detail == facts
        distances, people = PersonIndex(store).search(found, 1)
    assert people[:, 0].tolist() == [owner[0] for owner in owners]
    assert distances.max() < 1e-5
    assert main(["gallery", "show", "site.db", "P0002"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].endswith("distances by encoder")
    assert [line.split()[-1] for line in shown[2:]] == [ENCODER] * 2
    assert not list(Path().glob("*.converting"))


def _earliest(gallery: Path) -> str:
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        return store.runs()[0]


def test_by_map(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, (owners, old) = kept(gallery), vectors(gallery)
    content = gallery.read_bytes()
    found = made_up_map(
        Path("map.npz"), ENCODER, new_id(), np.random.default_rng(0).normal(size=(NUMBERS, 6)) / 4
    )
    assert convert("--map", "map.npz", "--output", "new.db") == 0
    said = capsys.readouterr()
    assert (
        "loss of the map                   cosine 0.750 to true vectors on 40 other crops (0.250 without"
        in said.out
    )
    assert "is kept as" not in said.err
    assert gallery.read_bytes() == content
    assert not list(Path().glob("site.db.backup*"))
    assert kept(Path("new.db")) == before
    assert vectors(Path("new.db"))[0] == owners
    expected = old @ found.matrix + found.offset
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors(Path("new.db"))[1], expected, atol=1e-6)
    with open_store("new.db", encoder_id=new_id()) as store:
        assert store.history()[-1].detail["map_cosine"] == 0.75
        assert [one.kind for one in store.decisions()] == ["same", "named", "erased"]
    assert convert("--map", "map.npz", "--output", "new.db") == 2
    assert "--output new.db: is there already" in capsys.readouterr().err


def test_crops_first_then_the_map(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_up_map(Path("map.npz"), ENCODER, new_id(), np.ones((NUMBERS, 6), dtype=np.float32))
    assert convert("--map", "map.npz", "--crops", "first") == 0
    said = capsys.readouterr().out
    assert "crops  21" in said
    assert "mapped                    12" in said
    assert main(["gallery", "history", "site.db"]) == 0
    assert "crops 21, mapped 12, dropped 0, map_cosine 0.75" in capsys.readouterr().out


def test_an_interrupted_conversion_changes_nothing(
    gallery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, stored = kept(gallery), vectors(gallery)[1]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    made_up_map(Path("map.npz"), ENCODER, new_id(), np.ones((NUMBERS, 6), dtype=np.float32))
    for step in ("_check", "_become"):
        with monkeypatch.context() as patch:
            patch.setattr(Former, step, interrupt)
            assert convert("--map", "map.npz") == 130
        assert encoder_of(gallery) == ENCODER
        assert kept(gallery) == before
        np.testing.assert_array_equal(vectors(gallery)[1], stored)
        assert not list(Path().glob("*.converting"))
    assert "interrupted" in capsys.readouterr().err
    Path(f"{gallery}.converting").write_bytes(b"of a conversion that was killed")
    assert convert("--map", "map.npz") == 0
    assert encoder_of(gallery) == new_id()


@pytest.mark.slow
def test_a_reader_sees_the_old_gallery_or_the_new_one(gallery: Path) -> None:
    made_up_map(Path("map.npz"), ENCODER, new_id(), np.ones((NUMBERS, 6), dtype=np.float32))
    reader = sqlite3.connect(gallery, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT encoder_id FROM gallery").fetchone() == (ENCODER,)
    assert convert("--map", "map.npz") == 0
    lengths = reader.execute("SELECT DISTINCT length(vector) FROM prototypes").fetchall()
    assert lengths == [(4 * NUMBERS,)], "what it began to read it reads to the end"
    reader.execute("COMMIT")
    assert reader.execute("SELECT encoder_id FROM gallery").fetchone() == (new_id(),)
    assert reader.execute("SELECT DISTINCT length(vector) FROM prototypes").fetchall() == [(24,)]
    reader.close()


def test_what_is_forgotten_during_a_conversion_that_was_killed_is_gone(gallery: Path) -> None:
    half = Path("site.db.converting")
    half.write_bytes(b"vectors of somebody")
    assert main(["gallery", "forget", "site.db", "P0001"]) == 0
    assert not half.exists()


@pytest.mark.slow
def test_killed_at_any_moment(gallery: Path) -> None:
    """SIGKILL: the file is the old gallery or the new one, with everybody in it."""
    before, seen = kept(gallery), set()
    made_up_map(Path("map.npz"), ENCODER, new_id(), np.ones((NUMBERS, 6), dtype=np.float32))
    words = [
        "-m",
        "pipelines.cli",
        "gallery",
        "convert",
        "site.db",
        "--encoder",
        "new.onnx",
        "--map",
        "map.npz",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for attempt in range(8):
        process = subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list(Path().glob("*.converting")):
            time.sleep(0.001)
        time.sleep(0.004 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen.add(encoder_of(gallery))
        with open_store(gallery, encoder_id=encoder_of(gallery)):
            pass
        assert kept(gallery) == before
        if encoder_of(gallery) != ENCODER:
            break
    assert seen <= {ENCODER, new_id()}


@pytest.mark.slow
@pytest.mark.parametrize("by", ["crops", "map"])
def test_with_encoders_that_ship(gallery: Path, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every person's new vectors the nearest true one, embedded from another crop, is that person's."""
    monkeypatch.delenv("REID_CACHE")
    new = "shipped:reid-lite0-float"
    anew = Path("anew.db")
    words = ["gallery", "convert", "site.db", "--encoder", new, "--crops", "first", "--crops", "second"]
    assert main([*words, "--output", str(anew)]) == 0
    owners, true = vectors(anew)
    found = true
    if by == "map":
        people = shared("media/rendered-people.tar")
        subprocess.run(["tar", "xf", str(people), "--wildcards", "*_c?s1_00000[1-3]_00.jpg"], check=True)
        assert (
            main(["weights", "map", "shipped:reid-lite0", new, ".", "--output", "m.npz", "--most", "600"])
            == 0
        )
        assert main(["gallery", "convert", "site.db", "--encoder", new, "--map", "m.npz"]) == 0
        found = vectors(Path("site.db"))[1]
        # measured .893; old vectors are means over stretches of a track, true ones are of its best crops
        assert np.mean(np.sum(found * true, axis=1)) > 0.85
    distances = pairwise(found, true)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argmin(distances, axis=1)
    assert [owners[at][0] for at in nearest] == [owner[0] for owner in owners]
