"""What ships is compared with the manifest before it is loaded; what is anybody else's is not."""

import os
import shutil
from pathlib import Path

import pytest

from reid.camera_config import EncoderConfig
from reid.detection.yolo import existing_weights
from reid.embedding.build import build_encoder
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.shipped_weights import check, checked, entry_of, find, measured
from tests.weights.shipping import flip, seal


@pytest.fixture(autouse=True)
def _sealed(weights: Path) -> None:
    seal()


def test_a_whole_encoder_is_loaded(weights: Path) -> None:
    """As the default, by name and by path: one network, and its vectors."""
    configs = [EncoderConfig(weights=w) for w in (None, Path("shipped:colours"), weights / "colours.onnx")]
    built = [build_encoder(config) for config in configs]
    ids = {encoder.encoder_id for encoder in built}
    assert ids == {find("colours").encoder_id} == {open_weights(weights / "colours.onnx").encoder_id}


def test_another_file_is_refused_with_both_hashes(weights: Path) -> None:
    path = weights / "colours.onnx"
    expected = measured("colours.onnx").sha256
    flip(path)
    found = measured("colours.onnx").sha256
    for load in (checked, open_weights, lambda path: build_encoder(EncoderConfig(weights=path))):
        with pytest.raises(InputError) as caught:
            load(path)
        assert str(caught.value) == (
            f"{path}: not the file that ships with reid: its SHA-256 is {found}, expected {expected}; fetch it "
            "again: `git checkout -- weights` in a clone, else install reidentify again"
        )


def test_a_missing_file(weights: Path) -> None:
    (weights / "colours.onnx").unlink()
    with pytest.raises(
        InputError, match=r"colours\.onnx: missing, though it ships with reid; fetch it again"
    ):
        open_weights(weights / "colours.onnx")


@pytest.mark.parametrize("name", ["nobody.bin", "nobody.xml", "metadata.yaml"])
def test_every_file_of_a_folder_counts(weights: Path, name: str) -> None:
    folder = weights / "nobody_openvino_model"
    assert existing_weights(folder) == folder
    flip(folder / name)
    for path in (folder, folder / "nobody.xml", folder / "nobody.bin"):
        with pytest.raises(InputError, match=rf"{name}: not the file that ships"):
            existing_weights(path)
    with pytest.raises(InputError, match=rf"{name}: not the file that ships"):
        check(find("nobody"))


def test_it_does_not_matter_how_the_path_is_written(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(weights / "colours.onnx")
    (tmp_path / "link").symlink_to(weights)
    monkeypatch.chdir(weights.parent)
    for path in (
        "weights/colours.onnx",
        "weights/../weights/colours.onnx",
        tmp_path / "link" / "colours.onnx",
    ):
        with pytest.raises(InputError, match="not the file that ships"):
            checked(Path(path))


def test_a_linked_file_is_checked_too(weights: Path, tmp_path: Path) -> None:
    """As stores of packages lay them out: the folder's files are links to somewhere else."""
    elsewhere = tmp_path / "store.onnx"
    shutil.move(weights / "colours.onnx", elsewhere)
    (weights / "colours.onnx").symlink_to(elsewhere)
    assert entry_of(weights / "colours.onnx") == find("colours")
    flip(elsewhere)
    with pytest.raises(InputError, match="not the file that ships"):
        checked(weights / "colours.onnx")


def test_what_does_not_ship_is_not_compared(weights: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(weights / "colours.onnx", tmp_path / "own.onnx"))
    unnamed = Path(shutil.copy(weights / "colours.onnx", weights / "new.onnx"))
    (weights / "colours.onnx").write_bytes(b"")
    assert open_weights(copy).encoder_id == open_weights(unnamed).encoder_id == find("colours").encoder_id


def test_nothing_is_kept_on_disk(weights: Path) -> None:
    before = sorted(os.walk(weights.parents[1]))
    open_weights(weights / "colours.onnx")
    assert sorted(os.walk(weights.parents[1])) == before
