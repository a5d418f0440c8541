"""Content of the benchmark's page: plain arrays and mappings.

Only `name`, `encoder_id` and `scores` of an encoder are needed; the page leaves out what is None or empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reid.types import Image

Numbers = NDArray[np.floating[Any]]
Kind = Literal["worst", "median", "best", "chosen"]


def _same_length(owner: str, **arrays: Sequence[Any] | NDArray[Any]) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{owner}: lengths differ: {lengths}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecall:
    """Mean over queries of the interpolated precision at each recall."""

    recall: Numbers  # (P,) ascending, in [0, 1]
    precision: Numbers  # (P,)

    def __post_init__(self) -> None:
        _same_length("PrecisionRecall", recall=self.recall, precision=self.precision)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Pairs of query and gallery by distance; junk and same person in the same camera left out.

    Pairs beyond the outer edges may be left out of the counts.
    """

    edges: Numbers  # (B + 1,) ascending distances
    genuine: NDArray[Any]  # (B,) pairs of one person
    impostor: NDArray[Any]  # (B,) pairs of different people

    def __post_init__(self) -> None:
        _same_length("Histogram", edges=self.edges[1:], genuine=self.genuine, impostor=self.impostor)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roc:
    """Rates over all pairs, by rising distance threshold."""

    fmr: Numbers  # (T,) share of impostor pairs within the threshold (false match rate)
    tmr: Numbers  # (T,) share of genuine pairs within it (true match rate, 1 - false non-match rate)
    impostors: int  # pairs; with none of either kind there is no rate, whatever the arrays hold
    genuine: int

    def __post_init__(self) -> None:
        _same_length("Roc", fmr=self.fmr, tmr=self.tmr)
        if min(self.impostors, self.genuine) < 0:
            raise ValueError(f"Roc of {self.impostors} impostor and {self.genuine} genuine pairs")

    @property
    def measured(self) -> bool:
        """Whether there is a rate of both kinds."""
        return self.impostors > 0 and self.genuine > 0 and len(self.fmr) > 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraPairs:
    """mAP of the queries of one camera in the gallery of one other."""

    names: Sequence[str]  # C cameras
    scores: Numbers  # (C, C) query camera x gallery camera, in [0, 1]; nan where no query has a match
    counts: NDArray[Any]  # (C, C) queries behind each

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.names))
        if self.scores.shape != shape or self.counts.shape != shape:
            raise ValueError(
                f"CameraPairs must be {shape}, got scores {self.scores.shape}, counts {self.counts.shape}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedItem:
    """One image of a ranked list."""

    crop: Path | Image
    right: bool  # shows the query's person
    distance: float
    note: str = ""  # shown on hovering: person, camera, file


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedQuery:
    """A query and the top of its list."""

    kind: Kind
    crop: Path | Image
    person: str
    camera: str
    average_precision: float | None  # None: no match in the gallery
    matches: int  # right images in the whole list
    items: Sequence[RankedItem]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointMap:
    """Vectors laid out in a plane."""

    points: Numbers  # (N, 2)
    persons: NDArray[np.int64]  # (N,)
    cameras: NDArray[np.int64]  # (N,) positions in camera_names
    camera_names: Sequence[str]
    method: Literal["pca", "tsne"]
    explained: float | None = None  # PCA: the share of variance that the two axes hold

    def __post_init__(self) -> None:
        _same_length("PointMap", points=self.points, persons=self.persons, cameras=self.cameras)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activation:
    """Activation map of an encoder over one crop."""

    crop: Path | Image
    map: Numbers  # (h, w) in [0, 1], of any size
    note: str = ""  # person, camera, file


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncoderResult:
    """Measurements of one encoder.

    `scores` is what `reid.evaluation.retrieval.scores.RetrievalScores.as_dict` gives: `queries` that have a match and
    `skipped` ones that have none, `mAP`, `map_trapezoid`, `minp`, `cmc` (from rank 1), `map_best`, `map_worst`,
    `rank1_best`, `rank1_worst` (shares in [0, 1]), `precision`, `recall`, `ndcg` (k to share) and `intervals`
    ("mAP", "mINP", "trapezoid", "rank-1", "recall@5", ... to the two ends). What is missing is shown as a dash.
    """

    name: str
    encoder_id: str
    scores: Mapping[str, Any]
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # "multi-query", "re-ranked", ...
    facts: Mapping[str, str] = field(default_factory=dict)  # back end, vectors per second, ...
    precision_recall: PrecisionRecall | None = None
    histogram: Histogram | None = None
    roc: Roc | None = None
    camera_pairs: CameraPairs | None = None
    ranked: Sequence[RankedQuery] = ()
    points: PointMap | None = None
    activations: Sequence[Activation] = ()
    activation_method: str = ""  # a sentence: how the maps were made
