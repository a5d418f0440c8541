"""Classification networks without their classifier: torchvision's, cut behind the last feature map, and timm's."""

import contextlib
import io
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from reid.errors import InputError

# What follows the last map and still has four dimensions: pooling to a fixed size, classifiers made of convolutions.
_BEHIND = ("avgpool", "classifier")
_SIDE_PX = 128  # of the image that finds the map: large enough for one of several places at stride 32


def torchvision_body(name: str) -> tuple[nn.Module, int]:
    """The network up to its last feature map (B, C, h, w), and C; keys of the state dict are torchvision's.

    Raises:
        InputError: it has no such map, as vision transformers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on initialisation to come, and dropout that only training has
        network = get_model(name, weights=None)
        nodes = _shapes(network, name)
    maps = [
        node
        for node, shape in nodes.items()
        if len(shape) == 4 and min(shape[2:]) > 1 and not node.startswith(_BEHIND)
    ]
    # behind the last map of a transformer come tokens; the map itself is only its cut image
    tokens = [node for node, shape in nodes.items() if len(shape) == 3]
    order = list(nodes)
    if not maps or (tokens and order.index(tokens[-1]) > order.index(maps[-1])):
        raise InputError(
            f"network.backbone is {name!r}, which has no feature map; timm's transformers can be used, as "
            "timm/vit_small_patch16_224"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = create_feature_extractor(network, return_nodes={maps[-1]: "map"})
    return _Only(body), nodes[maps[-1]][1]


def _shapes(network: nn.Module, name: str) -> dict[str, tuple[int, ...]]:
    """Every step of the network in evaluation, in order, to the shape of what it gives."""
    try:
        names = get_graph_node_names(network)
        both = [node for node in names[1] if node in set(names[0])]  # train and evaluation may differ
        probe = create_feature_extractor(network, return_nodes=both).eval()
        # the trace prints a traceback of its own; the sentence below is all that a user needs
        with torch.inference_mode(), contextlib.redirect_stderr(io.StringIO()):
            found = probe(torch.zeros(1, 3, _SIDE_PX, _SIDE_PX))
    except Exception as error:  # tracing runs the network's own code on its own terms
        raise InputError(
            f"network.backbone is {name!r}, which cannot be cut behind its last feature map "
            f"({_first_line(error)}); choose another network, or timm's: timm/vit_small_patch16_224"
        ) from error
    return {node: tuple(value.shape) for node, value in found.items() if isinstance(value, Tensor)}


class _Only(nn.Module):
    """The map that an extractor gives, alone."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.body(images)["map"]
        return features


class TimmBody(nn.Module):
    """A network of timm without its classifier, whose maps or tokens become a map (B, C, h, w).

    Raises:
        InputError: timm is not installed, or has no such network, or that cannot make maps of such images.
    """

    def __init__(self, name: str, size: tuple[int, int] | None) -> None:
        super().__init__()
        try:
            import timm
        except ModuleNotFoundError:
            raise InputError(
                f"network.backbone is timm/{name}, but timm is not installed; install it with: "
                "pip install 'reidentify[timm]'"
            ) from None
        if not timm.is_model(name):
            near = [f"timm/{found}" for found in timm.list_models(f"*{name.partition('_')[0]}*")[:3]]
            better = f"some are {', '.join(near)}" if near else "timm.list_models() names them"
            raise InputError(f"network.backbone timm/{name} is no network of timm; {better}")
        try:
            self.body: Any = _timm_network(name, size)
            self.channels = int(self.body.num_features)
            self._leave_out_the_classifier(size or self.body.pretrained_cfg["input_size"][-2:])
        except Exception as error:  # a thousand networks, each with conditions of its own
            shown = f"images of {size[0]} x {size[1]} pixels" if size else "images"
            raise InputError(
                f"network.backbone is timm/{name}, which makes no feature map of {shown} "
                f"({_first_line(error)}); choose another network"
            ) from error

    def _leave_out_the_classifier(self, size: tuple[int, int]) -> None:
        """Drop parts with weights that make no map: training on several GPUs would wait for their gradients."""
        used: set[nn.Module] = set()
        hooks = [part.register_forward_hook(lambda part, *_: used.add(part)) for part in self.body.modules()]
        with torch.no_grad():
            self.eval()(torch.zeros(1, 3, *size))
        for hook in hooks:
            hook.remove()
        for name, part in list(self.body.named_children()):
            if any(True for _ in part.parameters()) and used.isdisjoint(part.modules()):
                setattr(self.body, name, nn.Identity())
        self.train()

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.body.forward_features(images)
        if features.ndim == 4:  # (B, C, h, w), or with channels last
            first = features.shape[1] == self.channels
            return features if first else features.permute(0, 3, 1, 2)
        extra = int(getattr(self.body, "num_prefix_tokens", 0))
        tokens: Tensor = features[:, extra:].transpose(1, 2)  # (B, C, N)
        rows, columns = getattr(getattr(self.body, "patch_embed", None), "grid_size", None) or (0, 0)
        known = rows * columns == tokens.shape[2]
        return tokens.reshape(*tokens.shape[:2], rows, columns) if known else tokens.unsqueeze(-1)


def _timm_network(name: str, size: tuple[int, int] | None) -> Any:
    """An untrained one, for images of that size where it must know."""
    import timm

    options = {"pretrained": False, "num_classes": 0, "global_pool": ""}
    if size is not None:
        # most convolutional networks take images of any size, and no argument for it
        with contextlib.suppress(TypeError):
            return timm.create_model(name, **options, img_size=size)
    return timm.create_model(name, **options)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:100]}"
