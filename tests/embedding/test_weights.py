import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from reid.embedding.checkpoint import save_network
from reid.embedding.crops import RETAIL
from reid.embedding.weights import open_weights, side_car
from reid.errors import InputError
from tests.embedding.conftest import SMALL, random_osnet


def test_encoder_id_names_content_only(checkpoint: Path, tmp_path: Path) -> None:
    original = open_weights(checkpoint).encoder_id
    assert len(original) == 16
    shutil.copy(checkpoint, tmp_path / "renamed.pt")
    assert open_weights(tmp_path / "renamed.pt").encoder_id == original
    state = {f"module.{key}": value for key, value in random_osnet().state_dict().items()}
    torch.save({"state_dict": state, "preprocessing": SMALL.to_dict()}, tmp_path / "form.pth")
    assert open_weights(tmp_path / "form.pth").encoder_id == original


@pytest.mark.slow
def test_encoder_id_changes_with_weights_and_preprocessing(checkpoint: Path, tmp_path: Path) -> None:
    network = random_osnet()
    ids = {open_weights(checkpoint).encoder_id}
    for name, change in (("a", {"rgb": False}), ("b", {"interpolation": "bilinear"}), ("c", {"height": 96})):
        save_network(tmp_path / f"{name}.pth", network, preprocessing=replace(SMALL, **change))
        ids.add(open_weights(tmp_path / f"{name}.pth").encoder_id)
    with torch.no_grad():
        network.fc[0].bias[3] += 1e-4
    save_network(tmp_path / "d.pth", network, preprocessing=SMALL)
    ids.add(open_weights(tmp_path / "d.pth").encoder_id)
    assert len(ids) == 5


@pytest.mark.slow
@pytest.mark.parametrize("names", [("net.onnx", "net.onnx"), ("net.xml", "net.bin"), ("net.xml", "net.xml")])
def test_encoder_id_of_exports_is_their_content(
    exports: Path, tmp_path: Path, names: tuple[str, str]
) -> None:
    opened, changed = names
    before = open_weights(exports / opened).encoder_id
    for file in exports.iterdir():
        shutil.copy(file, tmp_path / f"other{file.suffix}")
    path = (tmp_path / opened).with_stem("other")
    assert open_weights(path).encoder_id == before
    side_car(path).write_text(yaml.safe_dump(SMALL.to_dict() | {"rgb": False}))
    assert open_weights(path).encoder_id != before
    side_car(path).unlink()
    edited = (tmp_path / changed).with_stem("other")
    content = edited.read_bytes()
    middle = len(content) // 2  # among the weights, where there are any
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    edited.write_bytes(content + b"\n" if edited.suffix == ".xml" else flipped)
    assert open_weights(path).encoder_id != before


def test_side_car_wins(tmp_path: Path, checkpoint: Path) -> None:
    path = Path(shutil.copy(checkpoint, tmp_path / "net.pth"))
    side_car(path).write_text(yaml.safe_dump(RETAIL.to_dict()))
    assert open_weights(path).preprocessing == RETAIL
    side_car(path).write_text("height: 3")
    with pytest.raises(InputError, match=r"net\.pth\.yaml: preprocessing: its keys must be"):
        open_weights(path)
    side_car(path).write_text("a: b: c")
    with pytest.raises(InputError, match=r"net\.pth\.yaml: line 1, column 5: is not valid YAML"):
        open_weights(path)


@pytest.mark.slow
def test_unknown_ir_wants_a_side_car(exports: Path, tmp_path: Path) -> None:
    shutil.copy(exports / "net.bin", tmp_path)
    path = tmp_path / "net.xml"
    path.write_text((exports / "net.xml").read_text().replace("reid.preprocessing", "other.key"))
    with pytest.raises(InputError, match=r"nothing says how to prepare crops for it; write net\.xml\.yaml"):
        open_weights(path)
    side_car(path).write_text(yaml.safe_dump(RETAIL.to_dict()))
    with pytest.raises(
        InputError, match=r"height and width \(64, 32\), but its preprocessing states \(256, 128\)"
    ):
        open_weights(path)
