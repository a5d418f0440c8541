"""A problem of the size and labels of Market-1501 with made-up vectors, for the programs here."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import DISTRACTOR
from reid.evaluation.retrieval.labels import Labelled
from tests.shared import SHARED

INTRINSIC = 64  # dimensions that tell people apart, whatever the width of the vectors
NOISE = 1.0  # of an image against its person; gives an mAP of about .8 at Market's size
FIXTURE = SHARED / "fixtures" / "market1501_labels.npz"


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    query: Labelled
    gallery: Labelled
    query_vectors: NDArray[Any]  # (Q, D) float32, unit length
    gallery_vectors: NDArray[Any]  # (G, D)


def problem(width: int, *, quick: bool) -> Problem:
    """The same one for the same arguments; `quick` makes labels up too, of a hundredth of the pairs or fewer."""
    query, gallery = _made_up() if quick else _market()
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((max(query.persons.max(), gallery.persons.max()) + 1, INTRINSIC))
    turned = np.linalg.qr(rng.standard_normal((width, INTRINSIC)))[0].T.astype(np.float32)

    def vectors(persons: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some images are worse than others, and distractors are each somebody else."""
        shape = (len(persons), INTRINSIC)
        own = np.where((persons == DISTRACTOR)[:, None], rng.standard_normal(shape), centres[persons])
        spread = NOISE * rng.uniform(0.5, 1.5, (len(persons), 1))
        points = (own + spread * rng.standard_normal(shape)).astype(np.float32)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        return points @ turned

    return Problem(
        query=query,
        gallery=gallery,
        query_vectors=vectors(query.persons),
        gallery_vectors=vectors(gallery.persons),
    )


def _market() -> tuple[Labelled, Labelled]:
    """Real labels: junk dropped, person 0 a distractor."""
    if not FIXTURE.exists():
        raise FileNotFoundError(
            f"{FIXTURE.name} is not in the folder that REID_SHARED names; --quick needs no file"
        )
    with np.load(FIXTURE) as given:
        named = {name: given[name].astype(np.int64) for name in given.files}
    persons, cameras = named["gallery_pids"], named["gallery_camids"]
    gallery = Labelled(
        persons=np.where(persons == 0, DISTRACTOR, persons)[persons >= 0], cameras=cameras[persons >= 0]
    )
    return Labelled(persons=named["query_pids"], cameras=named["query_camids"]), gallery


def _made_up() -> tuple[Labelled, Labelled]:
    rng = np.random.default_rng(1)
    persons = np.concatenate([rng.integers(0, 40, 600), np.full(100, DISTRACTOR)])
    gallery = Labelled(persons=persons, cameras=rng.integers(0, 6, len(persons)))
    return Labelled(persons=np.arange(120) % 40, cameras=rng.integers(0, 6, 120)), gallery
