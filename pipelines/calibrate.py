"""Labelled person crops to a calibration file: the distance that links, chosen by an evaluation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.networks.chosen import with_weights
from pipelines.recordings import site_calibration
from pipelines.retrieval.calibration_tables import report
from pipelines.retrieval.known_people import warn_of_known
from pipelines.runtime.calibration_file import calibration_file
from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.config import CalibrateConfig
from reid.datasets.open import open_crops
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.errors import InputError
from reid.evaluation.calibration.calibrate import Evaluation, calibrate
from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.evidence import evidence
from reid.evaluation.calibration.labelled import LabelledCrops
from reid.evaluation.calibration.points import NotEnoughData, OperatingPoint
from reid.linking.calibration import beside, dumps
from reid.outputs import atomic
from reid.outputs.calibration_chart import Diagram, Panel, write_chart
from reid.shipped_weights import entry_of

FEW_PEOPLE = 20  # below it, who they are decides more than how the encoder works

KNOWN_PEOPLE = (
    "their images lie closer together than those of others, so the distance is too small for strangers"
)


def run(folders: Sequence[Path], config: CalibrateConfig, progress: Progress) -> int:
    """Embed labelled crops and write the encoder's calibration, with what was measured, and its image.

    With `config.results` a recording takes the place of labels, see `site_calibration`.
    """
    if config.results is not None:
        if folders:
            raise InputError(f"--from {config.results} needs no labels; leave {folders[0]} out, or --from")
        return site_calibration.run(config.results, config, progress)
    if not folders:
        raise InputError(
            "no crops given; name folders of labelled crops, or --from a results folder of reid video"
        )
    for folder in folders:
        if [other.resolve() for other in folders].count(folder.resolve()) > 1:
            raise InputError(f"{folder}: given twice; its people would be strangers to themselves")
    point = OperatingPoint.parse(config.operating_point)
    config = with_weights(config)
    weights = config.encoder.weights
    if weights is None:
        build_encoder(config.encoder)  # says what to do
        raise AssertionError("an encoder without weights was built")
    with calibration_file(_target(config, weights), chart=config.chart):
        return _run(folders, config, weights, point, progress)


def _run(
    folders: Sequence[Path], config: CalibrateConfig, weights: Path, point: OperatingPoint, progress: Progress
) -> int:
    splits = [open_crops(config.format, folder) for folder in folders]
    encoder = build_encoder(config.encoder)
    known = warn_of_known(weights, splits, KNOWN_PEOPLE, progress)
    sets = []
    alike = len({split.name for split in splits}) < len(splits)
    for folder, split in zip(folders, splits, strict=True):
        task = progress.task(split.name, len(split), unit="crops")
        vectors = extract(split.paths, encoder, advance=task.advance)
        task.finish()
        sets.append(
            LabelledCrops(
                name=str(folder) if alike else split.name,
                vectors=vectors,
                persons=split.persons,
                cameras=split.cameras,
                tracklets=split.tracklets,
                camera_names=split.camera_names,
                camera_sites=split.camera_sites,
            )
        )
    try:
        calibration, evaluation = calibrate(
            sets,
            encoder_id=encoder.encoder_id,
            point=point,
            people_per_site=config.people_per_site,
            own_camera_pairs=config.camera_pairs,
        )
    except NotEnoughData as error:
        raise InputError(f"--operating-point {error}") from error
    path = _target(config, weights)
    seen_twice = sum(own.people_in_two_cameras for own in sets)
    if seen_twice < FEW_PEOPLE:
        progress.message(
            f"people seen by two cameras: {seen_twice}. So few say little about others: the distance may be "
            f"far off, whatever its interval says. Give {FEW_PEOPLE} or more",
            "warning",
        )
    atomic.write_text(path, dumps(calibration, {**evidence(evaluation), "trained_on_people": known}))
    written = [("calibration", str(path))]
    if config.chart:
        chart = _draw(path, weights.name, str(point), calibration, evaluation)
        written.append(("chart", str(chart)))
    if path != beside(weights):
        written.append(("use it", f"reid video ... --calibration {path}"))
    report(evaluation, calibration, point, progress)
    progress.summary("written", written)
    return 0


def _target(config: CalibrateConfig, weights: Path) -> Path:
    """The calibration file: as asked, else beside the weights; those that ship lie in a folder that is reid's own."""
    own = beside(weights)
    return config.output or (Path(own.name) if entry_of(weights) else own)


def _draw(path: Path, encoder: str, point: str, calibration: Calibration, evaluation: Evaluation) -> Path:
    """The image beside the file, same name."""
    panels = tuple(
        Panel(
            title=f"{unit.name.capitalize()}: {unit.items:,} of {evaluation.people:,} people",
            edges=EDGES.astype(np.float64),
            genuine=unit.curves.genuine_rate,
            impostor=unit.curves.impostor_rate,
            points={name: point.distance[0] for name, point in unit.points.items()},
            chosen=point,
        )
        for unit in (evaluation.tracklets, evaluation.images)
    )
    fitted = evaluation.probability
    diagram = None
    if fitted is not None:
        said = fitted.reliability
        diagram = Diagram(
            said=said.said,
            seen=said.seen,
            share=said.share,
            error=said.error,
            doubtful_error=said.doubtful_error,
            method=fitted.method,
        )
    target = path.with_suffix(".png")
    title = (
        f"{encoder} on {calibration.data_set}: distance {calibration.max_distance:.3f}, "
        f"{calibration.operating_point}"
    )
    write_chart(target, title, panels, diagram)
    return target
