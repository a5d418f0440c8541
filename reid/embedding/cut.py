"""Classification networks without their classifier: torchvision's, cut behind the last feature map, and timm's."""

import warnings

import torch
from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from reid.errors import InputError

# What follows the last map and still has four dimensions: pooling to a fixed size, classifiers made of convolutions.
_BEHIND = ("avgpool", "classifier")
_SIDE_PX = 128  # of the picture that finds the map: large enough for one of several places at stride 32


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
    # behind the last map of a transformer come tokens; the map itself is only its cut picture
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
        with torch.inference_mode():
            found = probe(torch.zeros(1, 3, _SIDE_PX, _SIDE_PX))
    except Exception as error:  # tracing runs the network's own code on its own terms
        raise InputError(
            f"network.backbone is {name!r}, which cannot be cut behind its last feature map "
            f"({type(error).__name__}: {str(error).splitlines()[0][:100]}); choose another network, or timm's: "
            "timm/vit_small_patch16_224"
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
        InputError: timm is not installed, or has no such network.
    """

    def __init__(self, name: str, size: tuple[int, int] | None) -> None:
        super().__init__()
        try:
            import timm
        except ModuleNotFoundError:
            raise InputError(
                f"network.backbone is timm/{name}, but timm is not installed; install it with: "
                "pip install 'reid[timm]'"
            ) from None
        if not timm.is_model(name):
            near = [f"timm/{found}" for found in timm.list_models(f"*{name.partition('_')[0]}*")[:3]]
            better = f"some are {', '.join(near)}" if near else "timm.list_models() names them"
            raise InputError(f"network.backbone timm/{name} is no network of timm; {better}")
        options = {"pretrained": False, "num_classes": 0, "global_pool": ""}
        network = timm.create_model(name, **options)
        if size is not None and getattr(network, "patch_embed", None) is not None:
            network = timm.create_model(name, **options, img_size=size)
        self.body = network
        self.channels = int(network.num_features)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.body.forward_features(images)
        if features.ndim == 4:  # (B, C, h, w), or with channels last
            first = features.shape[1] == self.channels
            return features if first else features.permute(0, 3, 1, 2)
        extra = int(getattr(self.body, "num_prefix_tokens", 0))
        return features[:, extra:].transpose(1, 2).unsqueeze(-1)  # tokens (B, N, C)
