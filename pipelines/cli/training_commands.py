"""The commands that make networks: `reid train`, `reid tune`, `reid train-detector`."""

from pipelines.cli.command import Command, Operand

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
        summary="labelled images to an embedding network, judged on people held out",
        usage="SOURCES... [--config FILE] [--output DIR] [settings]",
        examples=TRAIN_EXAMPLES,
        run="pipelines.train:run",
        config="reid.training.config:TrainConfig",
        file=True,
        positional="sources",
    ),
    Command(
        name="tune",
        summary="many short trainings to the settings with the best held-out mAP",
        usage="SOURCES... [--trials COUNT] [--search KEY=RANGE] [settings]",
        examples=TUNE_EXAMPLES,
        run="pipelines.tune:run",
        config="pipelines.training.tune_config:TuneConfig",
        file=True,
        positional="sources",
    ),
    Command(
        name="train-detector",
        summary="images with boxes to a person detector",
        usage="[DATASET.yaml] [--start-from FILE] [--config FILE] [--output DIR] [settings]",
        examples=TRAIN_DETECTOR_EXAMPLES,
        run="pipelines.train_detector:run",
        config="reid.detection.training_config:DetectorTrainConfig",
        file=True,
        operands=(
            Operand(
                "dataset",
                "YAML file of a data set in ultralytics' format with one class (= --data)",
                "?",
                path=True,
            ),
        ),
    ),
)
