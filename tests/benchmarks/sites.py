"""Do the rates that a calibration states hold at a site that it has not seen, and does the site itself help?

    python -m tests.benchmarks.sites rendered.csv market1501-train-last100 cuhk01 --encoder FILE --output sites.json

Each site is left out in turn: the threshold (max-b3) and the rates are those of the other sites, once of all others,
once of the other data sets only. A data set with a column `site` has these sites, another one its pairs of cameras.
Beside it the threshold that the site's own unlabelled pairs correct (`reid calibrate --from`): all halves of its
tracklets, and as many pairs of two people in one camera as `--meetings` says.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reid.calibration_record import Calibration
from reid.camera_config import EncoderConfig
from reid.datasets.open import open_crops
from reid.distance import pairwise, unit
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.embedding.normalisation import shifts
from reid.evaluation.calibration.b_cubed import CANDIDATES, site_scores
from reid.evaluation.calibration.calibrate import calibrate
from reid.evaluation.calibration.labelled import Items, LabelledCrops, joined, tracklets
from reid.evaluation.calibration.points import OperatingPoint
from reid.evaluation.calibration.relation import halves
from reid.evaluation.calibration.unlabelled import Proven, correct
from reid.evaluation.calibration.unseen import SiteRates, site_rates, unseen_site
from reid.linking.expected import expected_rates
from reid.types import Array
from tests.benchmarks.honesty import people_of
from tests.benchmarks.jobs import Report, machine, versions

PEOPLE_PER_SITE = 24
POINT = OperatingPoint("max-b3")
SIZES = (6, 12, 24, 48, 96)  # of galleries
REPEATS = 10


def read(folder: Path, encoder: Path) -> LabelledCrops:
    """Labelled crops and their vectors."""
    split = open_crops("market1501", folder)
    return LabelledCrops(
        name=split.name,
        vectors=extract(split.paths, build_encoder(EncoderConfig(weights=encoder))),
        persons=split.persons,
        cameras=split.cameras,
        tracklets=split.tracklets,
        camera_names=split.camera_names,
        camera_sites=split.camera_sites,
    )


def cameras_of(crops: LabelledCrops, site: str) -> list[int]:
    """Cameras of one of the sites that `site_rates` names."""
    if len(set(crops.camera_sites)) > 1:
        return [i for i, name in enumerate(crops.camera_sites) if name == site]
    return [crops.camera_names.index(name) for name in site.split(" and ")]


def own_pairs(
    crops: LabelledCrops, cameras: Sequence[int], centre: Array, meetings: int, rng: np.random.Generator
) -> tuple[Proven, Items]:
    """What a recording of the site would prove, and its tracklets."""
    rows = np.flatnonzero(np.isin(crops.cameras, cameras))
    _, first, number = np.unique(crops.tracklets[rows], return_index=True, return_inverse=True)
    order = np.argsort(number, kind="stable")
    passages = np.split(crops.vectors[rows[order]], np.cumsum(np.bincount(number))[:-1])
    persons, places = crops.persons[rows[first]], crops.cameras[rows[first]]
    shift = shifts(passages, [str(c) for c in places], centre)
    moved = [
        unit(unit(own - shift[str(camera)]) - centre) for own, camera in zip(passages, places, strict=True)
    ]
    means = unit(np.stack([own.mean(axis=0) for own in moved]))
    found = [halves(own) for own in moved]
    met = np.argwhere(np.triu((places[:, None] == places) & (persons[:, None] != persons), 1))
    met = met[rng.permutation(len(met))[:meetings]]
    proven = Proven(
        halves=np.array([value for value in found if value is not None]),
        halves_of=np.array([i for i, value in enumerate(found) if value is not None], dtype=np.int64),
        meetings=pairwise(means, means)[met[:, 0], met[:, 1]].astype(np.float64),
        meetings_of=met,
        tracklets=len(moved),
        per_camera={},
    )
    return proven, Items(vectors=means, persons=persons, cameras=places)


def left_out(
    site: SiteRates,
    sites: Sequence[SiteRates],
    crops: LabelledCrops,
    calibration: Calibration,
    stated: Report,
    told: argparse.Namespace,
) -> Report:
    """Stated and measured rates of one site."""
    rng = np.random.default_rng(told.seed)
    cameras = cameras_of(crops, site.name)
    proven, items = own_pairs(crops, cameras, calibration.centre, told.meetings, rng)
    scores = site_scores([items])[0]
    distance = calibration.max_distance
    unseen = unseen_site(sites, np.random.default_rng(told.seed))
    assert unseen is not None
    assert calibration.same_camera is not None
    people = len(np.unique(items.persons))
    found = correct(proven, calibration.same_camera, POINT, people=people, rng=rng, resamples=1)
    corrected = round(float(np.clip(distance + found.shift_of_looks, 0.05, 1.15)), 3)
    shifted = expected_rates(unseen, corrected - found.shift_of_looks, site.people)
    expected = expected_rates(unseen, distance, site.people)

    def at(limit: float) -> Report:
        false_non_match, false_match = site.at(limit)
        return {
            "distance": limit,
            "false_non_match": false_non_match,
            "false_match": false_match,
            "b_cubed_f1": float(np.interp(limit, CANDIDATES, scores)),
        }

    return {
        "data_set": site.data_set,
        "site": site.name,
        "people": people,
        "stated_before": stated,
        "stated": {"false_non_match": expected.false_non_match, "false_match": expected.false_match},
        "measured": at(distance),
        "corrected": at(corrected),
        "stated_corrected": {"false_non_match": shifted.false_non_match, "false_match": shifted.false_match},
        "best_b_cubed_f1": float(scores.max()),
    }


def pooled(sets: Sequence[LabelledCrops]) -> tuple[Calibration, Report]:
    """The calibration of some data sets, and the rates that it states of its own people."""
    calibration, evaluation = calibrate(
        sets,
        encoder_id="",
        point=POINT,
        people_per_site=PEOPLE_PER_SITE,
        own_camera_pairs=False,
        resamples=200,
    )
    rates = evaluation.tracklets.points[str(POINT)].rates
    genuine = rates["genuine_rate"]
    return calibration, {
        "false_non_match": [1 - genuine[0], 1 - genuine[2], 1 - genuine[1]],
        "false_match": list(rates["impostor_rate"]),
    }


def galleries(items: Items, distance: float, seed: int) -> list[Report]:
    """How often a newcomer is within the distance of one of P people, beside 1 - (1 - FMR)^P.

    Newcomers are tracklets of other people; each person of the gallery is one tracklet of another camera.
    """
    rng = np.random.default_rng(seed)
    between = pairwise(items.vectors, items.vectors)
    other = (items.persons[:, None] != items.persons) & (items.cameras[:, None] != items.cameras)
    rate = float((between <= distance)[other].mean())
    rows = []
    for people in SIZES:
        if people * 2 > len(items.people):
            break
        found = []
        for _ in range(REPEATS):
            inside = rng.choice(items.people, people, replace=False)
            outside = np.flatnonzero(~np.isin(items.persons, inside))
            for newcomer in rng.choice(outside, min(100, len(outside)), replace=False).tolist():
                nearest = [
                    between[newcomer, rng.choice(own)]
                    for person in inside
                    if len(own := np.flatnonzero((items.persons == person) & other[newcomer]))
                ]
                found.append(min(nearest, default=2.0) <= distance)
        formula = 1 - (1 - rate) ** people
        rows.append(
            {"people": people, "false_match": rate, "measured": float(np.mean(found)), "formula": formula}
        )
    return rows


def summary(rows: Sequence[Report]) -> Report:
    """Means over the sites of a data set, and how often stated intervals hold."""

    def held(stated: str, measured: str, rate: str) -> float:
        return float(np.mean([r[stated][rate][1] <= r[measured][rate] <= r[stated][rate][2] for r in rows]))

    result: Report = {"sites": len(rows)}
    for rate in ("false_non_match", "false_match"):
        result[rate] = {
            "measured": float(np.mean([r["measured"][rate] for r in rows])),
            "measured_most": float(np.max([r["measured"][rate] for r in rows])),
            "stated": np.mean([r["stated"][rate] for r in rows], axis=0).tolist(),
            "holds": held("stated", "measured", rate),
            "stated_before": np.mean([r["stated_before"][rate] for r in rows], axis=0).tolist(),
            "held_before": held("stated_before", "measured", rate),
            "corrected": float(np.mean([r["corrected"][rate] for r in rows])),
            "holds_corrected": held("stated_corrected", "corrected", rate),
        }
    for which in ("measured", "corrected"):
        result[f"b_cubed_f1_{which}"] = float(np.mean([r[which]["b_cubed_f1"] for r in rows]))
        result[f"distance_{which}"] = float(np.mean([r[which]["distance"] for r in rows]))
    result["b_cubed_f1_best"] = float(np.mean([r["best_b_cubed_f1"] for r in rows]))
    return result


def report(told: argparse.Namespace) -> Report:
    """Everything that is written."""
    return measured([read(folder, told.encoder) for folder in told.folders], told) | {
        "machine": machine(threads=None),
        "versions": versions("reidentify", "numpy", "torch", "openvino"),
        "encoder": told.encoder.name,
    }


def measured(sets: Sequence[LabelledCrops], told: argparse.Namespace) -> Report:
    """All figures of some data sets."""
    whole, stated = pooled(sets)
    sites = {one.name: site_rates(one, joined(tracklets(one, whole.centre, PEOPLE_PER_SITE))) for one in sets}
    every = [site for own in sites.values() for site in own]
    rows: dict[str, dict[str, list[Report]]] = {"site": {}, "data set": {}}
    for crops in sets:
        others = [one for one in sets if one is not crops]
        elsewhere, stated_elsewhere = pooled(others)
        for site in sites[crops.name]:
            if len(set(crops.camera_sites)) > 1:  # sites of their own, which share no people
                here = np.isin(crops.cameras, cameras_of(crops, site.name))
                rest = [people_of(crops, ~here), *others]
                calibration, before = pooled(rest) if told.thorough else (whole, stated)
                found = [other for other in every if other is not site]
                rows["site"].setdefault(crops.name, []).append(
                    left_out(site, found, crops, calibration, before, told)
                )
            strangers = [other for other in every if other.data_set != crops.name]
            rows["data set"].setdefault(crops.name, []).append(
                left_out(site, strangers, crops, elsewhere, stated_elsewhere, told)
            )
        print(crops.name, "done", file=sys.stderr, flush=True)
    return {
        "meetings": told.meetings,
        "seed": told.seed,
        "distance": whole.max_distance,
        "left_out": {how: {name: summary(own) for name, own in found.items()} for how, found in rows.items()},
        "galleries": {
            one.name: galleries(
                joined(tracklets(one, whole.centre, PEOPLE_PER_SITE)), whole.max_distance, told.seed
            )
            for one in sets
        },
        "sites": rows,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--meetings", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="a calibration for each site that is left out; else of all sites",
    )
    told = parser.parse_args(argv)
    content = report(told)
    told.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: content[name] for name in ("left_out", "galleries")}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
