"""All objectives under test, each with its formula, and the batches to try them on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from reid.losses.config import LossConfig, Metric
from reid.losses.objectives import Losses, Objectives
from tests.losses import reference, reference_people
from tests.losses.reference import Images, Value
from tests.losses.reference_people import Learned

PEOPLE, DIMENSION = 8, 5  # not the same, so that a mix-up is noticed
MINING = ("batch-hard", "semi-hard", "all", "informative-positive")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One objective with one setting, and its formula.

    Formulas take images, of objectives that learn a vector for every person that too, and the objective's config.
    """

    name: str  # what the test is called by
    objective: str
    formula: Callable[..., Value]
    settings: dict[str, Any] = field(default_factory=dict)
    kind: Literal["pairs", "vectors of people", "classifier"] = "pairs"

    def config(self, **more: Any) -> LossConfig:
        return config_of(self.objective, self.settings, **more)

    def value(self, images: Images, learned: Learned = ()) -> Value:
        section = getattr(self.config(), self.objective.replace("-", "_"))
        given = (images,) if self.kind == "pairs" else (images, learned)
        return self.formula(*given, section)


def config_of(objective: str, settings: dict[str, Any], **more: Any) -> LossConfig:
    """Of one objective; with the softmax that center needs beside it."""
    weights = {objective: 1.0, **({"softmax": 1.0} if objective == "center" else {})}
    return LossConfig.model_validate({"objectives": weights, objective.replace("-", "_"): settings, **more})


def _cases() -> Iterator[Case]:
    triplet = partial(Case, objective="triplet", formula=reference.triplet)
    contrastive = partial(Case, objective="contrastive", formula=reference.contrastive)
    quadruplet = partial(Case, objective="quadruplet", formula=reference.quadruplet)
    for metric in get_args(Metric):
        for mining in MINING:
            for margin, how in ((0.3, ""), (None, "-soft")):
                settings = {"mining": mining, "margin": margin, "distance": metric}
                yield triplet(name=f"triplet-{mining}{how}-{metric}", settings=settings)
        yield contrastive(name=f"contrastive-{metric}", settings={"distance": metric})
        yield quadruplet(name=f"quadruplet-hard-{metric}", settings={"hard": True, "distance": metric})
        yield quadruplet(name=f"quadruplet-all-{metric}", settings={"hard": False, "distance": metric})
    n_pair = partial(Case, objective="n-pair", formula=reference.n_pair)
    yield n_pair(name="n-pair")
    yield n_pair(name="n-pair-without-l2", settings={"l2": 0})
    similarity = partial(Case, objective="multi-similarity", formula=reference.multi_similarity)
    yield similarity(name="multi-similarity-mined")
    yield similarity(name="multi-similarity-all", settings={"mining": False})
    yield Case(name="circle", objective="circle", formula=reference.circle)
    people = partial(Case, kind="vectors of people")
    yield people(name="proxy-nca", objective="proxy-nca", formula=reference_people.proxy_nca)
    yield people(name="proxy-anchor", objective="proxy-anchor", formula=reference_people.proxy_anchor)
    yield people(name="center", objective="center", formula=reference_people.center)
    softmax = partial(Case, objective="softmax", formula=reference_people.softmax, kind="classifier")
    yield softmax(name="softmax")
    yield softmax(name="softmax-without-smoothing", settings={"smoothing": 0})
    arcface = partial(Case, objective="arcface", formula=reference_people.arcface, kind="classifier")
    yield arcface(name="arcface")
    yield arcface(name="arcface-wide", settings={"margin": 1.6})  # often beyond 180 degrees
    yield Case(name="cosface", objective="cosface", formula=reference_people.cosface, kind="classifier")


CASES = {case.name: case for case in _cases()}
PAIR_CASES = {name: case for name, case in CASES.items() if case.kind == "pairs"}


def built(
    config: LossConfig, *, people: int = PEOPLE, dimension: int = DIMENSION, seed: int = 0
) -> Objectives:
    """In double precision."""
    generator = torch.Generator().manual_seed(seed)
    return Objectives(config, dimension=dimension, people=people, generator=generator).double()


def vectors(count: int, *, seed: int, dimension: int = DIMENSION) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dimension, generator=generator, dtype=torch.float64)


def images(batch: Tensor, persons: list[int]) -> Images:
    return Images(vectors=batch.tolist(), persons=persons, anchors=len(persons))


def learned(objectives: Objectives, case: Case) -> Learned:
    """The vectors that the objective has of people, one after the other."""
    if case.kind == "pairs":
        return []
    (found,) = objectives.buffers() if case.objective == "center" else objectives.parameters()
    rows: Learned = (found if len(found) == PEOPLE else found.T).tolist()
    return rows


def run(case: Case, objectives: Objectives, batch: Tensor, persons: list[int]) -> Losses:
    """Of a batch. What the objective must not look at, before or behind the neck, is something else."""
    other = vectors(len(batch), seed=99, dimension=batch.shape[1]).to(batch.dtype)
    pooled, final = (other, batch) if case.kind == "classifier" else (batch, other)
    losses: Losses = objectives(pooled, final, torch.tensor(persons))
    return losses
