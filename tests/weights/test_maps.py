"""`reid weights map`, and maps that ship: made, sealed, found by the conversion of a gallery."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cli.main import main
from reid.embedding import vector_map
from reid.embedding.weights import open_weights
from reid.store.opening import open_store
from reid.store.sqlite.schema import encoder_of
from tests.store.site import NOON, directions, sighting
from tests.store.written import split_colours
from tests.weights.shipping import flip, seal, write

ENCODERS = (
    {"name": "colours", "kind": "encoder", "path": "colours.onnx", "default": True},
    {"name": "split", "kind": "encoder", "path": "split.onnx"},
)


@pytest.fixture
def crops(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """70 images of one colour above and one below; two encoders ship."""
    split_colours(tmp_path / "split.onnx")
    (tmp_path / "split.onnx").rename(weights / "split.onnx")
    write(weights, *ENCODERS)
    seal()
    folder, rng = tmp_path / "crops", np.random.default_rng(0)
    folder.mkdir()
    for number in range(70):
        halves = rng.integers(0, 256, size=(2, 1, 3), dtype=np.uint8)
        image = np.repeat(np.repeat(halves, 20, axis=0), 20, axis=1)
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    monkeypatch.chdir(tmp_path)
    return folder


def test_made_sealed_and_found(crops: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = (open_weights(weights / f"{name}.onnx").encoder_id for name in ("split", "colours"))
    assert main(["weights", "map", "shipped:split", "shipped:colours", "crops"]) == 0
    said = capsys.readouterr()
    assert "56 fitted, 14 held out" in said.out
    assert "write its entry (kind: map) in manifest.json" in said.err
    path = weights / "maps" / f"{old}-{new}.npz"
    found = vector_map.load(path)
    assert (found.old, found.new, found.matrix.shape) == (old, new, (6, 3))
    assert found.loss.cosine > 0.95, "the mean of both halves is linear in them, but for the lengths"
    write(weights, *ENCODERS, {"name": "split to colours", "kind": "map", "path": f"maps/{path.name}"})
    seal()
    entry = json.loads((weights / "manifest.json").read_text())["entries"][-1]
    assert (entry["encoder_id"], len(entry["files"])) == (new, 1)
    with open_store("site.db", encoder_id=old) as store:
        store.commit_run("run", [sighting(1, directions(1, 3, 6), encoder_id=old)], started=NOON)
    assert main(["gallery", "convert", "site.db"]) == 0, "to the default, by the map that ships"
    assert f"cosine {found.loss.cosine:.3f} to true vectors on 14 other crops" in capsys.readouterr().out
    assert encoder_of(Path("site.db")) == new
    with open_store("site.db", encoder_id=new) as store:
        (person,) = store.identities()
    assert np.abs(person.prototypes.vectors - found(directions(1, 3, 6))).max() < 1e-6
    flip(path)
    with open_store("other.db", encoder_id=old) as store:
        store.commit_run("run", [sighting(1, directions(1, 3, 6), encoder_id=old)], started=NOON)
    assert main(["gallery", "convert", "other.db"]) == 2
    assert "not the file that ships with reid" in capsys.readouterr().err
    assert encoder_of(Path("other.db")) == old


def test_a_map_under_another_name_is_not_sealed(
    crops: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (weights / "maps").mkdir()
    words = ["weights", "map", "shipped:split", "shipped:colours", "crops", "--output"]
    assert main([*words, str(weights / "maps" / "a.npz")]) == 0
    write(weights, *ENCODERS, {"name": "m", "kind": "map", "path": "maps/a.npz"})
    assert main(["weights", "seal"]) == 2
    assert "and is only found as maps/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("shipped:split shipped:split crops", "are one encoder"),
        ("shipped:split shipped:colours none", "none: no such folder"),
        ("shipped:split shipped:colours few", "few: only 1 readable image in it; a map needs 50"),
        (
            "shipped:split shipped:colours crops --output a.npy",
            "--output a.npy: must be a file whose name ends",
        ),
        (
            "shipped:split shipped:colours crops --output mine.npz",
            "mine.npz: is there already and is not a map",
        ),
        ("shipped:split none.onnx crops", "none.onnx: no such file"),
    ],
)
def test_what_cannot_be_used(
    crops: Path, words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few").mkdir()
    (crops / "000.png").rename("few/000.png")
    Path("few/001.png").write_bytes(b"none")
    Path("mine.npz").write_bytes(b"mine")
    assert main(["weights", "map", *words.split()]) == 2
    assert sentence in capsys.readouterr().err
    assert Path("mine.npz").read_bytes() == b"mine"
