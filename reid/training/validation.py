"""Validation: retrieval of people who were held out of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from reid.datasets.records import Split
from reid.distance import unit
from reid.embedding.crops import Preprocessing
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.intervals import Intervals, intervals
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.ranks import Ranking
from reid.evaluation.retrieval.scores import per_query
from reid.training.figures import HeldOutFigures
from reid.training.layout import layout
from reid.training.pixels import Pixels, normalise
from reid.types import Array

BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Images of people who are not trained on, decoded as serving does it."""

    query: Split
    gallery: Split
    query_pixels: Pixels
    gallery_pixels: Pixels
    preprocessing: Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Retrieved:
    """Vectors and figures of the held-out people by one network."""

    figures: HeldOutFigures
    intervals: Intervals  # by the figures' names
    ranking: Ranking
    query_vectors: Array  # (Q, D) of unit length
    gallery_vectors: Array  # (G, D)


def retrieve(network: nn.Module, held_out: HeldOut, *, device: torch.device) -> Retrieved:
    """Rank the gallery for every query, by the rule of Market-1501, in float32 whatever training uses."""
    query, gallery = held_out.query, held_out.gallery
    with _evaluating(network):
        asked, offered = (
            _vectors(network, pixels, held_out.preprocessing, device)
            for pixels in (held_out.query_pixels, held_out.gallery_pixels)
        )
    ranking = rank(
        CosineRows(asked, offered),
        Labelled(persons=query.persons, cameras=query.cameras),
        Labelled(persons=gallery.persons, cameras=gallery.cameras),
    )
    each = per_query(ranking, ks=(1,))
    columns = {"map": each.ap, "rank1": (each.first == 1).astype(np.float64), "minp": each.inp}
    return Retrieved(
        figures=HeldOutFigures(**{name: float(values.mean()) for name, values in columns.items()}),
        intervals=intervals(columns, query.persons[each.queries], np.random.default_rng(0)),
        ranking=ranking,
        query_vectors=asked,
        gallery_vectors=offered,
    )


def _vectors(network: nn.Module, pixels: Pixels, preprocessing: Preprocessing, device: torch.device) -> Array:
    parts = []
    for start in range(0, len(pixels), BATCH):
        rows = np.arange(start, min(start + BATCH, len(pixels)))
        batch = normalise(pixels.get(rows), preprocessing).to(device, memory_format=layout(device))
        parts.append(network(batch).float().cpu().numpy())
    return unit(np.concatenate(parts))


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Switch gradients, dropout and batch statistics off; every module goes back to its mode."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
