"""Calibration from labelled crops: rates at every distance, operating points, and the one that links."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.calibration_record import Calibration
from reid.evaluation.calibration.b_cubed import Clustering, site_scores
from reid.evaluation.calibration.camera_pairs import CameraPair, camera_pairs
from reid.evaluation.calibration.labelled import LabelledCrops, centre_of, images, joined, tracklets
from reid.evaluation.calibration.points import STANDARD, NotEnoughData, OperatingPoint
from reid.evaluation.calibration.probability import ProbabilityFit, fit
from reid.evaluation.calibration.relation import same_camera
from reid.evaluation.calibration.searches import SearchPairs, search_pairs
from reid.evaluation.calibration.units import MeasuredPoint, Unit, measured
from reid.evaluation.calibration.unseen import SiteRates, site_rates, unseen_site


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Measurements that a calibration was chosen by."""

    tracklets: Unit
    images: Unit
    searches: SearchPairs
    people: int
    people_per_site: int
    sites: int
    clustering: Clustering
    probability: ProbabilityFit | None
    camera_pairs: dict[str, list[CameraPair]]  # by data set
    distance: float  # that links
    labelled_sites: list[SiteRates]  # which the rates at an unseen one come from


def calibrate(
    sets: Sequence[LabelledCrops],
    *,
    encoder_id: str,
    point: OperatingPoint,
    people_per_site: int,
    own_camera_pairs: bool = True,
    seed: int = 0,
    resamples: int = 1000,
) -> tuple[Calibration, Evaluation]:
    """A `Calibration` from labelled crops, and what it was chosen by; the people of several data sets count alike.

    Args:
        people_per_site: for precision, F1, probabilities and open-set rates: the more people, the more
            strangers who may look alike.
        own_camera_pairs: whether pairs of cameras get distances of their own. They hold for these cameras only,
            which a run recognises by name; of cameras named alike in several data sets none gets one.

    Raises:
        NotEnoughData: the crops cannot tell where `point` lies.
        ValueError: two data sets have one name.
    """
    names = [crops.name for crops in sets]
    if len(set(names)) < len(names):
        raise ValueError(f"data sets need names of their own, got {', '.join(names)}")
    rng = np.random.default_rng(seed)
    centre = centre_of(sets)
    sites = [tracklets(crops, centre, people_per_site) for crops in sets]
    parts = [joined(own) for own in sites]
    clustering = Clustering.of([site_scores(own) for own in sites], rng, resamples)
    wanted = (point, *(other for other in STANDARD if other != point))
    unit = measured("tracklets", parts, wanted, people_per_site, rng, resamples, clustering)
    if str(point) in unit.missing:
        raise NotEnoughData(unit.missing[str(point)])
    single = measured("images", [images(crops) for crops in sets], wanted, people_per_site, rng, resamples)
    chosen = unit.points[str(point)]
    fitted = fit(parts, unit.sample, people_per_site, rng)
    limit, impostor_rate = chosen.distance[0], chosen.rates["impostor_rate"][0]
    pairs = {
        crops.name: camera_pairs(items, crops.camera_names, impostor_rate=impostor_rate, max_distance=limit)
        for crops, items in zip(sets, parts, strict=True)
        if len(set(crops.camera_sites)) < 2  # no run has cameras of several sites
    }
    labelled = [rates for crops, items in zip(sets, parts, strict=True) for rates in site_rates(crops, items)]
    evaluation = Evaluation(
        tracklets=unit,
        images=single,
        searches=search_pairs(sets, centre, people_per_site),
        people=len(unit.sample.strata),
        people_per_site=people_per_site,
        sites=sum(map(len, sites)),
        clustering=clustering,
        probability=fitted,
        camera_pairs=pairs,
        distance=limit,
        labelled_sites=labelled,
    )
    calibration = Calibration(
        encoder_id=encoder_id,
        max_distance=limit,
        centre=centre,
        data_set=", ".join(crops.name for crops in sets),
        operating_point=_said(chosen, evaluation),
        genuine_rate=chosen.rates["genuine_rate"][0],
        impostor_rate=impostor_rate,
        probability=fitted.map if fitted else None,
        camera_pairs=_for_use(pairs) if own_camera_pairs else {},
        same_camera=same_camera(sets, centre, people_per_site),
        unseen_site=unseen_site(labelled, np.random.default_rng(seed)),
    )
    return calibration, evaluation


def _said(chosen: MeasuredPoint, evaluation: Evaluation) -> str:
    """Sentence on how the distance was chosen."""
    rates = chosen.rates
    told = {
        "max-f1": f"F1 of pairs {rates['f1'][0]:.3f}",
        "max-b3": f"B-cubed F1 {rates['b_cubed_f1'][0]:.3f}",
        "fmr": f"impostor rate {rates['impostor_rate'][0]:.2g}",
        "keep-map": f"mAP {rates['kept_map'][0]:.3f} of {float(evaluation.tracklets.curves.kept_map[-1]):.3f}",
    }[chosen.point.kind]
    return f"{chosen.point} ({told}), sites of {evaluation.people_per_site} people"


def _for_use(pairs: dict[str, list[CameraPair]]) -> dict[tuple[str, str], float]:
    every = [pair for own in pairs.values() for pair in own]
    names = [pair.cameras for pair in every]
    return {
        pair.cameras: pair.distance
        for pair in every
        if pair.distance is not None and names.count(pair.cameras) == 1
    }
