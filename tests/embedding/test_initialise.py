from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET
from reid.embedding.initialise import Initialised, initialise
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.embedding.osnet import OSNet
from reid.embedding.resnet import ResNet50
from reid.errors import InputError
from tests.embedding.conftest import SMALL, random_osnet, scramble


def made(seed: int = 0, size: tuple[int, int] = SMALL.size, **options: Any) -> ReidNetwork:
    torch.manual_seed(seed)
    return ReidNetwork(NetworkConfig.model_validate({"dimension": 32, **options}), size)


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def own(path: Path, network: nn.Module) -> Path:
    save_network(path, network, preprocessing=SMALL)
    return path


def check(
    network: ReidNetwork, before: Mapping[str, Tensor], found: Initialised, meaning: Mapping[str, Tensor]
) -> None:
    """Every tensor has the file's numbers or its own old ones, and is reported so."""
    for key, value in network.state_dict().items():
        if key in meaning:
            torch.testing.assert_close(value, meaning[key], rtol=0, atol=0)
        else:
            torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert set(found.loaded) == set(meaning)
    counters = {key for key in before if key.endswith("num_batches_tracked")}
    assert set(found.random) == set(before) - set(meaning) - counters


def copied(network: ReidNetwork) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


def body(state: Mapping[str, Tensor], prefix: str = "backbone.") -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if key.startswith(prefix)}


def test_own_checkpoint_with_the_same_head(tmp_path: Path) -> None:
    given, network = made(1, pooling="gem"), made(2, pooling="gem")
    scramble(given)
    before = copied(network)
    found = initialise(network, own(tmp_path / "net.pth", given))
    check(network, before, found, given.state_dict())
    assert found.ignored == ()
    assert found.random == ()


def test_own_checkpoint_with_another_head(tmp_path: Path) -> None:
    given, network = made(1, dimension=16, attention="se"), made(2, pooling="gem")
    before = copied(network)
    found = initialise(network, own(tmp_path / "net.pth", given))
    meaning = {key: value for key, value in body(given.state_dict()).items() if "attention" not in key}
    # the counter of the neck has no shape that could differ
    meaning["neck.num_batches_tracked"] = given.state_dict()["neck.num_batches_tracked"]
    check(network, before, found, meaning)
    assert set(found.ignored) == set(given.state_dict()) - set(meaning)
    assert {"pooling.power", "embedding.weight", "neck.weight"} <= set(found.random)
    said = found.sentence(tmp_path / "net.pth")
    assert (
        "net.pth; random: embedding.bias, embedding.weight, neck.bias and 4 more; not used: backbone.att"
        in said
    )


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("nested", [True, False])
def test_torchreid_s_osnet(tmp_path: Path, prefix: str, nested: bool) -> None:
    theirs = random_osnet().state_dict() | {"classifier.weight": torch.ones(5, 512)}
    content: dict[str, Any] = {prefix + key: value for key, value in theirs.items()}
    path = saved(tmp_path / "net.pth", {"state_dict": content, "epoch": 3} if nested else content)
    network = made(2, dimension=512)
    before = copied(network)
    found = initialise(network, path)
    meaning = {f"backbone.{key}": value for key, value in theirs.items() if key.startswith("conv")}
    meaning |= {f"embedding.{kind}": theirs[f"fc.0.{kind}"] for kind in ("weight", "bias")}
    check(network, before, found, meaning)
    assert set(found.ignored) == {"classifier.weight"} | {key for key in theirs if key.startswith("fc.1.")}
    assert "embedding.weight" in initialise(made(2, dimension=64), path).random


def test_our_own_networks_of_before(tmp_path: Path) -> None:
    given, network = ResNet50(), made(2, backbone="resnet50", dimension=None)
    found = initialise(network, own(tmp_path / "net.pth", given))
    assert set(found.loaded) == set(body(network.state_dict()))
    torch.testing.assert_close(network.backbone.conv1.weight, given.backbone.conv1.weight)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("resnet18", "fc."),
        ("mobilenet_v2", "classifier."),
        ("mobilenet_v3_small", "classifier."),
        pytest.param("shufflenet_v2_x0_5", "fc.", marks=pytest.mark.slow),
        pytest.param("efficientnet_b0", "classifier.", marks=pytest.mark.slow),
        pytest.param("densenet121", "classifier.", marks=pytest.mark.slow),
        pytest.param("swin_t", ("head.", "norm."), marks=pytest.mark.slow),
        pytest.param("convnext_tiny", "classifier.", marks=pytest.mark.slow),
        pytest.param("googlenet", ("fc.", "aux"), marks=pytest.mark.slow),
    ],
)
def test_torchvision_s_state_dicts(tmp_path: Path, name: str, head: Any) -> None:
    """The backbone gives the map that the whole network made, so its keys mean the same."""
    torch.manual_seed(1)
    theirs = torchvision.models.get_model(name, weights=None)
    scramble(theirs)
    network = made(2, backbone=name)
    found = initialise(network, saved(tmp_path / "net.pth", theirs.state_dict()))
    assert set(found.loaded) >= {key for key in body(network.state_dict()) if "num_batches" not in key}
    left = {key for key in found.ignored if not key.startswith(head)}
    assert {key for key in left if "relative_position_index" not in key} == set()
    ours = {
        key.replace("backbone.", "").replace("body.", ""): value
        for key, value in network.state_dict().items()
    }
    for key in set(theirs.state_dict()) - set(found.ignored):
        torch.testing.assert_close(ours[key], theirs.state_dict()[key], rtol=0, atol=0)


def test_vectors_of_transferred_resnet_are_torchvision_s(tmp_path: Path) -> None:
    theirs = torchvision.models.resnet18(weights=None)
    scramble(theirs)
    network = made(2, backbone="resnet18", last_stride=2, dimension=None, neck="none").eval()
    initialise(network, saved(tmp_path / "net.pth", theirs.state_dict()))
    theirs.fc = nn.Identity()
    images = torch.randn(2, 3, *SMALL.size)
    with torch.inference_mode():
        torch.testing.assert_close(network(images), theirs.eval()(images))


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext"])
def test_timm_s_state_dicts(tmp_path: Path, name: str) -> None:
    timm = pytest.importorskip("timm")
    theirs = timm.create_model(name, pretrained=False)
    network = made(2, backbone=f"timm/{name}").eval()
    found = initialise(network, saved(tmp_path / "net.pth", theirs.state_dict()))
    assert set(body(network.state_dict())) <= set(found.loaded)
    images = torch.randn(2, 3, *SMALL.size)
    with torch.inference_mode():
        torch.testing.assert_close(network.backbone(images), theirs.eval().forward_features(images))


def test_positions_of_a_transformer_are_interpolated(tmp_path: Path) -> None:
    """From the square of timm, then from one rectangle of ours to another."""
    timm = pytest.importorskip("timm")
    theirs = timm.create_model("test_vit", pretrained=False)  # 160 x 160 pixels, 16 each
    network = made(2, backbone="timm/test_vit", size=(64, 32))
    found = initialise(network, saved(tmp_path / "theirs.pth", theirs.state_dict()))
    key = "backbone.body.body.pos_embed"
    assert key in found.loaded
    want = interpolated(theirs.pos_embed.detach(), (10, 10), (4, 2))
    torch.testing.assert_close(network.state_dict()[key], want)

    larger = made(3, backbone="timm/test_vit", size=(128, 32))
    initialise(larger, own(tmp_path / "ours.pth", network))
    want = interpolated(network.state_dict()[key], (4, 2), (8, 2))
    torch.testing.assert_close(larger.state_dict()[key], want)


def interpolated(positions: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """The class token as it is, the rest as an image."""
    image = positions[:, 1:].reshape(1, *old, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(image, size=new, mode="bicubic", antialias=True)
    return torch.cat([positions[:, :1], resized.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def test_half_precision_becomes_the_network_s(tmp_path: Path) -> None:
    state = {key: value.half() for key, value in random_osnet().state_dict().items()}
    network = made(2)
    initialise(network, saved(tmp_path / "net.pth", state))
    assert {value.dtype for value in network.parameters()} == {torch.float32}
    torch.testing.assert_close(network.backbone.conv1.conv.weight, state["conv1.conv.weight"].float())


def osnet() -> dict[str, Tensor]:
    return dict(random_osnet().state_dict())


def body_of(name: str) -> dict[str, Tensor]:
    return dict(made(backbone=name).backbone.state_dict())


WRONG = [
    ("osnet_x0_5", osnet, r"does not fit osnet_x0_5: backbone\.conv1\.conv\.weight.* have another shape; set "
     "--backbone to osnet_x0_25, which they seem to be of"),
    ("osnet_ain_x0_25", osnet, r"conv2\.0\.conv2\.0.* are missing; set --backbone to osnet_x0_25,"),
    ("osnet_x1_0", lambda: body_of("osnet_ain_x1_0"), "set --backbone to osnet_ain_x1_0,"),
    ("mobilenet_v2", osnet, "not a single tensor of it fits mobilenet_v2, so these are weights of another network; "
     "set --backbone to osnet_x0_25, which they seem to be of, or leave --start-from out"),
    ("osnet_x0_25", lambda: ResNet50().state_dict(), r"not a single tensor.* to resnet50, which they seem"),
    ("resnet50", lambda: body_of("resnet50_ibn"), "to resnet50_ibn, which they seem"),
    ("osnet_x0_25", lambda: torchvision.models.mobilenet_v2().state_dict(), "to the network that they are of"),
    ("osnet_x0_25", lambda: {"a": torch.ones(3)}, r"not a single tensor.* to the network that they are of"),
    ("osnet_x0_25", lambda: {"a": 3}, "a hold no tensors"),
    ("osnet_x0_25", lambda: osnet() | {"conv5.bn.bias": torch.full((128,), torch.inf)},
     r"backbone\.conv5\.bn\.bias are not finite; use weights whose training did not diverge"),
    ("osnet_x0_25", lambda: {"state_dict": osnet(), "preprocessing": {"height": 3}},
     "preprocessing: its keys must be"),
]  # fmt: skip


@pytest.mark.parametrize(("backbone", "content", "message"), WRONG)
def test_files_that_do_not_fit(tmp_path: Path, backbone: str, content: Any, message: str) -> None:
    network = made(2, backbone=backbone)
    before = copied(network)
    path = saved(tmp_path / "net.pth", content())
    with pytest.raises(InputError, match=message) as caught:
        initialise(network, path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)  # nothing half done


def test_own_checkpoints_say_what_they_are(tmp_path: Path) -> None:
    path = own(tmp_path / "net.pth", made(1, backbone="mobilenet_v3_small"))
    with pytest.raises(InputError, match="set --backbone to mobilenet_v3_small, which they seem to be of"):
        initialise(made(2), path)


def test_missing_damaged_and_dangerous_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        initialise(made(), tmp_path / "none.pth")
    (tmp_path / "net.pth").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(InputError, match="not a readable PyTorch checkpoint"):
        initialise(made(), tmp_path / "net.pth")
    with pytest.raises(InputError, match=r"refused for reid\.embedding\.osnet\.OSNet"):
        initialise(made(), saved(tmp_path / "net.pth", OSNet(0.25)))


def test_files_of_other_images_are_welcome(tmp_path: Path) -> None:
    given = made(1)
    save_network(tmp_path / "net.pth", given, preprocessing=IMAGENET)
    assert initialise(made(2, size=(128, 48)), tmp_path / "net.pth").random == ()
