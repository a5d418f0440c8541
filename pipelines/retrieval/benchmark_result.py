"""Content of the benchmark's page for every encoder: curves, lists, maps."""

import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from pipelines.job_configs import BenchmarkConfig
from pipelines.retrieval.measure import EDGES, PLAIN, Measured
from pipelines.retrieval.ranked_queries import called, ranked_queries
from reid import __version__
from reid.datasets.open import describe
from reid.datasets.records import DataSet
from reid.embedding.activation import activation_maps
from reid.errors import InputError
from reid.evaluation.projection import project, sample_people
from reid.evaluation.retrieval.curves import precision_recall
from reid.evaluation.retrieval.scores import per_query
from reid.outputs.benchmark_page import write_benchmark_page
from reid.outputs.benchmark_result import (
    Activation,
    CameraPairs,
    EncoderResult,
    Histogram,
    Kind,
    PointMap,
    PrecisionRecall,
    RankedQuery,
    Roc,
)
from reid.outputs.ranked_lists import read_image

PROTOCOL = (
    "Every query is compared with the whole gallery by cosine distance. Images of the query's person in the "
    "query's camera and junk images are removed from its list, distractors stay. mAP counts AP = 1/R sum k/r_k; "
    "the trapezoid of the original MATLAB code stands beside it. Intervals: 95 %, bootstrap over people."
)
MAP_POINTS = 1500
COARSE = 10  # EDGES to a bin of the histograms


def find_shown(data: DataSet, config: BenchmarkConfig) -> tuple[int, ...]:
    """The queries that `page.show` names, by the ends of their paths.

    Raises:
        InputError: a name fits no query, or several.
    """
    found = []
    for name in config.page.show:
        wanted = tuple(PurePath(name).parts)
        fits = [n for n, path in enumerate(data.query.paths) if path.parts[-len(wanted) :] == wanted]
        if not fits:
            raise InputError(
                f"--page.show names {name!r}, which is no query of {data.name}; one is {data.query.paths[0].name}"
            )
        if len(fits) > 1:
            one = "/".join(data.query.paths[fits[0]].parts[-1 - len(wanted) :])
            raise InputError(
                f"--page.show {name!r} fits {len(fits)} queries; say more of the path, such as {one}"
            )
        found += fits
    return tuple(found)


class Page:
    """benchmark.html in the making: encoders are added one by one, so that none's vectors are kept."""

    def __init__(self, data: DataSet, shown: Sequence[int], config: BenchmarkConfig) -> None:
        self._data, self._shown, self._config = data, shown, config
        self._looked_at: list[int] | None = None
        self._results: list[EncoderResult] = []

    def add(self, result: Measured) -> None:
        """Draw one encoder's part, but for what the page's code draws of all encoders together."""
        kinds = _chosen(result, self._shown, self._config.page.queries)
        if self._looked_at is None:  # the first one's for all: maps of the same images can be compared
            self._looked_at = _alternating(kinds)[: self._config.page.activations]
        self._results.append(_encoder(result, kinds, self._looked_at, self._config))

    def write(self, path: Path) -> Path:
        """Write the page of all encoders added."""
        config = self._config
        write_benchmark_page(
            path,
            data_set=self._data.name,
            facts=dict(describe(self._data)),
            notes=self._data.notes,
            protocol=PROTOCOL,
            run={
                "reid": __version__,
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
                "vectors kept in": config.precision,
                "flip": "on" if config.flip else "off",
            },
            results=self._results,
        )
        return path


def _encoder(
    result: Measured, kinds: dict[int, Kind], looked_at: Sequence[int], config: BenchmarkConfig
) -> EncoderResult:
    recall, precision = precision_recall(result.ranking)
    return EncoderResult(
        name=result.name,
        encoder_id=result.encoder.encoder_id,
        scores=result.variants[PLAIN].as_dict(),
        variants={name: other.as_dict() for name, other in result.variants.items() if name != PLAIN},
        facts={"back end": getattr(result.encoder, "backend", "")}
        | {name: f"{spent:.1f} s" for name, spent in result.seconds.items()},
        precision_recall=PrecisionRecall(recall=recall, precision=precision),
        camera_pairs=CameraPairs(
            names=result.query.camera_names, scores=result.camera_map, counts=result.camera_queries
        ),
        ranked=_lists(result, kinds, config.page.top),
        points=_points(result, config),
        **_pairs(result),
        **_looks(result, looked_at),
    )


def _pairs(result: Measured) -> dict[str, Any]:
    """Histogram and rates of all pairs."""
    genuine, impostor = (counts.sum(axis=0) for counts in (result.pairs.genuine, result.pairs.impostor))
    right, wrong = int(result.pairs.genuine_total.sum()), int(result.pairs.impostor_total.sum())
    bins = [np.diff(counts[::COARSE]) for counts in (genuine, impostor)]
    for counts, own in zip(bins, (genuine, impostor), strict=True):
        counts[0] += own[0]  # distance 0 itself
    return {
        "histogram": Histogram(edges=EDGES[::COARSE], genuine=bins[0], impostor=bins[1]),
        "roc": Roc(fmr=impostor / max(wrong, 1), tmr=genuine / max(right, 1), genuine=right, impostors=wrong),
    }


def _looks(result: Measured, looked_at: Sequence[int]) -> dict[str, Any]:
    """Activation maps of some queries."""
    if not looked_at:
        return {}
    paths = [result.query.paths[query] for query in looked_at]
    crops = [read_image(path) for path in paths]
    found = activation_maps(crops, result.weights, result.encoder)
    maps = zip(paths, crops, found.maps, strict=True)
    return {
        "activations": [Activation(crop=image, map=heat, note=called(path)) for path, image, heat in maps],
        "activation_method": found.method,
    }


def _chosen(result: Measured, shown: Sequence[int], count: int) -> dict[int, Kind]:
    """Queries to show and why: those named, then worst, median and best in turn, each of another person."""
    chosen: dict[int, Kind] = dict.fromkeys(shown, "chosen")
    scored = per_query(result.ranking)
    order = scored.queries[np.argsort(scored.ap, kind="stable")].tolist()
    middle = sorted(range(len(order)), key=lambda place: (abs(place - len(order) // 2), place))
    orders: dict[Kind, Iterator[int]] = {
        "worst": iter(order),
        "median": iter([order[place] for place in middle]),
        "best": iter(order[::-1]),
    }
    people = {int(result.query.persons[query]) for query in chosen}
    for _ in range(count):
        for kind, candidates in orders.items():
            for query in candidates:
                if (person := int(result.query.persons[query])) not in people:
                    people.add(person)
                    chosen[query] = kind
                    break
    ranks = {kind: place for place, kind in enumerate(("chosen", *orders))}
    return dict(sorted(chosen.items(), key=lambda item: ranks[item[1]]))


def _alternating(kinds: dict[int, Kind]) -> list[int]:
    """The queries, one of each kind in turn."""
    groups: dict[Kind, list[int]] = {}
    for query, kind in kinds.items():
        groups.setdefault(kind, []).append(query)
    return [query for turn in zip_longest(*groups.values()) for query in turn if query is not None]


def _lists(result: Measured, kinds: dict[int, Kind], top: int) -> list[RankedQuery]:
    vectors = (result.query_vectors, result.gallery_vectors)
    return ranked_queries(result.query, result.gallery, vectors, result.ranking, kinds, top=top)


def _points(result: Measured, config: BenchmarkConfig) -> PointMap | None:
    rng = np.random.default_rng(config.seed)
    gallery = result.gallery
    wanted = np.where(np.isin(gallery.persons, result.query.persons), gallery.persons, -1)
    rows = sample_people(wanted, people=config.page.map_people, points=MAP_POINTS, rng=rng)
    if not len(rows):
        return None
    vectors = np.asarray(result.gallery_vectors[rows], dtype=np.float32)
    projection = project(vectors, config.page.map, seed=config.seed)
    return PointMap(
        points=projection.points,
        persons=gallery.persons[rows],
        cameras=gallery.cameras[rows],
        camera_names=result.query.camera_names,
        method=projection.method,
        explained=projection.explained,
    )
