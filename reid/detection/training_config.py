"""The settings of `reid train-detector`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from reid.section import Section

Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Side = Annotated[int, Field(ge=32, multiple_of=32)]  # the network's largest stride


class DetectorTrainConfig(Section):
    """`reid train-detector`: images with boxes to a person detector."""

    data: Path | None = Field(
        None,
        description="YAML file of a data set as ultralytics reads it: path, train, val, and names with one class; "
        "also the argument without a flag",
    )
    output: Path = Field(
        Path("detector"), description="folder for the detector, its exports, figures and state"
    )
    start_from: Path | None = Field(
        None,
        description="state dict to start from: EfficientNet-Lite0 trained on ImageNet, or a detector.pth made "
        "before; null: random",
    )
    epochs: Count = Field(14, description="passes over the training images")
    image_size: Side = Field(
        448,
        description="longer side of an image in training and validation, in pixels; four are joined to a mosaic",
    )
    window: Side = Field(
        320,
        description="side of the square that is cut out of a mosaic, in pixels: it shows people as large as "
        "image_size does, at the cost of a small image",
    )
    batch: Count = Field(16, description="windows in a step")
    learning_rate: Positive = Field(1e-3, description="of AdamW after half an epoch; falls to a twentieth")
    freeze: bool = Field(
        True,
        description="keep the weights of the backbone's early layers as start_from has them: half the time of a step",
    )
    quantise: bool = Field(
        False, description="write an OpenVINO network in int8 too, for CPUs; needs the extra [quantise]"
    )
    threads: CountOrNone = Field(0, description="CPU threads of a step; 0: as many as there are cores")
    seed: CountOrNone = Field(0, description="of everything random")
    device: str = Field("auto", description="auto, cpu, cuda:0")
    overwrite: bool = Field(False, description="replace another training in the output folder")

    @model_validator(mode="after")
    def _window_inside_a_mosaic(self) -> Self:
        if self.window > 2 * self.image_size:
            raise ValueError(
                f"window ({self.window}) must be at most twice image_size ({self.image_size}), the side of a mosaic"
            )
        return self
