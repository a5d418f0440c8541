"""`reid calibrate --from RESULTS`: a threshold for one site out of what its recording proves, without labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from pipelines.runtime.calibration_file import calibration_file
from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.config import CalibrateConfig
from reid.errors import InputError
from reid.evaluation.calibration.points import EVENTS, OperatingPoint
from reid.evaluation.calibration.relation import LEVELS, USUAL
from reid.evaluation.calibration.site import Base, calibration, evidence
from reid.evaluation.calibration.unlabelled import Corrected, Proven, best_distance, correct, proven
from reid.linking import calibration as calibrations
from reid.linking.calibration_file import Point, read_file
from reid.linking.calibration_file import Tracklets as Measured
from reid.outputs import atomic
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.results_files import recorded_path
from reid.text_file import first_complaint, read_json
from reid.types import Array, Tracklet

_WANTED = "what a finished `reid video` has written; --from names its folder"
NAME = "site.calibration.json"
RAREST = float(LEVELS[1])  # impostor rate that the labelled quantiles reach


class _Encoder(BaseModel):
    weights: Path | None


class _Linking(BaseModel):
    calibration: Path | None


class _Settings(BaseModel):
    encoder: _Encoder
    linking: _Linking
    output: Path | None = None


class _Facts(BaseModel):
    """Content of run.json that is read."""

    encoder_id: str
    cameras: dict[str, Any]
    config: _Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedRun:
    """Facts of the run that made a results folder."""

    tracklets: list[Tracklet]
    encoder_id: str
    weights: Path | None
    calibration: Path | None  # the one that the run was told to use
    people: int  # who were found

    @property
    def dimension(self) -> int | None:
        """Length of the vectors, where there are any."""
        return self.tracklets[0].embeddings.vectors.shape[1] if self.tracklets else None


def run(results: Path, config: CalibrateConfig, progress: Progress) -> int:
    """Write the calibration of the site that `results` (of `reid video`) shows."""
    point = OperatingPoint.parse(config.operating_point)
    if point.kind == "keep-map":
        raise InputError(
            f"--operating-point {point} needs labelled crops, because without labels it is not known which searches "
            "succeed; take max-f1, max-b3 or fmr=X"
        )
    path = config.output or results / NAME
    given = _read(results)
    with calibration_file(path, chart=False):
        return _run(given, results, path, point, progress)


def _run(given: RecordedRun, results: Path, path: Path, point: OperatingPoint, progress: Progress) -> int:
    base = _base(given, point, progress)
    site = proven(given.tracklets, base.centre, base.distance)
    _check(site, results, point, base, progress)
    found = correct(site, base.relation, point, people=given.people, rng=np.random.default_rng(0))
    own = calibration(given.encoder_id, given.people, base, site, found, point)
    atomic.write_text(path, calibrations.dumps(own, evidence(given.people, base, site, found, point)))
    _tell(path, base, site, found, own, progress)
    return 0


def _read(results: Path) -> RecordedRun:
    """The run in a results folder."""
    file = ResultsFolder(results).run
    try:
        facts = _Facts.model_validate(read_json(file, _WANTED))
    except ValidationError as error:
        raise InputError(f"{file}: cannot be read ({first_complaint(error)}); expected {_WANTED}") from None
    weights, named = facts.config.encoder.weights, facts.config.linking.calibration
    file_used = None if named is None else recorded_path(results, named, facts.config.output)
    tracklets: list[Tracklet] = []
    for name in facts.cameras:
        try:
            tracklets += load_tracklets(ResultsFolder(results).camera(name))[0]
        except ArtefactError as error:
            raise InputError(f"{error}; repeat the reid video command that wrote {results}") from error
    made = {(t.embeddings.encoder_id, t.embeddings.vectors.shape[1]) for t in tracklets if len(t.embeddings)}
    if len(made) > 1 or any(encoder_id != facts.encoder_id for encoder_id, _ in made):
        raise InputError(
            f"{results}: its cameras were not all seen by encoder {facts.encoder_id}, as {file.name} says; "
            "repeat the reid video command that wrote it"
        )
    return RecordedRun(
        tracklets=tracklets,
        encoder_id=facts.encoder_id,
        weights=weights,
        calibration=file_used,
        people=max(2, _people(results, tracklets)),
    )


def _people(results: Path, tracklets: Sequence[Tracklet]) -> int:
    """Number of people found by the run, the only guess at how many were there. Without its table, one a tracklet."""
    file = ResultsFolder(results).identities
    if not file.exists():
        return len(tracklets)
    try:
        return len(read_json(file, _WANTED)["persons"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{file}: cannot be read ({type(error).__name__}: {error})") from error


def _base(given: RecordedRun, point: OperatingPoint, progress: Progress) -> Base:
    """The encoder's calibration on labelled crops: the run's own, if it is one, or the one beside the weights.

    A site's file is no base: what it was moved by would be added again.
    """
    paths = [given.calibration, calibrations.find(given.weights, given.encoder_id) if given.weights else None]
    for path in (path for path in paths if path is not None and path.is_file()):
        file, known = read_file(path)
        calibrations.checked(known, path, given.encoder_id, given.dimension)
        if file.evidence is None or file.evidence.site is None:
            return _labelled(known, path, file.measured, point, progress)
    if not given.tracklets:
        raise InputError(
            "no person was seen, so nothing is proven; record more, or calibrate on labelled crops"
        )
    progress.message(
        f"encoder {given.encoder_id} has no calibration on labelled crops: how distances within a camera relate to "
        "those across cameras is taken from other encoders; `reid calibrate CROPS --encoder FILE` would measure it",
        "warning",
    )
    return Base(
        name="what is usual for encoders",
        calibration=None,
        relation=USUAL,
        centre=_mean(given.tracklets),
        distance=best_distance(USUAL.genuine, USUAL.impostor, point, USUAL.people),
    )


def _labelled(
    known: Calibration, path: Path, measured: Measured, point: OperatingPoint, progress: Progress
) -> Base:
    if known.same_camera is None:
        progress.message(
            f"{path.name} does not say how distances within a camera relate to those across cameras, which is then "
            "taken from other encoders; make it again with this version's `reid calibrate CROPS`",
            "warning",
        )
    if str(point) in measured.missing:
        raise InputError(f"{path}: its labelled crops do not say where {measured.missing[str(point)]}")
    return Base(
        name=f"labelled crops ({known.data_set})",
        calibration=known,
        relation=known.same_camera or USUAL,
        centre=known.centre,
        distance=_labelled_distance(known, measured.points, point),
    )


def _labelled_distance(known: Calibration, points: Mapping[str, Point], point: OperatingPoint) -> float:
    """Distance of the operating point on labelled crops; for the best clusters or pairs, the file's own will do."""
    if str(point) in points:
        return points[str(point)].distance[0]
    if point.kind != "fmr":
        return known.max_distance
    relation = known.same_camera or USUAL
    return best_distance(relation.genuine, relation.impostor, point, relation.people)


def _mean(tracklets: Sequence[Tracklet]) -> Array:
    """(D,) mean of the cameras' mean vectors: a busy camera's light is not what people have in common."""
    cameras = sorted({t.camera_id for t in tracklets})
    means = [
        np.mean([t.embeddings.vectors.mean(axis=0) for t in tracklets if t.camera_id == name], axis=0)
        for name in cameras
    ]
    return np.asarray(np.mean(means, axis=0), dtype=np.float32)


def _check(site: Proven, results: Path, point: OperatingPoint, base: Base, progress: Progress) -> None:
    """Refuse a result without proof, and warn of one with little."""
    pairs, meetings = len(site.halves), len(site.meetings)
    if not pairs and not meetings:
        raise InputError(
            f"{results} proves nothing: no track has two moments, and no two people were seen at once in one camera; "
            "record more, or calibrate on labelled crops"
        )
    for count, what in ((pairs, "pairs of one person"), (meetings, "pairs of two people")):
        if not count:
            progress.message(f"no {what}: that side stays as {base.name} had it", "warning")
    if pairs:
        progress.message(
            f"the {pairs} pairs of one person are halves of one track in one camera, which is too easy: they only "
            "say how much this site differs from the labelled crops, not how far apart its cameras see a person",
            "warning",
        )
    if point.kind == "fmr" and point.value is not None and point.value < RAREST:
        raise InputError(
            f"--operating-point {point} is rarer than labelled crops are kept for a site; take fmr={RAREST:g} or more"
        )
    if point.kind == "fmr" and point.value is not None:
        labelled = base.calibration is not None and base.calibration.same_camera is not None
        if not labelled and point.value * meetings < EVENTS:
            raise InputError(
                f"--operating-point {point} needs about {EVENTS / point.value:,.0f} pairs of two people, and "
                f"{results} proves {meetings}; take max-f1, or calibrate the encoder on labelled crops first"
            )


def _tell(
    path: Path, base: Base, site: Proven, found: Corrected, own: Calibration, progress: Progress
) -> None:
    rows = [[name, *counts] for name, counts in site.per_camera.items()]
    rows.append(["all", len(site.halves), len(site.meetings)])
    progress.summary("pairs that the recording proves", rows, header=("camera", "one person", "two people"))
    low, high = map(base.moved_by, found.interval)
    uncorrected = "not known" if found.uncorrected is None else f"{found.uncorrected:.3f}"
    progress.summary(
        "calibration of the site",
        [
            ("max distance", f"{own.max_distance:.3f} ({low:.3f} to {high:.3f} in 95 % of resamples)"),
            ("chosen by", own.operating_point),
            ("starts from", f"{base.distance:.3f}, {base.name}"),
            ("uncorrected, for comparison", f"{uncorrected}: what the pairs above would give by themselves"),
            ("tracklets of one person within it", f"{own.genuine_rate:.1%} of pairs, estimated"),
            ("tracklets of two people within it", f"{own.impostor_rate:.2%} of pairs, estimated"),
            ("written to", str(path)),
            ("use it", f"reid video ... --calibration {path}"),
        ],
    )
