"""The commands that make networks: `reid train`, `reid tune`, `reid train-detector`."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.command import Command, Invocation

if TYPE_CHECKING:
    from pipelines.runtime.progress import Progress
    from reid.config import Section


def _train_config() -> "type[Section]":
    from reid.training.config import TrainConfig

    return TrainConfig


def _train(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.networks.chosen import start_of
    from pipelines.train import run
    from reid.training.config import TrainConfig

    config = invocation.config
    assert isinstance(config, TrainConfig)
    start = config.start.model_copy(update={"weights": start_of(config.start.weights, "encoder")})
    return run(config.model_copy(update={"start": start}), progress)


def _tune_config() -> "type[Section]":
    from pipelines.training.tune_config import TuneConfig

    return TuneConfig


def _tune(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.training.tune_config import TuneConfig
    from pipelines.tune import run

    assert isinstance(invocation.config, TuneConfig)
    return run(invocation.config, progress)


def _train_detector_config() -> "type[Section]":
    from reid.detection.training_config import DetectorTrainConfig

    return DetectorTrainConfig


def _train_detector(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.networks.chosen import start_of
    from pipelines.train_detector import run
    from reid.detection.training_config import DetectorTrainConfig

    config, named = invocation.config, invocation.arguments.dataset
    assert isinstance(config, DetectorTrainConfig)
    changes = {"start_from": start_of(config.start_from, "start")} | ({"data": Path(named)} if named else {})
    return run(config.model_copy(update=changes), progress)


TRAIN_EXAMPLES = """\
examples:
  reid train Market-1501-v15.09.15
  reid train Market-1501-v15.09.15 my-crops results=monday --output mine --epochs 40
  reid train my-crops --config configs/train/fine-tune.yaml --start-from training/model.pth --output site
  reid train --print-config > mine.yaml     then edit it, and: reid train my-crops --config mine.yaml
"""
TUNE_EXAMPLES = """\
examples:
  reid tune my-crops --trials 30 --epochs 10
  reid tune my-crops --search 'optimiser.learning_rate=1e-4..1e-2 log' --search 'network.pooling=average|gem'
"""
TRAIN_DETECTOR_EXAMPLES = """\
examples:
  reid train-detector people/dataset.yaml --start-from efficientnet_lite0.pth --output mine --epochs 20
  reid train-detector people/dataset.yaml --start-from detector/detector.pth --output site --epochs 3 --quantise
"""

TRAINING_COMMANDS = (
    Command(
        name="train",
        summary="labelled pictures to an embedding network, judged on people held out",
        usage="SOURCES... [--config FILE] [--output DIR] [settings]",
        examples=TRAIN_EXAMPLES,
        run=_train,
        model=_train_config,
        file=True,
        positional="sources",
    ),
    Command(
        name="tune",
        summary="many short trainings to the settings with the best held-out mAP",
        usage="SOURCES... [--trials COUNT] [--search KEY=RANGE] [settings]",
        examples=TUNE_EXAMPLES,
        run=_tune,
        model=_tune_config,
        file=True,
        positional="sources",
    ),
    Command(
        name="train-detector",
        summary="pictures with boxes to a person detector",
        usage="[DATASET.yaml] [--start-from FILE] [--config FILE] [--output DIR] [settings]",
        examples=TRAIN_DETECTOR_EXAMPLES,
        run=_train_detector,
        model=_train_detector_config,
        file=True,
        operands=(
            ("dataset", "?", "YAML file of a data set in ultralytics' format with one class (= --data)"),
        ),
    ),
)
