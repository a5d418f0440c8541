"""Training a person detector, by ultralytics, from an ImageNet backbone or a detector made before."""

from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.data.augment import RandomPerspective
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from reid.detection.network import fill_backbone, person_network


class PersonModel(DetectionModel):  # type: ignore[misc]
    """The network of `person_network`, which learns in bfloat16 on CPUs: ultralytics does so on GPUs only."""

    def __init__(self, verbose: bool = False) -> None:
        super().__init__(person_network(), nc=1, verbose=verbose)

    def loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
        if preds is None and self.training and batch["img"].device.type == "cpu":
            with torch.autocast("cpu", torch.bfloat16):
                preds = self.forward(batch["img"].contiguous(memory_format=torch.channels_last))
            preds = _float32(preds)
        return super().loss(batch, preds)


def _float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _float32(one) for key, one in value.items()}
    return [_float32(one) for one in value]


class PersonTrainer(DetectionTrainer):  # type: ignore[misc]
    """ultralytics' trainer of the network in `reid.detection.network`.

    Args:
        start: state dict of an EfficientNet-Lite0 checkpoint, or of a detector that this trainer made; empty: random.
        window: side of the square that is cut out of a mosaic, in pixels; `imgsz` is what the images of the mosaic
            are shrunk to. A window smaller than the images shows people large at the cost of a small one.
    """

    def __init__(self, start: dict[str, Tensor], window: int, overrides: dict[str, Any]) -> None:
        self._start = start
        self._window = window
        super().__init__(overrides=overrides)

    def get_model(self, cfg: Any = None, weights: nn.Module | None = None, verbose: bool = True) -> Any:
        model = self.set_model_names_for_load(PersonModel(verbose=verbose))
        if weights is not None:  # of the state that a training goes on from
            model.load_state_dict(weights.float().state_dict())
        elif "_conv_stem.weight" in self._start:
            fill_backbone(model, self._start)
        elif self._start:
            model.load_state_dict(self._start)
        return model.to(memory_format=torch.channels_last)

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        dataset = super().build_dataset(img_path, mode, batch)
        if mode == "train":
            self._cut_windows(dataset.transforms)
        else:
            dataset.augment = False
        return dataset

    def _close_dataloader_mosaic(self) -> None:
        super()._close_dataloader_mosaic()
        self._cut_windows(self.train_loader.dataset.transforms)

    def _cut_windows(self, transforms: Any) -> None:
        for transform in getattr(transforms, "transforms", []):
            if isinstance(transform, RandomPerspective):
                transform.size = (self._window, self._window)
            self._cut_windows(transform)
