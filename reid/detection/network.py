"""The person detector that ships, as ultralytics builds it: EfficientNet-Lite0, a small pyramid, YOLO's head.

The backbone was made for small processors and can begin with ImageNet weights (see `reid.efficientnet_lite`);
neck and head are ultralytics' own modules, narrow because there is one class.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from ultralytics.nn import tasks

from reid.efficientnet_lite import efficientnet_lite0_stages, efficientnet_lite0_stem

_USED = {2: 40, 4: 112, 6: 320}  # stages to channels: strides 8, 16, 32


class EfficientNetLite0(nn.Module):
    """Images to the three maps that the pyramid is built on; names are those of the public checkpoints."""

    def __init__(self) -> None:
        super().__init__()
        stem = efficientnet_lite0_stem()
        for name, part in stem.items():
            self.add_module(name, part)
        self._stem = tuple(stem)
        stages = efficientnet_lite0_stages()
        self._blocks = nn.Sequential(*(block for stage in stages for block in stage))
        ends = [sum(len(stage) for stage in stages[: number + 1]) - 1 for number in range(len(stages))]
        self._wanted = tuple(ends[stage] for stage in _USED)

    def forward(self, images: Tensor) -> list[Tensor]:
        x = images
        for name in self._stem:
            x = self.get_submodule(name)(x)
        maps = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in self._wanted:
                maps.append(x)
        return maps


# ultralytics looks its modules up by name in that file
tasks.EfficientNetLite0 = EfficientNetLite0


def person_network() -> dict[str, Any]:
    """The architecture in the form of ultralytics' YAML files."""
    return {
        "nc": 1,
        "reg_max": 16,
        "backbone": [
            [-1, 1, "EfficientNetLite0", []],
            *([0, 1, "Index", [channels, at]] for at, channels in enumerate(_USED.values())),
            [-1, 1, "Conv", [128, 1, 1]],
            [-1, 1, "SPPF", [128, 5]],
        ],
        "head": [
            [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
            [[-1, 2], 1, "Concat", [1]],
            [-1, 1, "C3k2", [96, False]],
            [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
            [[-1, 1], 1, "Concat", [1]],
            [-1, 1, "C3k2", [64, False]],  # 11, stride 8
            [-1, 1, "Conv", [64, 3, 2]],
            [[-1, 8], 1, "Concat", [1]],
            [-1, 1, "C3k2", [96, False]],  # 14, stride 16
            [-1, 1, "Conv", [96, 3, 2]],
            [[-1, 5], 1, "Concat", [1]],
            [-1, 1, "C3k2", [128, False]],  # 17, stride 32
            [[11, 14, 17], 1, "Detect", ["nc"]],
        ],
    }


def fill_backbone(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put the tensors of a public EfficientNet-Lite0 checkpoint into a network made of `person_network`.

    Raises:
        RuntimeError: the state dict is of another network.
    """
    head = ("_conv_head.", "_bn1.", "_fc.")  # of the classification
    wanted = {key: value for key, value in state.items() if not key.startswith(head)}
    network.get_submodule("model.0").load_state_dict(wanted)
