"""Measuring of one encoder on one data set: vectors, rankings, scores. Nothing is drawn or written here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.job_configs import BenchmarkConfig
from pipelines.retrieval.camera_normalised import camera_normalised, policy_with_centre
from pipelines.retrieval.ranked_queries import labelled
from pipelines.runtime.progress import Progress
from reid.datasets.records import DataSet, Split
from reid.embedding.encoder import Encoder
from reid.embedding.features import extract
from reid.evaluation.retrieval.curves import camera_pair_map, multi_query
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.pairs import PairCounts, pair_counts
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.ranks import Ranking
from reid.evaluation.retrieval.rerank import RerankedRows
from reid.evaluation.retrieval.scores import RetrievalScores, score
from reid.linking.normalisation_gate import NormalisationDecision
from reid.shipped_weights import recorded
from reid.timing import Stopwatch

EDGES = np.linspace(0, 2, 1001, dtype=np.float32)  # distances at which pairs are counted
PLAIN, MULTI, RERANKED, NORMALISED = "single query", "multi-query", "re-ranked", "camera-normalised"

Vectors = NDArray[np.floating[Any]]


@dataclass(slots=True, kw_only=True)
class Measured:
    """Measurements of one encoder."""

    name: str
    weights: Path
    encoder: Encoder
    query: Split
    gallery: Split  # with the extra distractors, if any
    query_vectors: Vectors
    gallery_vectors: Vectors
    ranking: Ranking
    pairs: PairCounts
    variants: dict[str, RetrievalScores]  # by how the lists were made
    camera_map: NDArray[np.float64]  # (C, C) query camera x gallery camera
    camera_queries: NDArray[np.int64]
    normalisation: Mapping[str, NormalisationDecision] = field(
        default_factory=dict
    )  # by camera; empty: not asked
    seconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Convert for benchmark.json."""
        return {
            "name": self.name,
            "weights": recorded(self.weights),
            "encoder_id": self.encoder.encoder_id,
            "backend": getattr(self.encoder, "backend", None),
            "scores": {name: scores.as_dict() for name, scores in self.variants.items()},
            "camera_pairs": {
                "cameras": list(self.query.camera_names),
                "mAP": [
                    [None if np.isnan(v) else round(float(v), 6) for v in row] for row in self.camera_map
                ],
                "queries": self.camera_queries.tolist(),
            },
            "pairs": {
                "distance": EDGES.round(4).tolist(),
                "genuine_within": self.pairs.genuine.sum(axis=0).tolist(),
                "impostor_within": self.pairs.impostor.sum(axis=0).tolist(),
                "genuine": int(self.pairs.genuine_total.sum()),
                "impostor": int(self.pairs.impostor_total.sum()),
            },
            "seconds": {name: round(spent, 3) for name, spent in self.seconds.items()},
        } | (
            {"camera_normalisation": {name: one.facts() for name, one in self.normalisation.items()}}
            if self.normalisation
            else {}
        )


def measure(
    name: str, data: DataSet, weights: Path, encoder: Encoder, config: BenchmarkConfig, progress: Progress
) -> Measured:
    """Embed all splits, with the cache, then rank and score them."""
    device = _device(config.encoder.device)
    work = _Work(name=name, queries=len(data.query), config=config, progress=progress, device=device)
    gallery = data.gallery if data.distractors is None else joined(data.gallery, data.distractors)
    query_vectors = work.vectors(data.query, encoder)
    gallery_vectors = work.vectors(gallery, encoder)
    asked, offered = labelled(data.query), labelled(gallery)
    mib = config.memory_mib
    rows = work.rows(query_vectors, gallery_vectors)
    with work.stage("ranking"):
        ranking = rank(rows, asked, offered, block_mib=mib)
        variants = {PLAIN: work.score(ranking, asked)}
    with work.stage("counting pairs"):
        pairs = pair_counts(rows, asked, offered, edges=EDGES, block_mib=mib)
    with work.stage("camera pairs"):  # extra distractors come from no camera
        own = (
            rows
            if data.distractors is None
            else work.rows(query_vectors, gallery_vectors[: len(data.gallery)])
        )
        camera_map, camera_queries = camera_pair_map(
            own, asked, labelled(data.gallery), cameras=len(data.query.camera_names), block_mib=mib
        )
    decisions: Mapping[str, NormalisationDecision] = {}
    if config.camera_normalisation:
        with work.stage(NORMALISED):
            policy = policy_with_centre(weights, encoder)
            given = (query_vectors, gallery_vectors)
            moved = camera_normalised(data.query, data.gallery, given, policy, encoder.encoder_id)
            rows = work.rows(moved.query, moved.gallery)
            variants[NORMALISED] = work.score(rank(rows, asked, offered, block_mib=mib), asked)
            decisions = moved.decisions
    if data.multi_query is not None:
        pool = work.vectors(data.multi_query, encoder)
        with work.stage(MULTI):
            means = multi_query(asked, query_vectors, pool, labelled(data.multi_query))
            rows = work.rows(means, gallery_vectors)
            variants[MULTI] = work.score(rank(rows, asked, offered, block_mib=mib), asked)
    if config.rerank.enabled:
        with work.stage("re-ranking"):
            how = config.rerank
            mutual = RerankedRows(query_vectors, gallery_vectors, k1=how.k1, k2=how.k2, lambda_=how.weight)
            variants[RERANKED] = work.score(rank(mutual, asked, offered, block_mib=mib), asked)
    return Measured(
        name=name,
        weights=weights,
        encoder=encoder,
        query=data.query,
        gallery=gallery,
        query_vectors=query_vectors,
        gallery_vectors=gallery_vectors,
        ranking=ranking,
        pairs=pairs,
        variants=variants,
        camera_map=camera_map,
        camera_queries=camera_queries,
        normalisation=decisions,
        seconds=work.watch.seconds,
    )


@dataclass(slots=True, kw_only=True)
class _Work:
    """Shared parts of the steps of one encoder's measurement."""

    name: str
    queries: int
    config: BenchmarkConfig
    progress: Progress
    device: str
    watch: Stopwatch = field(default_factory=Stopwatch)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce and time one step."""
        task = self.progress.task(f"{self.name}: {name}", self.queries, unit="queries")
        with self.watch.stage(name):
            yield
        task.advance(self.queries)
        task.finish()

    def vectors(self, split: Split, encoder: Encoder) -> Vectors:
        """Embed all images; progress counts those that the cache had, too."""
        task = self.progress.task(f"{self.name}: {split.name}", len(split), unit="images")
        with self.watch.stage("vectors"):
            found = extract(
                split.paths, encoder, flip=self.config.flip, dtype=self.config.precision, advance=task.advance
            )
        task.finish()
        return found

    def rows(self, query: Vectors, gallery: Vectors) -> CosineRows:
        return CosineRows(query, gallery, device=self.device)

    def score(self, ranking: Ranking, query: Labelled) -> RetrievalScores:
        """Score a ranking with the same resamples of people for every list, so that lists can be compared."""
        rng = np.random.default_rng(self.config.seed)
        return score(ranking, query.persons, rng=rng, resamples=self.config.resamples)


def joined(first: Split, second: Split) -> Split:
    """Join two splits, the second's images behind the first's."""
    return replace(
        first,
        paths=first.paths + second.paths,
        persons=np.concatenate([first.persons, second.persons]),
        cameras=np.concatenate([first.cameras, second.cameras]),
        camera_names=second.camera_names,
        tracklets=np.concatenate([first.tracklets, second.tracklets]),
    )


def _device(asked: str) -> str:
    """Device on which distances are ranked: the encoder's GPU, else the CPU."""
    if asked.startswith("cuda"):
        return asked
    if asked != "auto":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
