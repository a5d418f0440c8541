"""The commands that make networks: `reid train`, `reid tune`."""

from typing import TYPE_CHECKING

from pipelines.command import Command, Invocation

if TYPE_CHECKING:
    from pipelines.progress import Progress
    from reid.config import Section


def _train_config() -> "type[Section]":
    from reid.training.config import TrainConfig

    return TrainConfig


def _train(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.train import run
    from reid.training.config import TrainConfig

    assert isinstance(invocation.config, TrainConfig)
    return run(invocation.config, progress)


def _tune_config() -> "type[Section]":
    from pipelines.tune_config import TuneConfig

    return TuneConfig


def _tune(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.tune import run
    from pipelines.tune_config import TuneConfig

    assert isinstance(invocation.config, TuneConfig)
    return run(invocation.config, progress)


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
)
