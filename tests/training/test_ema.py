"""The moving average against the recursion written out."""

import pytest
import torch

from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.training.ema import Average


def changed(network: ReidNetwork, generator: torch.Generator) -> None:
    with torch.no_grad():
        for value in (*network.parameters(), *network.buffers()):
            if value.is_floating_point():
                value.add_(torch.randn(value.shape, generator=generator))
            else:
                value.add_(1)


def test_every_weight_and_statistic_follows_the_recursion() -> None:
    generator = torch.Generator().manual_seed(1)
    network = ReidNetwork(NetworkConfig(dimension=8))
    average = Average(network, decay=0.6)
    wanted: dict[str, torch.Tensor] = {}
    for update in range(8):
        changed(network, generator)
        average.update(network)
        decay = 0.0 if update == 0 else min(0.6, (1 + update) / (10 + update))
        for key, value in network.state_dict().items():
            before = wanted.get(key, value)
            wanted[key] = before * decay + value * (1 - decay) if value.is_floating_point() else value.clone()
    for key, value in average.network.state_dict().items():
        torch.testing.assert_close(value, wanted[key], rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_it_goes_on_bit_for_bit_from_its_state() -> None:
    generator = torch.Generator().manual_seed(2)
    network = ReidNetwork(NetworkConfig(dimension=8))
    average = Average(network, decay=0.9)
    changed(network, generator)
    average.update(network)
    saved = {key: value.clone() for key, value in average.state().items()}
    other = Average(ReidNetwork(NetworkConfig(dimension=8)), decay=0.9)
    other.restore(saved)
    changed(network, generator)
    average.update(network)
    other.update(network)
    for key, value in average.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[key]), key
