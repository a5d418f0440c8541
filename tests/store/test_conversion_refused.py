"""What `reid gallery convert` refuses, and that the gallery is as before."""

import io
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.store.opening import open_store
from tests.store.written import (
    ENCODER,
    FORMER,
    convert,
    kept,
    made_up_map,
    new_id,
    said_by,
    working_gallery,
)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return working_gallery(tmp_path, monkeypatch)


def test_people_who_would_be_lost_are_counted(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = said_by(gallery)
    assert convert() == 2
    assert (
        "site.db: 7 of 7 people (P0001, Ada L., P0003, P0004, P0005, P0006, P0007) cannot be carried over: --crops "
        f"names no crops of them, and there is no map from encoder {ENCODER} to {new_id()}; give the results folders "
        "of their runs with --crops FOLDER, or such a map with --map FILE"
    ) in capsys.readouterr().err
    assert convert("--crops", "second") == 2
    assert (
        "3 of 7 people (P0001, P0003, P0005) cannot be carried over: --crops gave no"
        in capsys.readouterr().err
    )
    assert said_by(gallery) == content
    assert not list(Path().glob("site.*[!b1]"))
    before = kept(gallery)
    assert convert("--crops", "second", "--partial") == 0
    said = capsys.readouterr()
    assert "21 vectors had neither crop nor map and went; people and sightings stay" in said.err
    after = kept(gallery)
    assert len(after.pop("prototypes")) == 12
    assert after == {table: rows for table, rows in before.items() if table != "prototypes"}
    with open_store(gallery, encoder_id=new_id()) as store:
        assert [person.prototypes for person in store.people()] == [0, 3, 0, 3, 0, 3, 3]


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--crops none", "none/run.json: no such file; expected what a finished `reid video` has written"),
        ("--crops empty", "empty/run.json: cannot be read (started: field required"),
        ("--crops other", "7 of 7 people"),
        ("--map none.npz", "none.npz: no such file; expected a map between encoders"),
        ("--map noise.npz", "noise.npz: cannot be read (BadZipFile: "),
        ("--map pickle.npz", "pickle.npz: cannot be read (ValueError: Object arrays cannot be loaded"),
        ("--map about.npz", "about.npz: about: format: field required; expected a map between encoders"),
        ("--map wrong.npz", "wrong.npz: maps encoder aaaa to {new}, wanted {old} to {new}; make that with"),
        ("--map long.npz", "long.npz: gives vectors of 7 numbers, the encoder gives 6; make it again"),
        (
            "--map narrow.npz",
            "the map takes vectors of 9 numbers, those of the gallery have 512; make it again",
        ),
        ("--calibration none.json", "none.json: no such file; expected a calibration file"),
        ("--output nowhere/new.db --partial --map good.npz", "nowhere/new.db: the gallery cannot be written"),
        (
            "--encoder shipped:reid-lite0",
            "site.db: holds vectors of shipped:reid-lite0 (encoder {old}) already",
        ),
    ],
)
def test_what_cannot_be_used(
    gallery: Path, words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    new = new_id()
    for name in ("empty", "other"):
        Path(name).mkdir()
    Path("empty/run.json").write_text("{}")
    Path("other/run.json").write_text('{"started": "2020-01-01T00:00:00+00:00", "cameras": {"cam1": {}}}')
    Path("noise.npz").write_bytes(b"PK" + bytes(90))
    arrays = {"matrix": np.ones((512, 6), np.float16), "offset": np.ones(6, np.float16)}
    about = np.frombuffer(b"{}", dtype=np.uint8)
    Path("about.npz").write_bytes(npz(**arrays, about=about))
    Path("pickle.npz").write_bytes(npz(**arrays, about=np.array([{}], dtype=object)))
    for name, old, shape in (
        ("wrong", "aaaa", (512, 6)),
        ("long", ENCODER, (512, 7)),
        ("narrow", ENCODER, (9, 6)),
    ):
        made_up_map(Path(f"{name}.npz"), old, new, np.ones(shape, dtype=np.float32))
    made_up_map(Path("good.npz"), ENCODER, new, np.ones((512, 6), dtype=np.float32))
    content = said_by(gallery)
    assert convert(*words.split()) == 2
    said = capsys.readouterr().err
    assert sentence.format(old=ENCODER, new=new) in said
    assert "Traceback" not in said
    assert said_by(gallery) == content
    assert not list(Path().rglob("*.converting"))


def test_a_gallery_in_use_is_left_alone(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = said_by(gallery)
    with open_store(gallery, encoder_id=ENCODER):
        assert convert("--crops", "first", "--crops", "second") == 2
    assert "is writing this gallery; wait for it or use another gallery" in capsys.readouterr().err
    assert main(["gallery", "convert", "none.db", "--encoder", "new.onnx"]) == 2
    assert "none.db: no such gallery" in capsys.readouterr().err
    assert said_by(gallery) == content
    assert not Path(FORMER).exists()
