"""What makes a feature map of images: named parts in a row, with attention behind some of them."""

from collections.abc import Mapping

from torch import Tensor, nn

from reid.errors import InputError


class Backbone(nn.Module):
    """Images (B, 3, H, W), normalised, to a feature map (B, channels, h, w).

    Args:
        parts: run one after the other; their names begin the keys of the state dict, as in checkpoints of the field.
        stages: the parts that attention can be put behind, and the channels that they give.
        channels: of the last map.
    """

    def __init__(
        self, parts: Mapping[str, nn.Module], *, channels: int, stages: Mapping[str, int] | None = None
    ) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.channels = channels
        self.stages = dict(stages or {})
        self._order = tuple(parts)
        self.attention = nn.ModuleDict()

    def attend(self, name: str, block: nn.Module) -> None:
        """Put a block behind one of the parts."""
        self.attention[name] = block

    @property
    def last(self) -> nn.Module:
        """The module whose output is the last feature map."""
        name = self._order[-1]
        found = self.attention[name] if name in self.attention else getattr(self, name)
        assert isinstance(found, nn.Module)
        return found

    @property
    def last_name(self) -> str:
        """The part that makes the last feature map."""
        return self._order[-1]

    def part(self, name: str) -> nn.Module:
        """A part, or one within it, by its name in the state dict; InputError where there is none."""
        parts: dict[str, nn.Module] = dict(self.named_modules())
        if not name or name not in parts:  # the whole has the name ""
            raise InputError(
                f"start.frozen: the backbone has no part called {name!r}; it is made of {', '.join(self._order)}, "
                f"and of what is in them, such as {next(part for part in parts if '.' in part)}"
            )
        return parts[name]

    def forward(self, images: Tensor) -> Tensor:
        x = images
        for name in self._order:
            x = getattr(self, name)(x)
            if name in self.attention:
                x = self.attention[name](x)
        return x
