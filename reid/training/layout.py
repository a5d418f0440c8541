"""How images and weights lie in memory while a network is trained."""

import torch


def layout(device: torch.device) -> torch.memory_format:
    """The memory format in which a device trains fast.

    Channels last on CPUs, 1.3 to 1.6 times as fast. Planes on CUDA: with channels last, the first step through
    depthwise convolutions took PyTorch 2.11 more than 40 seconds on an H200, and one second with planes.
    """
    return torch.contiguous_format if device.type == "cuda" else torch.channels_last
