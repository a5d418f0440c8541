"""Teachers that look at augmented images: they run beside the network that learns, on its device."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.embedding.crops import Preprocessing
from reid.embedding.encoder import Runner
from reid.embedding.openvino_backend import OpenVinoRunner
from reid.embedding.openvino_graph import OpenVinoGraph
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.training.layout import layout


class Teacher(nn.Module):
    """Images (N, 3, H, W), RGB from 0 to 255, to vectors (N, T) float32, without gradients.

    Images of another size than the teacher's input are resized bilinearly with antialiasing. On CUDA the network
    computes in half precision.
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self._size = preprocessing.size
        self._rgb = preprocessing.rgb
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(preprocessing.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(preprocessing.std)[:, None, None])
        self.dimension = self(torch.zeros(1, 3, *preprocessing.size)).shape[1]  # T

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[2:] != self._size:
            images = functional.interpolate(images, list(self._size), mode="bilinear", antialias=True)
        if not self._rgb:
            images = images.flip(1)
        images = (images - self.mean) / self.std
        on_gpu = images.device.type == "cuda"
        with torch.no_grad(), torch.autocast(images.device.type, dtype=torch.float16, enabled=on_gpu):
            vectors: Tensor = self.network(images.contiguous(memory_format=layout(images.device)))
        return vectors.float()


class _Running(nn.Module):
    """A back end of encoders as a module: images as its network takes them to vectors."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner

    def forward(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self._runner(np.ascontiguousarray(images.numpy())))


def open_teacher(path: Path, device: torch.device, threads: int | None = None) -> tuple[Teacher, str]:
    """The teacher in the file at `path` on `device`, and its encoder id.

    Args:
        threads: CPU threads of one call, on a CPU.

    Raises:
        InputError: not an encoder that can run there.
    """
    weights = open_weights(path)
    if weights.network is not None:
        network = weights.network.to(memory_format=layout(device))
    elif device.type == "cpu":
        network = _Running(OpenVinoRunner(weights.path, weights.preprocessing.size, threads=threads))
    elif weights.kind == "openvino":
        network = OpenVinoGraph(weights.path)
    else:
        raise InputError(
            f"--teacher {path}: PyTorch does not run ONNX, and loss.distillation.view augmented needs it on a GPU; "
            "use a checkpoint or an OpenVINO file, or view plain"
        )
    return Teacher(network, weights.preprocessing).to(device), weights.encoder_id
