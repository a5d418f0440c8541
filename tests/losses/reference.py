"""Every objective of pairs as its paper writes it: loops over lists of pairs, triplets and quadruplets.

Slow and obvious. No tensors here: a vector is a list of floats, a mean is a sum over a list by its length.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reid.losses.config import (
    CircleConfig,
    ContrastiveConfig,
    Metric,
    MultiSimilarityConfig,
    NPairConfig,
    QuadrupletConfig,
    TripletConfig,
)

Vector = Sequence[float]
Distance = Callable[[int, int], float]  # of two images, by their numbers
Triple = tuple[int, int, int]  # anchor, positive, negative

SOFT_MARGIN_WINDOW = 1.0  # of semi-hard mining where there is no margin


class Value(NamedTuple):
    """An objective's value, and the share of what it looked at that cost something."""

    loss: float
    active: float | None = None


@dataclass(frozen=True, kw_only=True)
class Images:
    """The first `anchors` are the batch; what follows is remembered of earlier batches."""

    vectors: Sequence[Vector]
    persons: Sequence[int]
    anchors: int

    def positives(self, i: int) -> list[int]:
        return [j for j, person in enumerate(self.persons) if person == self.persons[i] and j != i]

    def negatives(self, i: int) -> list[int]:
        return [j for j, person in enumerate(self.persons) if person != self.persons[i]]

    def triplets(self) -> list[Triple]:
        return [(a, p, n) for a in range(self.anchors) for p in self.positives(a) for n in self.negatives(a)]

    def able(self) -> list[int]:
        """Anchors that have pairs of both kinds."""
        return [a for a in range(self.anchors) if self.positives(a) and self.negatives(a)]

    def distance(self, metric: Metric) -> Distance:
        return lambda i, j: distance(self.vectors[i], self.vectors[j], metric)

    def cosine(self, i: int, j: int) -> float:
        return cosine(self.vectors[i], self.vectors[j])


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def unit(a: Vector) -> Vector:
    length = math.sqrt(dot(a, a))
    return [x / length for x in a]


def cosine(a: Vector, b: Vector) -> float:
    return dot(unit(a), unit(b))


def distance(a: Vector, b: Vector, metric: Metric) -> float:
    if metric == "cosine":
        return 1 - cosine(a, b)
    return math.dist(a, b) if metric == "euclidean" else math.dist(unit(a), unit(b))


def mean(values: Sequence[float]) -> float:
    """0 of nothing: a batch in which nothing can be compared costs nothing."""
    return sum(values) / len(values) if values else 0.0


def costly(values: Sequence[float]) -> list[float]:
    return [value for value in values if value > 0]


def share(values: Sequence[float]) -> float:
    return mean([value > 0 for value in values])


def triplet(images: Images, config: TripletConfig) -> Value:
    d = images.distance(config.distance)
    gaps = [d(a, p) - d(a, n) for a, p, n in mined(images, config)]
    if config.margin is None:
        return Value(mean([math.log(1 + math.exp(gap)) for gap in gaps]), share(gaps))
    costs = [max(0, gap + config.margin) for gap in gaps]
    return Value(mean(costly(costs) if config.mining == "all" else costs), share(costs))


def mined(images: Images, config: TripletConfig) -> list[Triple]:
    d = images.distance(config.distance)
    match config.mining:
        case "batch-hard":
            return batch_hard(images, d)
        case "informative-positive":
            return [informative_positive(images, d, a) for a in images.able()]
        case "semi-hard":
            window = SOFT_MARGIN_WINDOW if config.margin is None else config.margin
            return [(a, p, n) for a, p, n in images.triplets() if d(a, p) < d(a, n) < d(a, p) + window]
        case "all":
            return images.triplets()


def batch_hard(images: Images, d: Distance) -> list[Triple]:
    return [
        (
            a,
            max(images.positives(a), key=lambda p: d(a, p)),
            min(images.negatives(a), key=lambda n: d(a, n)),
        )
        for a in images.able()
    ]


def informative_positive(images: Images, d: Distance, a: int) -> Triple:
    negative = min(images.negatives(a), key=lambda n: d(a, n))
    nearer = [p for p in images.positives(a) if d(a, p) < d(a, negative)]
    if nearer:
        return a, max(nearer, key=lambda p: d(a, p)), negative
    return a, min(images.positives(a), key=lambda p: d(a, p)), negative


def contrastive(images: Images, config: ContrastiveConfig) -> Value:
    d, anchors = images.distance(config.distance), range(images.anchors)
    near = [d(i, j) ** 2 for i in anchors for j in images.positives(i)]
    far = [max(0, config.margin - d(i, j)) ** 2 for i in anchors for j in images.negatives(i)]
    return Value(mean(near) + mean(far), share(near + far))


def quadruplet(images: Images, config: QuadrupletConfig) -> Value:
    d = images.distance(config.distance)
    triplets = batch_hard(images, d) if config.hard else images.triplets()
    quadruplets = []
    for a, p in sorted({(a, p) for a, p, _ in triplets}):
        others = [(i, j) for i in images.negatives(a) for j in images.negatives(a) if i < j]
        others = [(i, j) for i, j in others if images.persons[i] != images.persons[j]]
        if config.hard and others:
            others = [min(others, key=lambda pair: d(*pair))]
        quadruplets += [(a, p, i, j) for i, j in others]
    first = [max(0, d(a, p) - d(a, n) + config.margin) for a, p, n in triplets]
    second = [max(0, d(a, p) - d(i, j) + config.margin_of_others) for a, p, i, j in quadruplets]
    parts = [first, second] if config.hard else [costly(first), costly(second)]
    return Value(sum(mean(part) for part in parts), share(first + second))


def n_pair(images: Images, config: NPairConfig) -> Value:
    of_person: dict[int, list[int]] = {}
    for i, person in enumerate(images.persons):
        of_person.setdefault(person, []).append(i)
    pairs = [numbers[:2] for numbers in of_person.values() if len(numbers) > 1]
    if len(pairs) < 2:
        return Value(0.0, 0.0)
    product = [[dot(images.vectors[a], images.vectors[p]) for _, p in pairs] for a, _ in pairs]
    costs = [
        math.log(1 + sum(math.exp(row[j] - row[i]) for j in range(len(pairs)) if j != i))
        for i, row in enumerate(product)
    ]
    return Value(mean(costs) + config.l2 * mean([dot(vector, vector) for vector in images.vectors]), 1.0)


def multi_similarity(images: Images, config: MultiSimilarityConfig) -> Value:
    s, costs, kept, pairs = images.cosine, [], 0, 0
    for i in range(images.anchors):
        positives, negatives = images.positives(i), images.negatives(i)
        pairs += len(positives) + len(negatives)
        if config.mining:
            likest = max([s(i, n) for n in negatives], default=-math.inf)
            least = min([s(i, p) for p in positives], default=math.inf)
            positives = [p for p in positives if s(i, p) - config.epsilon < likest]
            negatives = [n for n in negatives if s(i, n) + config.epsilon > least]
        kept += len(positives) + len(negatives)
        near = sum(math.exp(-config.alpha * (s(i, p) - config.base)) for p in positives)
        far = sum(math.exp(config.beta * (s(i, n) - config.base)) for n in negatives)
        costs.append(math.log(1 + near) / config.alpha + math.log(1 + far) / config.beta)
    return Value(mean(costs), kept / max(1, pairs))


def circle(images: Images, config: CircleConfig, weighted: Images | None = None) -> Value:
    """`weighted`: where the weights alpha are taken from; in the gradient they are constants."""
    m, gamma = config.margin, config.scale
    s, fixed = images.cosine, (weighted or images).cosine
    costs, counted = [], []
    for i in range(images.anchors):
        positives, negatives = images.positives(i), images.negatives(i)
        both = bool(positives and negatives)
        counted += [both] * (len(positives) + len(negatives))
        if both:
            near = [-gamma * max(0, 1 + m - fixed(i, p)) * (s(i, p) - (1 - m)) for p in positives]
            far = [gamma * max(0, fixed(i, n) + m) * (s(i, n) - m) for n in negatives]
            costs.append(math.log(1 + sum(map(math.exp, far)) * sum(map(math.exp, near))))
    return Value(mean(costs), mean(counted))
