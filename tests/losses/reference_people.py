"""Objectives with a learned vector for every person, as their papers write them: loops over images and people."""

import math
from collections.abc import Sequence

from reid.losses.config import AngularConfig, CenterConfig, ProxyAnchorConfig, ProxyNcaConfig, SoftmaxConfig
from tests.losses.reference import Images, Value, Vector, cosine, distance, dot, mean

Learned = Sequence[Vector]  # of every person: proxy, classifier's weights or centre


def proxy_nca(images: Images, proxies: Learned, config: ProxyNcaConfig) -> Value:
    def nearness(vector: Vector, proxy: Vector) -> float:
        return -config.scale * distance(vector, proxy, "unit-euclidean") ** 2

    logits = [[nearness(vector, proxy) for proxy in proxies] for vector in images.vectors]
    return Value(cross_entropy(logits, images.persons))


def proxy_anchor(images: Images, proxies: Learned, config: ProxyAnchorConfig) -> Value:
    near, far = [], []
    for number, proxy in enumerate(proxies):
        pairs = [
            (cosine(vector, proxy), person == number)
            for vector, person in zip(images.vectors, images.persons, strict=True)
        ]
        same, others = [s for s, own in pairs if own], [s for s, own in pairs if not own]
        if same:
            near.append(math.log(1 + sum(math.exp(-config.scale * (s - config.margin)) for s in same)))
        far.append(math.log(1 + sum(math.exp(config.scale * (s + config.margin)) for s in others)))
    return Value(mean(near) + mean(far))


def center(images: Images, centers: Learned, config: CenterConfig) -> Value:
    pairs = zip(images.vectors, images.persons, strict=True)
    return Value(mean([math.dist(vector, centers[person]) ** 2 / 2 for vector, person in pairs]))


def moved_centers(images: Images, centers: Learned, config: CenterConfig) -> Learned:
    """Equation 4 of Wen et al. 2016, and c - rate * change."""
    after = []
    for number, old in enumerate(centers):
        own = [v for v, person in zip(images.vectors, images.persons, strict=True) if person == number]
        change = [sum(c - vector[axis] for vector in own) / (1 + len(own)) for axis, c in enumerate(old)]
        after.append([c - config.learning_rate * step for c, step in zip(old, change, strict=True)])
    return after


def softmax(images: Images, weights: Learned, config: SoftmaxConfig) -> Value:
    logits = [[dot(vector, weight) for weight in weights] for vector in images.vectors]
    return Value(cross_entropy(logits, images.persons, config.smoothing))


def arcface(images: Images, weights: Learned, config: AngularConfig) -> Value:
    """Where angle and margin together pass 180 degrees, the cosine less m sin(m), as in the authors' code."""
    m = config.margin
    logits = cosines(images, weights)
    for row, person in zip(logits, images.persons, strict=True):
        angle = math.acos(row[person])
        row[person] = math.cos(angle + m) if angle <= math.pi - m else row[person] - m * math.sin(m)
    return Value(cross_entropy(scaled(logits, config.scale), images.persons))


def cosface(images: Images, weights: Learned, config: AngularConfig) -> Value:
    logits = cosines(images, weights)
    for row, person in zip(logits, images.persons, strict=True):
        row[person] -= config.margin
    return Value(cross_entropy(scaled(logits, config.scale), images.persons))


def cosines(images: Images, weights: Learned) -> list[list[float]]:
    return [[min(1.0, max(-1.0, cosine(vector, weight))) for weight in weights] for vector in images.vectors]


def scaled(logits: list[list[float]], scale: float) -> list[list[float]]:
    return [[scale * logit for logit in row] for row in logits]


def cross_entropy(logits: list[list[float]], persons: Sequence[int], smoothing: float = 0.0) -> float:
    """Mean over the rows of -sum(wanted * log(softmax))."""
    costs = []
    for row, person in zip(logits, persons, strict=True):
        total = math.log(sum(map(math.exp, row)))
        wanted = [smoothing / len(row) + (1 - smoothing) * (number == person) for number in range(len(row))]
        costs.append(sum(want * (total - logit) for want, logit in zip(wanted, row, strict=True)))
    return mean(costs)
