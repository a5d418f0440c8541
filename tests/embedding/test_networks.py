from pathlib import Path

import numpy as np
import pytest
import torch

from reid.embedding.checkpoint import load_network
from reid.embedding.osnet import WIDTHS, OSNet
from reid.embedding.resnet import ResNet50
from tests.embedding.conftest import scramble
from tests.embedding.peers import torchreid_module

PARAMETERS = {0.25: 0.2e6, 0.5: 0.6e6, 0.75: 1.3e6, 1.0: 2.2e6}  # table 9 of the paper


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(7).standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize("width", WIDTHS)
def test_osnet_has_the_size_of_the_paper(width: float) -> None:
    network = OSNet(width).eval()
    assert sum(value.numel() for value in network.parameters()) == pytest.approx(PARAMETERS[width], rel=0.06)
    with torch.inference_mode():
        assert network(noise(2, 3, 64, 32)).shape == (2, 512)


def test_osnet_refuses_other_widths() -> None:
    with pytest.raises(ValueError, match="width must be one of"):
        OSNet(0.3)


def test_streams_see_three_to_nine_pixels() -> None:
    block = OSNet(0.25).eval().conv2[0]
    for stream, sight in ((block.conv2a, 3), (block.conv2b, 5), (block.conv2c, 7), (block.conv2d, 9)):
        scramble(stream)
        x = torch.rand(1, 16, 21, 21, requires_grad=True)
        stream(x)[0, :, 10, 10].sum().backward()
        rows = x.grad.abs().sum(dim=(0, 1, 3)).nonzero()
        assert int(rows.max() - rows.min()) + 1 <= sight


def test_resnet_keeps_resolution_and_ends_in_the_neck() -> None:
    network = ResNet50().eval()
    scramble(network.bnneck)
    seen: list[torch.Size] = []
    network.backbone.layer4.register_forward_hook(lambda *args: seen.append(args[2].shape))
    with torch.inference_mode():
        features, pooled = network(noise(1, 3, 64, 32)), network.pooled(noise(1, 3, 64, 32))
    assert seen[0] == (1, 2048, 4, 2)  # 1/16, not 1/32: last stride 1
    neck = network.bnneck
    expected = (pooled - neck.running_mean) / torch.sqrt(
        neck.running_var + neck.eps
    ) * neck.weight + neck.bias
    torch.testing.assert_close(features, expected)
    assert not neck.bias.requires_grad


@pytest.mark.shared
def test_vectors_of_the_market_checkpoint(shared: Path) -> None:
    """Numbers that torchreid's OSNet gives with the same file, written down."""
    network = load_network(shared / "weights" / "osnet_x0_25_market1501.pth")
    with torch.inference_mode():
        features = network(noise(2, 3, 256, 128)).numpy()
    expected_start = [[0, 0, 0.67467988, 0.27278256, 0, 0], [0, 0, 0.75911069, 0.29238445, 0, 0]]
    expected_end = [[1.29286623, 0.70018154, 0.42157492], [1.45204401, 0.62654769, 0.46834168]]
    np.testing.assert_allclose(features[:, :6], expected_start, atol=1e-5)
    np.testing.assert_allclose(features[:, -3:], expected_end, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), [16.34170532, 16.73931313], rtol=1e-5)


@pytest.mark.parity
@pytest.mark.parametrize("width", WIDTHS)
def test_parity_with_torchreid(width: float, tmp_path: Path) -> None:
    name = f"osnet_x{width}".replace(".", "_")
    theirs = getattr(torchreid_module("osnet"), name)(num_classes=10, pretrained=False).eval()
    scramble(theirs)
    torch.save({"state_dict": theirs.state_dict(), "epoch": 3}, tmp_path / "theirs.pth")
    ours = load_network(tmp_path / "theirs.pth")
    with torch.inference_mode():
        expected, got = theirs(noise(2, 3, 256, 128)), ours(noise(2, 3, 256, 128))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


@pytest.mark.parity
@pytest.mark.shared
def test_parity_with_torchreid_on_trained_weights(shared: Path) -> None:
    path = shared / "weights" / "osnet_x0_25_market1501.pth"
    theirs = torchreid_module("osnet").osnet_x0_25(num_classes=751, pretrained=False).eval()
    theirs.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        expected, got = theirs(noise(2, 3, 256, 128)), load_network(path)(noise(2, 3, 256, 128))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
