"""Does a threshold keep its promise on other people?

    python -m tests.benchmarks.honesty --root CROPS --encoder FILE --output FILE.json

The threshold is chosen at a false match rate of 1e-3 on half of the people and its rate measured on the other half,
over many random halves, for single images and for tracklets. People with successive ids stay together, in groups:
they may share places. Each rate has a bootstrap interval in which these groups are resampled.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.camera_config import EncoderConfig
from reid.datasets.open import as_kind, open_crops
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.labelled import Items, LabelledCrops, centre_of, images, joined, tracklets
from reid.evaluation.retrieval.distances import CosineRows
from tests.benchmarks.jobs import Report, machine, versions

RATE = 1e-3
GROUP = 12  # people
SITE = 24
NEAR = 0.02  # share of the pairs that is counted edge by edge: the nearest ones, far more than RATE
BLOCK = 1024
UNITS = ("images", "tracklets")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Impostors:
    """Impostor pairs of groups of people: (G, G, E) within each edge, (G, G) in all."""

    within: Floats
    total: Floats

    def rate(self, weights: Floats, edge: int | None = None) -> Floats:
        """Rates (E,), or at one edge, where group g is there `weights[g]` times; a copy is no stranger to itself."""
        both = np.outer(weights, weights)
        np.fill_diagonal(both, weights)
        part = self.within if edge is None else self.within[..., edge]
        return np.asarray(np.tensordot(both, part, axes=2) / (both * self.total).sum())


def impostors(items: Items, group_of: NDArray[np.int64], groups: int) -> Impostors:
    """Counts of ordered pairs of two people; `group_of[person]` is the group of each."""
    order = np.argsort(group_of[items.persons], kind="stable")
    vectors, persons = items.vectors[order], items.persons[order]
    group = group_of[persons]
    rows = CosineRows(vectors, vectors)
    sample = np.linspace(0, len(vectors) - 1, min(len(vectors), 256)).astype(int)
    cap = np.quantile(np.concatenate([rows.rows(r, r + 1)[0] for r in sample.tolist()]), NEAR)
    edges = EDGES[: int(np.searchsorted(EDGES, cap))]
    within = np.zeros(groups * groups * len(edges))
    for start in range(0, len(vectors), BLOCK):
        block = rows.rows(start, min(start + BLOCK, len(vectors)))
        block[persons[start : start + len(block), None] == persons] = np.inf
        query, gallery = np.nonzero(block <= edges[-1])
        place = np.searchsorted(edges, block[query, gallery])
        flat = (group[start + query] * groups + group[gallery]) * len(edges) + place
        within += np.bincount(flat, minlength=len(within))
    sizes = np.zeros((groups, len(np.unique(persons))))
    np.add.at(sizes, (group, np.searchsorted(np.unique(persons), persons)), 1)
    total = np.outer(sizes.sum(axis=1), sizes.sum(axis=1)) - sizes @ sizes.T
    return Impostors(within=np.cumsum(within.reshape(groups, groups, -1), axis=2), total=total)


def people_of(crops: LabelledCrops, rows: NDArray[np.bool_]) -> LabelledCrops:
    """Some of the crops."""
    return replace(
        crops,
        vectors=crops.vectors[rows],
        persons=crops.persons[rows],
        cameras=crops.cameras[rows],
        tracklets=crops.tracklets[rows],
    )


def halves(groups: int, splits: int, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """Weights (G,) of both halves of the groups, at random."""
    for _ in range(splits):
        first = np.zeros(groups)
        first[rng.permutation(groups)[: groups // 2]] = 1
        yield first, 1 - first


def interval(found: Impostors, half: Floats, edge: int, rng: np.random.Generator) -> tuple[float, float]:
    own = np.flatnonzero(half)
    rates = []
    for drawn in rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=300):
        weights = np.zeros(len(half))
        weights[own] = drawn
        rates.append(float(found.rate(weights, edge)))
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(low), float(high)


def measured(crops: LabelledCrops, splits: int, seed: int) -> dict[str, Report]:
    """Chosen and measured rates of every split, and their summary, for images and tracklets."""
    rng = np.random.default_rng(seed)
    people = np.unique(crops.persons)
    groups = max(2, len(people) // GROUP)
    group_of = np.zeros(int(people.max()) + 1, dtype=np.int64)
    for number, own in enumerate(np.array_split(people, groups)):
        group_of[own] = number
    single = impostors(images(crops), group_of, groups)
    rows: dict[str, list[Report]] = {unit: [] for unit in UNITS}
    for first, second in halves(groups, splits, rng):
        parts = [people_of(crops, half[group_of[crops.persons]] > 0) for half in (first, second)]
        centre = centre_of(parts[:1])  # all that is learnt besides the threshold, from the same half
        sites = [site for part in parts for site in tracklets(part, centre, SITE)]
        linked = impostors(joined(sites), group_of, groups)
        for unit, found in zip(UNITS, (single, linked), strict=True):
            edge = int(np.searchsorted(found.rate(first), RATE, side="right")) - 1
            if edge < 0:
                raise ValueError(
                    f"more than {RATE:g} of the pairs of two people are equal; no distance keeps it"
                )
            rows[unit].append(
                {
                    "distance": round(float(EDGES[edge]), 4),
                    "chosen": float(found.rate(first, edge)),
                    "chosen_interval": interval(found, first, edge, rng),
                    "measured": float(found.rate(second, edge)),
                    "measured_interval": interval(found, second, edge, rng),
                }
            )
    return {unit: {**summary(own), "splits": own} for unit, own in rows.items()}


def summary(rows: list[Report]) -> Report:
    """Means over splits, the middle 95 % of them, and how often a measured rate's own interval holds the promise."""
    result: Report = {"promised": RATE}
    for name in ("distance", "chosen", "measured"):
        values = np.array([row[name] for row in rows], dtype=np.float64)
        low, high = np.quantile(values, [0.025, 0.975])
        result[name] = [float(values.mean()), float(low), float(high)]
    for name in ("chosen_interval", "measured_interval"):
        result[f"mean_{name}"] = np.mean([row[name] for row in rows], axis=0).tolist()
    holds = [row["measured_interval"][0] <= RATE <= row["measured_interval"][1] for row in rows]
    result["interval_holds_the_promise"] = float(np.mean(holds))
    return result


def report(told: argparse.Namespace) -> Report:
    """Everything that is written, from crops to rates."""
    about = {
        "machine": machine(threads=None),
        "versions": versions("reidentify", "numpy", "torch", "openvino"),
    }
    split = open_crops(as_kind(told.format), told.root)
    encoder = build_encoder(EncoderConfig(weights=told.encoder))
    began = time.monotonic()
    crops = LabelledCrops(
        name=split.name,
        vectors=extract(split.paths, encoder),
        persons=split.persons,
        cameras=split.cameras,
        tracklets=split.tracklets,
        camera_names=split.camera_names,
    )
    found = measured(crops, told.splits, told.seed)
    return {
        **about,
        "crops": len(split),
        "data_set": split.name,
        "people": split.people,
        "encoder": told.encoder.name,
        "encoder_id": encoder.encoder_id,
        "group": GROUP,
        "people_per_site": SITE,
        "splits": told.splits,
        "seed": told.seed,
        "seconds": round(time.monotonic() - began, 1),
        **found,
    }


def sentences(content: Report) -> str:
    """The means of a report, a line and another for each unit."""
    lines = []
    for unit in UNITS:
        result = content[unit]
        lines.append(
            f"{content['data_set']}, {content['encoder']}, {unit}: promised {RATE}, "
            f"chosen {result['chosen']}, measured {result['measured']}"
        )
        lines.append(
            f"  intervals on average {result['mean_chosen_interval']} and {result['mean_measured_interval']}, "
            f"the latter hold the promise in {result['interval_holds_the_promise']:.0%} of the splits"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--format", default="market1501")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args(argv)
    content = report(told)
    told.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(sentences(content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
