"""Who is who: the threshold, the linking, and what the gallery knows and learns."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipelines.runtime.progress import Progress
from reid.config import LinkingConfig, TrackletConfig, VideoConfig
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.linking.calibration_file import Curves, read_file
from reid.linking.camera_bias import comparable
from reid.linking.offline import Linking, link
from reid.linking.policy import CANDIDATES, MOST_PEOPLE, Rule
from reid.shipped_weights import recorded
from reid.store.base import Store
from reid.store.index import PersonIndex
from reid.store.opening import open_store
from reid.store.records import Sighting
from reid.types import Array, Calibration, Identity, ProbabilityMap, Tracklet
from reid.wall_clock import WallClock

UNCALIBRATED_DISTANCE = 0.35  # raw cosine distances of usual re-identification networks; comes with a warning
UNCALIBRATED_SPLIT = 0.45
CURVE_STEP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Threshold:
    """The distance that links, where it comes from, and the centre that distances are taken from."""

    max_distance: float
    split_distance: float
    source: str
    centre: Array | None
    probability: ProbabilityMap | None = None
    camera_scales: Mapping[tuple[str, str], float] = field(default_factory=dict)  # see `link`
    evidence: Mapping[str, Any] | None = None  # of the calibration, for the report
    warning: str | None = None  # where the distance is a guess: the sentence that says so

    def facts(self) -> dict[str, Any]:
        """What run.json and the report say of it."""
        return {"max_distance": self.max_distance, "source": self.source, "calibration": self.evidence}


class Links(Protocol):
    """Settings of a job that links tracklets."""

    @property
    def linking(self) -> LinkingConfig: ...
    @property
    def tracklets(self) -> TrackletConfig: ...


def choose_threshold(
    config: Links, encoder: Path, encoder_id: str, progress: Progress, *, dimension: int | None = None
) -> Threshold:
    """From the config, the calibration given, the encoder's own one, or a guess with a warning.

    Args:
        dimension: length of the encoder's vectors, where it is known.
    """
    path = config.linking.calibration or calibrations.find(encoder, encoder_id)
    evidence = calibration = warning = None
    if path is not None:
        file, calibration = read_file(path)
        calibrations.checked(calibration, path, encoder_id, dimension)
        evidence = _evidence(path, calibration, file.measured.curves)
    if calibration is not None:
        distance, centre, split = calibration.max_distance, calibration.centre, calibration.max_distance
        source = f"calibration on {calibration.data_set}: {calibration.operating_point}"
    else:
        distance, centre, split = UNCALIBRATED_DISTANCE, None, UNCALIBRATED_SPLIT
        source = "a guess, the encoder has no calibration"
    if config.linking.max_distance is not None:
        distance, source = config.linking.max_distance, "linking.max_distance"
    elif calibration is None:
        warning = _guessed(distance, recorded(encoder), encoder_id)
        progress.message(warning, "warning")
    if config.tracklets.split_distance is not None:
        split = config.tracklets.split_distance
    return Threshold(
        max_distance=distance,
        split_distance=split,
        source=source,
        centre=centre,
        probability=calibration.probability if calibration else None,
        camera_scales=_camera_scales(calibration) if calibration else {},
        evidence=evidence,
        warning=warning,
    )


def _guessed(distance: float, encoder: str, encoder_id: str) -> str:
    return (
        f"{encoder} (encoder {encoder_id}) has no calibration, so the distance of {distance} up to which people are "
        f"linked is a guess: `reid calibrate CROPS --encoder {shlex.quote(encoder)}` measures one on labelled crops, "
        "and without any, look at the links with the smallest margins in the report and set --max-distance"
    )


def _camera_scales(calibration: Calibration) -> dict[tuple[str, str], float]:
    """Factors that move the own distance of every pair of cameras to the common one.

    Where a distance is 0, only equal vectors are linked, and no factor leads there.
    """
    return {
        pair: calibration.max_distance / own
        for pair, own in calibration.camera_pairs.items()
        if own > 0 and calibration.max_distance > 0
    }


def _evidence(path: Path, calibration: Calibration, curves: Curves | None) -> dict[str, Any]:
    """What the report shows of a calibration file; the curves only where it has them: old ones do not."""
    return {
        "file": recorded(path),
        "data_set": calibration.data_set,
        "operating_point": calibration.operating_point,
        "max_distance": calibration.max_distance,
        "genuine_rate": calibration.genuine_rate,
        "impostor_rate": calibration.impostor_rate,
        "people": calibration.probability.people if calibration.probability else None,
        "camera_pairs": {f"{a}-{b}": own for (a, b), own in sorted(calibration.camera_pairs.items())},
        "curves": None if curves is None else _coarse(curves),
    }


def _coarse(curves: Curves) -> dict[str, list[float]]:
    """Rates at steps of CURVE_STEP: enough for a picture, and few lines in run.json."""
    steps = np.arange(0, 2 + CURVE_STEP / 2, CURVE_STEP)
    return {"distance": steps.round(3).tolist()} | {
        name: np.interp(steps, curves.distance, getattr(curves, name), left=0.0, right=1.0).round(5).tolist()
        for name in ("genuine_rate", "impostor_rate")
    }


def open_gallery(config: VideoConfig, encoder_id: str, dimension: int | None = None) -> Store | None:
    """The gallery to read and write, if one is asked for; its vectors must be as long as the encoder's."""
    if config.gallery is None:
        return None
    if config.output.resolve() in config.gallery.resolve().parents:
        raise InputError(
            f"--gallery {config.gallery} lies in --output {config.output}, which holds one run's results only; "
            "a gallery outlives them: put it elsewhere"
        )
    return open_store(config.gallery, encoder_id=encoder_id, dimension=dimension)


def rule_of(threshold: Threshold, linking: LinkingConfig) -> Rule:
    """What linking goes by."""
    return Rule(
        max_distance=threshold.max_distance,
        centre=threshold.centre,
        camera_scales=threshold.camera_scales,
        probability=threshold.probability,
        min_travel_s=linking.min_travel_s,
        fragment_s=linking.fragment_s,
        fragment_slack=linking.fragment_slack,
    )


def link_tracklets(
    tracklets: Sequence[Tracklet],
    threshold: Threshold,
    config: VideoConfig,
    store: Store | None,
    *,
    run_id: str,
    started: datetime,
    cameras: Sequence[str],
    clock: WallClock | None = None,
) -> Linking:
    """Identities of the tracklets; with a gallery, those of earlier runs are recognised and these remembered.

    Args:
        run_id: names the recordings: linked again, they replace what the gallery remembers of them.
        clock: when second 0 of the tracklets was in the world.
    """
    compared = comparable(tracklets, threshold.centre, threshold.max_distance)
    linking = link(
        compared,
        rule_of(threshold, config.linking),
        cameras=cameras,
        people=_known(store, compared, run_id) if store else (),
        next_person_id=store.next_person_id() if store else 1,
        former_ids=store.former_ids(run_id, compared) if store else {},
    )
    if store is not None:
        sightings = [
            Sighting(match=match, start_s=t.start_s, end_s=t.end_s, embeddings=t.embeddings)
            for t, match in zip(compared, linking.matches, strict=True)
        ]
        store.commit_run(run_id, sightings, started=started, cameras=cameras, clock=clock)
    return linking


def _known(store: Store, tracklets: Sequence[Tracklet], run_id: str) -> list[Identity]:
    people = [p for p in store.identities(without_run=run_id) if len(p.prototypes)]
    if len(people) <= MOST_PEOPLE or not tracklets:
        return people
    vectors = np.concatenate([tracklet.embeddings.vectors for tracklet in tracklets])
    _, ids = PersonIndex(store).search(vectors, CANDIDATES)
    near = set(ids.ravel().tolist())
    return [person for person in people if person.person_id in near]
