"""Images with boxes to a person detector: check, train, keep the best epoch, export it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.networks.chosen import start_of
from pipelines.runtime.inputs import inputs_of, refuse_inputs
from pipelines.runtime.progress import Progress
from pipelines.runtime.stopping import same_command, stopping_gently
from pipelines.training.detector_folder import DetectorFolder, best_of
from pipelines.training.detector_listener import DetectorListener
from reid.detection.portable import require_nncf, to_onnx, to_openvino_int8
from reid.detection.quiet import logged
from reid.detection.state import read_state
from reid.detection.training_config import DetectorTrainConfig
from reid.detection.training_data import People, read_people, write_resolved
from reid.detection.training_run import Stopped, open_device, train
from reid.errors import InputError


def run(config: DetectorTrainConfig, progress: Progress, *, dataset: Path | None = None) -> int:
    """Train, or go on training, and write the detector, its exports and its figures.

    Args:
        dataset: takes the place of `config.data`.
    """
    changes: dict[str, Any] = {"start_from": start_of(config.start_from, "start")}
    config = config.model_copy(update=changes if dataset is None else changes | {"data": dataset})
    folder = DetectorFolder(config.output)
    with folder.owned(inputs_of(config)):
        people = _checked(config, folder)
        folder.open(config, folder.fingerprint(config, people.fingerprint), config.start_from)
        _tell_of(people, progress)
        if len(folder.history()) < config.epochs:
            _train(config, people, folder, progress)
        _report(config, people, folder, progress)
    return 0


def _train(config: DetectorTrainConfig, people: People, folder: DetectorFolder, progress: Progress) -> None:
    # weights that a state has replaced are not needed any more, and may be gone
    fresh = config.start_from is not None and not folder.state.is_file()
    start = read_state(config.start_from) if fresh and config.start_from else {}
    dataset = write_resolved(people, folder.root)
    again = same_command(overwrite=config.overwrite)
    with stopping_gently(progress, f"stopping after this step; {again} goes on from the last epoch") as stop:
        listener = DetectorListener(config, people, folder, progress, stop)
        with suppress(Stopped):  # the signal takes effect as the block is left
            train(config, dataset, folder.root, start, listener)
        listener.close()


def _checked(config: DetectorTrainConfig, folder: DetectorFolder) -> People:
    """Check all that can be wrong before the training begins, quickest first."""
    if config.data is None:
        raise InputError(
            "no data set given: name its YAML file, as in reid train-detector people/dataset.yaml"
        )
    open_device(config.device)
    if config.quantise:
        require_nncf()
    if config.start_from is not None and (config.overwrite or not folder.settings.is_file()):
        read_state(config.start_from)
    elif config.start_from is None and config.freeze:
        raise InputError(
            "freeze keeps the early layers as --start-from has them, and nothing is given to start from; name "
            "weights, or train all layers with --no-freeze"
        )
    people = read_people(config.data)
    folders = {image.parent for part in (people.train, people.val) for image in part.images}
    refuse_inputs(folder.root, (("images in", one) for one in sorted(folders)))
    return people


def _tell_of(people: People, progress: Progress) -> None:
    for name, part in (("train", people.train), ("val", people.val)):
        progress.message(f"{name}: {len(part.images):,} images with {part.people:,} people")
        if part.missing:
            progress.message(f"{name}: {part.missing:,} images are listed, but not there", "warning")


def _report(config: DetectorTrainConfig, people: People, folder: DetectorFolder, progress: Progress) -> None:
    """Export the best epoch, and print its figures and the paths."""
    progress.message("exporting")
    with logged(folder.log):
        to_onnx(folder.detector, folder.onnx, config.image_size)
        if config.quantise:
            folder.make_room_for_int8()
            to_openvino_int8(folder.detector, folder.int8, people.train.images, config.image_size)
    folder.files.remove(*folder.states)  # with optimiser and all, of no use any more
    best = best_of(folder.history())
    int8 = [("int8", folder.int8)] if folder.int8.is_dir() else []
    progress.summary(
        "trained",
        [
            ("best mAP50", f"{best.map50:.1%}"),
            ("precision, recall", f"{best.precision:.1%}, {best.recall:.1%}"),
            ("best epoch", f"{best.epoch} of {config.epochs}"),
            ("took", f"{folder.seconds() / 60:.1f} minutes"),
            ("detector", folder.onnx),
            *int8,
            ("state dict", folder.detector),
            ("figures", f"{folder.figures}, {folder.results.name}"),
            ("next", f"reid video RECORDINGS --detector {folder.int8 if int8 else folder.onnx}"),
        ],
    )
