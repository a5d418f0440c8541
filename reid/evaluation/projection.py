"""Vectors laid out in a plane, for looking at."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Method = Literal["pca", "tsne"]
_PERPLEXITY = 30.0  # the usual size of a neighbourhood (van der Maaten and Hinton 2008 say 5 to 50)
_FIRST = 50  # principal components that t-SNE works on, as its authors do: what is left out is mostly noise


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """Vectors in a plane, the method, and the share of variance that the two axes hold."""

    points: NDArray[np.float64]  # (N, 2)
    method: Method  # that laid them out: PCA, too, where t-SNE was asked for and there are too few for it
    explained: float | None  # share of the variance, of PCA only; None where there is none


def project(vectors: NDArray[np.floating[Any]], method: Method, *, seed: int = 0) -> Projection:
    """Vectors (N, D) to the plane.

    PCA: the first two principal components. t-SNE (van der Maaten and Hinton 2008, "Visualizing Data using
    t-SNE", JMLR) begins from them, so that runs are alike; it takes seconds for 2,000 vectors. Fewer than 4
    different vectors have no neighbourhoods to keep: they are laid out by PCA.

    Args:
        vectors: of unit length, so that their Euclidean distance orders them as 1 - cosine does.
        seed: of t-SNE. The same seed, vectors and library version give the same points.

    Raises:
        ValueError: vectors are not (N, D) with N and D at least 1, or not finite; the method is unknown.
    """
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {get_args(Method)}, got {method!r}")
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(f"vectors must be (N, D) and not empty, got {vectors.shape}")
    if not np.all(np.isfinite(vectors)):
        raise ValueError("vectors must be finite")
    wide = np.asarray(vectors, dtype=np.float64)
    components, shares = _principal(wide, 2)
    total = float(np.sum(shares))
    flat = Projection(points=components, method="pca", explained=total if total > 0 else None)
    if method == "pca" or len(np.unique(wide, axis=0)) < 4:
        return flat
    return Projection(points=_tsne(wide, seed), method="tsne", explained=None)


def sample_people(
    persons: NDArray[np.int64], *, people: int, points: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of at most `points` images of at most `people` random people, in order; negative ids are distractors.

    Whole people are better than random images: a map is read by whether a person's images lie together.
    The last person drawn may be cut short.
    """
    ids = np.unique(persons[persons >= 0])
    drawn = rng.permutation(ids)[:people]
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(np.flatnonzero(persons == one) for one in drawn)])
    return np.sort(rows[:points])


def _principal(vectors: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates (N, count) and the share of variance of each; where there are fewer, the others are 0."""
    from sklearn.decomposition import PCA

    points, shares = np.zeros((len(vectors), count)), np.zeros(count)
    kept = min(count, *vectors.shape)
    if np.all(vectors == vectors[0]):  # no variance: its shares would be 0 / 0
        return points, shares
    pca = PCA(n_components=kept, svd_solver="full")
    points[:, :kept] = pca.fit_transform(vectors)
    shares[:kept] = pca.explained_variance_ratio_
    return points, shares


def _tsne(vectors: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    reduced, _ = _principal(vectors, min(_FIRST, vectors.shape[1], len(vectors)))
    if reduced.shape[1] < 2:  # t-SNE begins in a plane
        reduced = np.pad(reduced, ((0, 0), (0, 1)))
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
    return np.asarray(tsne.fit_transform(reduced), dtype=np.float64)
