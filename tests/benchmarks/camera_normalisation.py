"""What a camera's own statistics are worth: its mean taken out of the vectors, and statistics within the network.

`python -m tests.benchmarks.camera_normalisation --encoder shipped:reid-lite1-float --set cuhk01=FOLDER --sites
rendered=FOLDER --output normalisation.json`. No label is used for the statistics. A set is in Market-1501's layout,
with queries and a gallery. Sites are a folder of crops in which PEOPLE_OF_SITE people with successive numbers have
cameras of their own; each crop is a query among those of its site.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reid.camera_config import EncoderConfig
from reid.distance import unit
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.embedding.normalisation import of_camera
from reid.embedding.weights import open_weights
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.scores import per_query
from reid.linking.normalisation_gate import judge
from reid.linking.policy import LinkingPolicy
from reid.linking.policy_choice import choose_policy
from reid.outputs.ranked_lists import read_image
from reid.shipped_weights import located
from reid.types import Array, Embeddings, Image
from tests.benchmarks.batch_statistics import LAYERS, Halves, Layers, gathering, restored
from tests.benchmarks.crops_of_sites import Crops, Labels, of_set, of_sites
from tests.benchmarks.jobs import Report, machine, table, versions

MIXES = (0.1, 0.3, 0.6, 1.0)
CROPS = 200  # of a camera at most: a batch of them fits a small machine's memory
RESAMPLES = 1000


# ---------------------------------------------------------------- vectors


def sampled(crops: Crops, count: int, of: NDArray[np.bool_], seed: int) -> dict[int, Labels]:
    """The rows of each camera that its statistics come from: `count` at most, at random, of those in `of`."""
    rng = np.random.default_rng(seed)
    found = {}
    for camera in np.unique(crops.cameras).tolist():
        own = np.flatnonzero((crops.cameras == camera) & of)
        found[camera] = np.sort(rng.permutation(own)[:count])
    return found


def images(paths: Sequence[Path]) -> list[Image]:
    return [read_image(path) for path in paths]


def stored(halves: Halves, crops: Crops, batch: int = 256) -> tuple[Array, torch.Tensor]:
    """Features with the stored statistics, and what enters the last stage."""
    parts = [crops.paths[at : at + batch] for at in range(0, len(crops.paths), batch)]
    maps = torch.cat([halves.maps(images(part)) for part in parts])
    return halves.vectors(maps), maps


def adapted(
    halves: Halves, crops: Crops, maps: torch.Tensor, rows: Mapping[int, Labels], layers: Layers, mix: float
) -> Array:
    """Features (N, D), each by the mixed statistics of its camera, which come from `rows`."""
    norms = halves.norms(layers)
    found = np.zeros((len(crops.paths), halves.network.dimension), np.float32)  # type: ignore[misc]
    for camera, own in rows.items():
        rest = np.setdiff1d(np.flatnonzero(crops.cameras == camera), own)
        with restored(norms):
            with gathering(norms, mix):
                found[own] = halves.at_once(
                    images([crops.paths[row] for row in own]) if layers == "all" else maps[own]
                )
            if not len(rest):
                continue
            if layers == "all":
                found[rest] = halves.whole(images([crops.paths[row] for row in rest]))
            else:
                found[rest] = halves.vectors(maps[rest])
    return found


def taken_out(
    vectors: Array, crops: Crops, rows: Mapping[int, Labels], policy: LinkingPolicy
) -> Iterator[tuple[str, Array]]:
    """The ways to take a camera's mean out of unit `vectors` (N, D), by name."""
    assert policy.centre is not None
    yield "nothing", vectors
    yield "the calibration's centre", unit(vectors - policy.centre)
    raw, scaled, shrunk, gated = (vectors.copy() for _ in range(4))
    of_all = np.concatenate(list(rows.values()))
    deviation = vectors[of_all].std(axis=0)
    for camera, own in rows.items():
        here, seen = crops.cameras == camera, vectors[own]
        raw[here] = unit(vectors[here] - seen.mean(axis=0))
        scaled[here] = unit((vectors[here] - seen.mean(axis=0)) * deviation / seen.std(axis=0))
    passages = {
        camera: [
            Embeddings(vectors=vectors[own[crops.tracklets[own] == one]], encoder_id="")
            for one in np.unique(crops.tracklets[own])
        ]
        for camera, own in rows.items()
    }
    for site in np.unique(crops.sites).tolist():
        own = {camera: passages[camera] for camera in np.unique(crops.cameras[crops.sites == site]).tolist()}
        found = {
            str(camera): of_camera(str(camera), given, policy.centre, policy.max_distance)
            for camera, given in own.items()
        }
        given = [one for camera in own for one in own[camera]]
        decided = judge(given, [str(camera) for camera in own for _ in own[camera]], found, policy.centre)
        for camera in own:
            here, one = crops.cameras == camera, found[str(camera)]
            shrunk[here] = unit(unit(vectors[here] - one.shift) - policy.centre)
            applied = one.shift if decided[str(camera)].accepted else one.refused.shift
            gated[here] = unit(unit(vectors[here] - applied) - policy.centre)
    yield "camera mean", raw
    yield "camera mean and scale", scaled
    yield "shrunk mean and the centre", shrunk
    yield "the same with the gate", gated


# ---------------------------------------------------------------- scores


def answers(vectors: Array, crops: Crops, of: NDArray[np.bool_]) -> tuple[Labels, NDArray[np.float64]]:
    """Person (Q,) and average precision and rank-1 (Q, 2) of each query of the rows in `of`, site by site."""
    persons, figures = [], []
    for site in np.unique(crops.sites).tolist():
        own = (crops.sites == site) & of
        asked, offered = np.flatnonzero(own & crops.queries), np.flatnonzero(own & crops.gallery)
        query = Labelled(persons=crops.persons[asked], cameras=crops.cameras[asked])
        gallery = Labelled(persons=crops.persons[offered], cameras=crops.cameras[offered])
        scored = per_query(rank(CosineRows(vectors[asked], vectors[offered]), query, gallery))
        persons.append(query.persons[scored.queries])
        figures.append(np.stack([scored.ap, (scored.first == 1).astype(np.float64)], axis=1))
    return np.concatenate(persons), np.concatenate(figures)


def over_people(persons: Labels, figures: NDArray[np.float64], seed: int) -> list[list[float]]:
    """Mean and 95 % of the bootstrap over people, of each column, in %."""
    _, number = np.unique(persons, return_inverse=True)
    count = np.bincount(number).astype(np.float64)
    sums = np.stack([np.bincount(number, weights=column) for column in figures.T], axis=1)
    drawn = np.random.default_rng(seed).multinomial(
        len(count), np.full(len(count), 1 / len(count)), RESAMPLES
    )
    spread = np.quantile((drawn @ sums) / (drawn @ count)[:, None], [0.025, 0.975], axis=0)
    columns = np.vstack([figures.mean(axis=0), spread]).T
    return [[round(100 * float(value), 2) for value in column] for column in columns]


class Scorer:
    """Rows of the report for one data set; gains are over the vectors as they are, query by query."""

    def __init__(
        self,
        crops: Crops,
        policy: LinkingPolicy,
        rows: Mapping[int, Labels],
        of: NDArray[np.bool_],
        seed: int,
    ) -> None:
        self._crops, self._policy, self._rows, self._of, self._seed = crops, policy, rows, of, seed
        self._plain: NDArray[np.float64] | None = None

    def score(self, features: Array, layers: str | None, mix: float | None) -> list[Report]:
        """Score features (N, D) in every way to take the mean out; the first call must be the stored statistics'."""
        found = []
        for out, vectors in taken_out(unit(features), self._crops, self._rows, self._policy):
            persons, figures = answers(vectors, self._crops, self._of)
            if self._plain is None:
                self._plain = figures
            both = np.concatenate([figures, figures - self._plain], axis=1)
            mean_ap, rank_1, gain, _ = over_people(persons, both, self._seed)
            found.append(
                {"layers": layers, "mix": mix, "out": out, "mAP": mean_ap, "rank_1": rank_1, "gain": gain}
            )
        return found


def measured(crops: Crops, path: Path, told: argparse.Namespace) -> Iterator[Report]:
    """Every layer set and mix; people whom the statistics come from are scored too, or not, by `told.disjoint`."""
    encoder = build_encoder(EncoderConfig(weights=path))
    policy = choose_policy(path, encoder.encoder_id)
    _, order = np.unique(crops.persons, return_inverse=True)
    every = np.ones(len(order), np.bool_)
    seen, scored = (order % 2 == 0, order % 2 == 1) if told.disjoint else (every, every)
    rows = sampled(crops, told.crops, seen, told.seed)
    scorer = Scorer(crops, policy, rows, scored, told.seed)
    head = {
        "set": crops.name,
        "people": len(np.unique(crops.persons[scored])),
        "cameras": len(rows),
        "crops_a_camera": float(np.median([len(own) for own in rows.values()])),
        "disjoint": told.disjoint,
    }
    if not told.layers:
        vectors = extract(crops.paths, encoder)
        yield from ({**head, **row} for row in scorer.score(vectors, None, None))
        return
    weights = open_weights(path)
    halves = Halves(weights.network, weights.preprocessing)
    features, maps = stored(halves, crops)
    yield from ({**head, **row} for row in scorer.score(features, None, None))
    for layers in told.layers:
        for mix in told.mixes:
            found = adapted(halves, crops, maps, rows, layers, mix)
            yield from ({**head, **row} for row in scorer.score(found, layers, mix))


def told_of(rows: Sequence[Report]) -> str:
    """The rows as a table."""
    cells = [
        (
            f"{row['set']}{', others' if row['disjoint'] else ''}",
            row["layers"],
            row["mix"],
            row["out"],
            "{:.1f} ({:.1f}-{:.1f})".format(*row["mAP"]),
            "{:.1f} ({:.1f}-{:.1f})".format(*row["rank_1"]),
            "{:+.2f} ({:+.2f} to {:+.2f})".format(*row["gain"]),
        )
        for row in rows
    ]
    return table(("set", "layers", "mix", "out", "mAP", "rank-1", "gain in mAP"), cells)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--encoder", type=Path, required=True, help="with --layers an EfficientNet-Lite0 of reid train, .pth"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--sites", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--people", type=int, help="of each set at most")
    parser.add_argument("--crops", type=int, default=CROPS, help="of a camera at most")
    parser.add_argument(
        "--layers", nargs="*", choices=LAYERS, default=(), help="that get statistics; none: means only"
    )
    parser.add_argument("--mixes", nargs="*", type=float, default=MIXES)
    parser.add_argument(
        "--disjoint", action="store_true", help="score other people than the statistics are of"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args(argv)
    torch.set_num_threads(told.threads)
    path = located(told.encoder, "encoder")
    began = time.monotonic()
    about = {
        "machine": machine(told.threads),
        "versions": versions("reidentify", "numpy", "torch"),
        "encoder": str(told.encoder),
        "seed": told.seed,
    }
    rows: list[Report] = []
    kinds = [(of_set, text) for text in told.set] + [(of_sites, text) for text in told.sites]
    for opened, text in kinds:
        name, _, root = text.partition("=")
        for row in measured(opened(name, Path(root), told.people), path, told):
            rows.append(row)
            content = {**about, "seconds": round(time.monotonic() - began, 1), "rows": rows}
            told.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(told_of(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
