"""The objectives under test, and the batches that they are tested on."""

import math

import torch
from torch import Tensor

from reid.losses.config import CLASSIFIERS, PAIRS, LossConfig
from reid.losses.objectives import Objectives
from tests.losses.formulas import reference

PEOPLE = 7
Batch = tuple[Tensor, Tensor, Tensor]  # vectors before the neck, behind it, persons

# Name of the case -> objective, its settings.
CASES: dict[str, tuple[str, dict[str, object]]] = {
    "triplet-batch-hard": ("triplet", {}),
    "triplet-batch-hard-soft": ("triplet", {"margin": None}),
    "triplet-batch-hard-unit-euclidean": ("triplet", {"distance": "unit-euclidean"}),
    "triplet-batch-hard-cosine": ("triplet", {"distance": "cosine"}),
    "triplet-semi-hard": ("triplet", {"mining": "semi-hard", "margin": 0.8}),
    "triplet-semi-hard-soft": ("triplet", {"mining": "semi-hard", "margin": None}),
    "triplet-all": ("triplet", {"mining": "all"}),
    "triplet-all-soft": ("triplet", {"mining": "all", "margin": None}),
    "triplet-informative-positive": ("triplet", {"mining": "informative-positive"}),
    "triplet-informative-positive-soft": ("triplet", {"mining": "informative-positive", "margin": None}),
    "contrastive": ("contrastive", {}),
    "contrastive-euclidean": ("contrastive", {"distance": "euclidean", "margin": 3.0}),
    "contrastive-cosine": ("contrastive", {"distance": "cosine"}),
    "quadruplet-hard": ("quadruplet", {}),
    "quadruplet-hard-cosine": ("quadruplet", {"distance": "cosine"}),
    "quadruplet-all": ("quadruplet", {"hard": False}),
    "n-pair": ("n-pair", {}),
    "multi-similarity": ("multi-similarity", {}),
    "multi-similarity-all-pairs": ("multi-similarity", {"mining": False}),
    "circle": ("circle", {}),
    "proxy-nca": ("proxy-nca", {}),
    "proxy-nca-steep": ("proxy-nca", {"scale": 60.0}),
    "proxy-anchor": ("proxy-anchor", {}),
    "center": ("center", {}),
    "softmax": ("softmax", {}),
    "softmax-without-smoothing": ("softmax", {"smoothing": 0.0}),
    "arcface": ("arcface", {}),
    "arcface-past-180-degrees": ("arcface", {"margin": 2.0}),
    "cosface": ("cosface", {}),
}
PAIR_CASES = [case for case, (name, _) in CASES.items() if name in PAIRS]


def loss_config(case: str, **settings: object) -> LossConfig:
    name, section = CASES[case]
    weights = {name: 1.0, "softmax": 1.0} if name == "center" else {name: 1.0}  # centres alone are refused
    made = {"objectives": weights, name.replace("-", "_"): section, **settings}
    return LossConfig.model_validate(made)


def build(config: LossConfig, dimension: int, seed: int = 0) -> Objectives:
    """In double precision."""
    generator = torch.Generator().manual_seed(seed)
    return Objectives(config, dimension=dimension, people=PEOPLE, generator=generator).double()


def drawn(persons: list[int], *, dimension: int = 5, seed: int = 0) -> Batch:
    """Random vectors; those of a person are a little alike."""
    generator = torch.Generator().manual_seed(seed)
    people = torch.tensor(persons)
    centers = torch.randn(PEOPLE, dimension, generator=generator, dtype=torch.float64)

    def vectors() -> Tensor:
        noise = torch.randn(len(persons), dimension, generator=generator, dtype=torch.float64)
        return 0.5 * centers[people] + 0.7 * noise

    return vectors(), vectors(), people


def at_angles(degrees: list[float], persons: list[int], length: float = 1.0) -> Batch:
    """Vectors in a plane."""
    turns = [math.radians(angle) for angle in degrees]
    vectors = length * torch.tensor([[math.cos(t), math.sin(t)] for t in turns], dtype=torch.float64)
    return vectors, vectors.clone(), torch.tensor(persons)


def identical() -> Batch:
    vectors = torch.tensor([[0.3, -1.2, 0.5]], dtype=torch.float64).repeat(6, 1)
    return vectors, vectors.clone(), torch.tensor([0, 0, 1, 1, 2, 2])


BATCHES: dict[str, Batch] = {
    "random": drawn([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]),
    "unbalanced": drawn([5, 0, 0, 5, 5, 1, 5, 2, 0, 6, 2], seed=1),
    "known-angles": at_angles([0, 11, 40, 47, 95, 130, 200, 285], [0, 1, 0, 2, 1, 2, 3, 3], length=1.5),
    "one-person": drawn([4] * 5, seed=2),
    "everybody-alone": drawn([0, 1, 2, 3, 4], seed=3),
    "identical": identical(),
    "two-pictures-of-one": drawn([2, 2], seed=4),
    "two-pictures-of-two": drawn([2, 3], seed=5),
}


def listed(vectors: Tensor, persons: Tensor) -> reference.Batch:
    """As the reference takes it."""
    return list(zip(vectors.tolist(), persons.tolist(), strict=True))


def section(config: LossConfig, name: str) -> object:
    return getattr(config, name.replace("-", "_"))


def learned(objectives: Objectives, name: str) -> list[reference.Vector]:
    """The proxies, centres or classifier weights of an objective, a vector a person."""
    module = objectives.objectives[name]
    (vectors,) = [*module.parameters(), *module.buffers()]
    vectors = vectors.T if name in ("arcface", "cosface") else vectors  # as the library keeps them
    return vectors.tolist()  # type: ignore[no-any-return]


def expected(
    objectives: Objectives, config: LossConfig, batch: Batch, remembered: reference.Batch
) -> dict[str, reference.Found]:
    """Loss and active share by objective, by the reference; NaN for the share of those that compare no pictures."""
    pooled, final, persons = batch
    found = {}
    for name in config.objectives:
        if name in PAIRS:
            of_pairs = reference.OF_PAIRS[name]
            found[name] = of_pairs(listed(pooled, persons), remembered, section(config, name))
        else:
            seen = listed(final if name in CLASSIFIERS else pooled, persons)
            loss = reference.WITH_PEOPLE[name](seen, learned(objectives, name), section(config, name))
            found[name] = (loss, math.nan)
    return found
