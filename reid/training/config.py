"""The settings of `reid train`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from reid.embedding.network_config import NetworkConfig
from reid.losses.config import DISTILLATION, LossConfig
from reid.section import Seconds, Section, Share

Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class DataConfig(Section):
    """Images that are learned from, and people that are held out."""

    height: Annotated[int, Field(ge=16)] = Field(256, description="height of the network's input, in pixels")
    width: Annotated[int, Field(ge=16)] = Field(128, description="width of the network's input, in pixels")
    held_out: Annotated[int, Field(ge=2)] | None = Field(
        None,
        description="people that are not trained on: they say when to stop and which epoch was best; null: a tenth "
        "of all, but at least 10 and at most 100",
    )
    hold_out: Literal["last", "random"] = Field(
        "last", description="which people are held out: the last ones of each source, or any (by the seed)"
    )
    hold_out_of: tuple[str, ...] = Field(
        (),
        description="names of the sources (of their folder or file) that people are held out of, such as the one "
        "that is like the place of use; none: all",
    )
    min_px: Count = Field(16, description="images whose height or width is less are left out, and reported")
    gallery: Path | None = Field(
        None, description="gallery whose corrections apply to sources that are results of reid video"
    )
    memory_mib: CountOrNone = Field(
        4096, description="mebibytes of decoded images kept; those beyond are decoded again each time"
    )
    workers: CountOrNone = Field(
        1, description="threads that prepare batches ahead; 0: none, between the steps"
    )


class BatchConfig(Section):
    """Composition of a batch."""

    sampler: Literal["pxk", "balanced", "camera-aware", "random"] = Field(
        "pxk",
        description="pxk: P people, K images of each, every image about once an epoch; balanced: every person "
        "equally often, however many images there are; camera-aware: pxk with the K images over as many cameras "
        "as there are; random: any images (for classification)",
    )
    people: Annotated[int, Field(ge=2)] = Field(16, description="P, people in a batch")
    images: Annotated[int, Field(ge=2)] = Field(4, description="K, images of each person in a batch")
    unlabelled: CountOrNone | None = Field(
        None,
        description="images of unlabelled sources in a batch, beside P * K labelled ones; null: as many as those",
    )
    accumulate: Count = Field(1, description="batches whose gradients are added up before a step")


class AugmentConfig(Section):
    """Augmentation of training images; each way with its probability. 0: never."""

    by: Literal["image", "batch"] = Field(
        "image",
        description="image: one after the other, in threads of the processor; batch: all images of a batch at once, "
        "on the device that trains, which is what a GPU wants",
    )
    flip: Share = Field(0.5, description="mirror")
    crop: Share = Field(0.5, description="pad by crop_px on every side and cut the size out again anywhere")
    crop_px: Count = Field(10, description="at an input of 256 x 128; less for smaller ones")
    affine: Share = Field(0.0, description="rotate and scale a little")
    rotate_deg: Annotated[float, Field(ge=0, le=45)] = Field(
        8.0, description="largest rotation either way, in degrees"
    )
    scale: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.1, description="largest change of size either way, as a share"
    )
    jitter: Share = Field(0.0, description="change brightness, contrast, saturation and hue")
    brightness: Share = Field(0.25, description="largest change either way, as a share")
    contrast: Share = Field(0.15, description="largest change either way, as a share")
    saturation: Share = Field(0.25, description="largest change either way, as a share")
    hue: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.05, description="largest shift, in turns of the wheel"
    )
    blur: Share = Field(0.0, description="Gaussian blur with a deviation of 0.5 to 1.5 pixels")
    grayscale: Share = Field(0.0, description="take the colour out")
    low_resolution: Share = Field(
        0.0, description="shrink to between low_resolution_least and all of the size, and enlarge again"
    )
    low_resolution_least: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.25, description="smallest such size, as a share of the input's"
    )
    erase: Share = Field(
        0.5,
        description="random erasing (Zhong et al. 2020): a rectangle of 2 to 40 % of the area in the data's mean",
    )
    patch: Share = Field(
        0.0,
        description="background-aware patch: a piece of another image's edge covers part of this one's edge, so "
        "that what stands around a person is not learned",
    )
    recolour: Share = Field(
        0.0,
        description="of unlabelled images: turn hues by any angle and exchange channels; needs teachers that see it "
        "(loss.distillation.view augmented)",
    )
    join: Share = Field(
        0.0,
        description="of unlabelled images: the upper part of one person above the lower part of another; needs "
        "teachers that see it",
    )


class OptimiserConfig(Section):
    """Optimiser: its method, rates, decay and averages."""

    kind: Literal["adam", "adamw", "sgd", "rmsprop"] = Field("adam", description="the method")
    learning_rate: Positive = Field(
        2e-3, description="after the warm-up; pretrained ResNets want about 0.00035"
    )
    weight_decay: NotNegative = Field(5e-4, description="not of biases and normalisation layers")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="of sgd and rmsprop")
    backbone_factor: NotNegative = Field(
        1.0, description="the backbone's learning rate, as a multiple of the others'"
    )
    clip_norm: Positive | None = Field(
        None, description="longest gradient, over all weights; null: any length"
    )
    ema: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="decay by step of the moving average of weights that is evaluated; null: none"
    )


class ScheduleConfig(Section):
    """Length of the training, and the learning rate over time."""

    epochs: Count = Field(60, description="passes over the training images")
    kind: Literal["constant", "step", "cosine", "plateau"] = Field(
        "cosine", description="step: times factor at each of steps; plateau: where held-out mAP stops rising"
    )
    warmup_epochs: NotNegative = Field(
        2.0, description="epochs over which the learning rate rises from a hundredth; at most half of all"
    )
    steps: tuple[Positive, ...] = Field((0.5, 0.8), description="of kind step: when, as shares of all epochs")
    factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.1, description="of kinds step and plateau: what the rate is multiplied by"
    )
    patience: Count = Field(
        3, description="of kind plateau: evaluations without a better mAP before the rate falls"
    )
    least: Share = Field(0.01, description="of kind cosine: last learning rate, as a share of the first")


class StartConfig(Section):
    """Start of the network: its weights before it is trained."""

    weights: Path | None = Field(
        None,
        description="checkpoint to start from: of reid, torchreid, or a torchvision state dict; layers that do not "
        "fit the network are named and begin at random. null: random",
    )
    objectives: Path | None = Field(
        None,
        description="state.pt of an earlier training with the same people, objectives and teachers: its classifier, "
        "proxies and teachers' maps are the starting values. null: random",
    )
    freeze_epochs: CountOrNone = Field(
        0, description="epochs at the beginning in which the backbone does not change"
    )
    frozen: tuple[str, ...] = Field(
        (),
        description="parts of the backbone that never change, by name: the first layers cost much of a step and "
        "change least. conv1, conv2 of an OSNet; conv1, bn1, layer1 of a ResNet; _conv_stem, _bn0, _blocks.0 of an "
        "EfficientNet-Lite",
    )


class ValidationConfig(Section):
    """Validation on held-out people while training runs."""

    every_epochs: Count = Field(1, description="epochs between evaluations; the last one is always evaluated")
    patience: CountOrNone = Field(
        0, description="stop after so many evaluations without a better mAP; 0: never"
    )
    show: CountOrNone = Field(12, description="worst held-out queries shown on the page")


class TrainConfig(Section):
    """`reid train`: labelled images to an embedding network."""

    sources: tuple[str, ...] = Field(
        (),
        description="labelled images: folders of Market-1501 or its kin, folders person/camera_*.jpg or "
        "person/camera/*.jpg, CSV files of path, person, camera, results of reid video; each maybe as kind=path; "
        "people of different sources are different people; unlabelled=folder: images of unknown people, which only "
        "teachers can say something about",
    )
    teachers: tuple[Path, ...] = Field(
        (),
        description="encoders whose vectors the network learns to agree with (objective distillation, which then has "
        "the weight 1 unless loss.objectives says another): any that reid video takes",
    )
    output: Path = Field(Path("training"), description="folder for the checkpoint, its card, logs and page")
    overwrite: bool = Field(False, description="replace another training in the output folder")
    seed: CountOrNone = Field(0, description="of everything random")
    device: str = Field("auto", description="auto, cpu, cuda, mps")
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="of the network's arithmetic; float16 needs a GPU"
    )
    threads: CountOrNone = Field(0, description="CPU threads of a step; 0: as many as there are cores")
    save_s: Seconds = Field(300.0, description="seconds between saved states within an epoch")
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig()
    data: DataConfig = DataConfig()
    batch: BatchConfig = BatchConfig()
    augment: AugmentConfig = AugmentConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    start: StartConfig = StartConfig()
    validation: ValidationConfig = ValidationConfig()

    @model_validator(mode="before")
    @classmethod
    def _teachers_teach(cls, given: Any) -> Any:
        """Teachers without the objective `distillation` give it the weight 1."""
        if not isinstance(given, dict) or not given.get("teachers"):
            return given
        loss = given.get("loss", {})
        objectives = loss.get("objectives", LossConfig().objectives) if isinstance(loss, dict) else None
        if not isinstance(objectives, dict) or DISTILLATION in objectives:
            return given
        return {**given, "loss": {**loss, "objectives": {**objectives, DISTILLATION: 1.0}}}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.loss.objectives.get(DISTILLATION) and not self.teachers:
            raise ValueError(
                "the objective distillation needs a teacher; name one with --teacher, or leave the objective out"
            )
        seen = self.loss.distillation.view == "augmented"
        if seen and self.augment.by == "image":
            raise ValueError(
                "loss.distillation.view augmented needs augment.by batch: teachers look at images on the device that "
                "trains; set it, or view to plain"
            )
        if (self.augment.recolour or self.augment.join) and not (seen and self.teachers):
            raise ValueError(
                "augment.recolour and augment.join make people whom only a teacher can judge that sees them; set "
                "loss.distillation.view to augmented, or both to 0"
            )
        if self.start.freeze_epochs >= self.schedule.epochs:
            raise ValueError(
                f"start.freeze_epochs ({self.start.freeze_epochs}) must be less than schedule.epochs "
                f"({self.schedule.epochs})"
            )
        pairs = self.loss.pairs()
        if self.batch.sampler == "random" and pairs:
            raise ValueError(
                f"batch.sampler random rarely shows a person twice in a batch, which {', '.join(pairs)} needs; "
                "use pxk"
            )
        return self
