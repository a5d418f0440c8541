import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.embedding.checkpoint import load_checkpoint, load_network, save_network
from reid.embedding.crops import IMAGENET, RETAIL
from reid.embedding.osnet import OSNet
from reid.embedding.resnet import ResNet50
from reid.errors import InputError
from tests.embedding.conftest import random_osnet, scramble


def state() -> dict[str, torch.Tensor]:
    return dict(random_osnet().state_dict())


def saved(path: Path, content: Any, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def features(network: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return network(torch.linspace(-2, 2, 3 * 64 * 32).reshape(1, 3, 64, 32))


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("nested", [True, False])
def test_forms_of_torchreid(tmp_path: Path, prefix: str, nested: bool) -> None:
    tensors = state() | {"classifier.weight": torch.ones(5, 512), "classifier.bias": torch.ones(5)}
    content: dict[str, Any] = {prefix + key: value for key, value in tensors.items()}
    if nested:
        content = {
            "state_dict": content,
            "epoch": 60,
            "rank1": 0.9,
            "optimizer": {"param_groups": [{"lr": 0.1}]},
        }
    loaded = load_checkpoint(saved(tmp_path / "net.pth", content))
    assert loaded.ignored == ("classifier.bias", "classifier.weight")
    assert loaded.preprocessing == IMAGENET
    assert not loaded.network.training
    torch.testing.assert_close(features(loaded.network), features(random_osnet()), rtol=0, atol=0)


@pytest.mark.parametrize("width", [0.25, 0.5, 0.75, 1.0])
def test_width_is_recognised(tmp_path: Path, width: float) -> None:
    network = load_network(saved(tmp_path / "net.pth", OSNet(width, dimension=128).state_dict()))
    assert isinstance(network, OSNet)
    assert (network.width, network.dimension) == (width, 128)


def test_own_files_keep_everything(tmp_path: Path) -> None:
    network = ResNet50()
    scramble(network)
    save_network(tmp_path / "net.pth", network, preprocessing=RETAIL)
    loaded = load_checkpoint(tmp_path / "net.pth")
    assert isinstance(loaded.network, ResNet50)
    assert loaded.preprocessing == RETAIL
    torch.testing.assert_close(features(loaded.network), features(network.eval()), rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def test_files_without_batch_counts(tmp_path: Path) -> None:
    old = {key: value for key, value in state().items() if not key.endswith("num_batches_tracked")}
    torch.testing.assert_close(
        features(load_network(saved(tmp_path / "a.pth", old))), features(random_osnet())
    )


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_numpy_scalars_beside_the_weights(tmp_path: Path, module: bytes) -> None:
    content = {"state_dict": state(), "rank1": np.float64(0.9), "map": np.float32(0.7), "epoch": np.int64(4)}
    path = saved(tmp_path / "net.pth", content, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"numpy._core.multiarray", module))  # as NumPy 1 wrote it
    assert isinstance(load_network(path), OSNet)


class Bomb:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("must-not-exist"),))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.pth"
    torch.save({"state_dict": state(), "x": Bomb()}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"net.pth: refused.*could run code.*state_dict\(\)"):
        load_network(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match=r"net\.pth: refused"):
        load_network(path)
    assert not (tmp_path / "must-not-exist").exists()


def test_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"refused for reid.embedding.osnet.OSNet, because"):
        load_network(saved(tmp_path / "net.pth", random_osnet()))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut", bytes(range(256)) * 50])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"net\.pth: (refused|not a readable)"):
        load_network(tmp_path / "net.pth")


def test_truncated_file(tmp_path: Path, checkpoint: Path) -> None:
    whole = checkpoint.read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "net.pth").write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match=r"net\.pth"):
            load_network(tmp_path / "net.pth")


def without(key: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state().items() if name != key}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: without("conv3.0.gate.fc1.bias"), r"missing conv3\.0\.gate\.fc1\.bias"),
        (lambda: state() | {"conv2.0.IN.weight": torch.ones(64)}, r"unexpected conv2\.0\.IN\.weight"),
        (
            lambda: state() | {"conv5.bn.weight": torch.ones(3)},
            r"conv5\.bn\.weight is \(3,\) instead of \(128,\)",
        ),
        (lambda: state() | {"conv1.conv.weight": torch.ones(17, 3, 7, 7)}, "17 channels, which is none of"),
        (lambda: state() | {"conv1.conv.weight": torch.tensor(1.0)}, "belong to no known network"),
        (lambda: state() | {"fc.0.bias": torch.full((512,), torch.nan)}, r"fc\.0\.bias are not finite"),
        (
            lambda: {"layer1.0.conv1.weight": torch.ones(1)},
            r"keys layer1\.0\.conv1\.weight belong to no known",
        ),
        (lambda: {"state_dict": {}}, "state_dict is empty"),
        (lambda: {"state_dict": 3}, "state_dict is empty or no dictionary"),
        (lambda: {"epoch": 3}, "epoch hold no tensors"),
        (lambda: [torch.ones(1)], "found a list"),
        (lambda: {"state_dict": state(), "preprocessing": {"height": 3}}, "preprocessing: its keys must be"),
        (lambda: {"state_dict": state(), "architecture": {"name": "resnet50"}}, "states architecture"),
    ],
)
def test_mismatches_are_named(tmp_path: Path, content: Any, message: str) -> None:
    path = saved(tmp_path / "net.pth", content())
    with pytest.raises(InputError, match=message) as caught:
        load_network(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_network(tmp_path / "nothing.pth")
