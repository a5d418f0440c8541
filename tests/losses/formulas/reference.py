"""Every objective written out over explicit lists of pairs, triplets and quadruplets, in plain Python.

A batch is a list of (vector, person), and so is what is remembered of earlier ones. All give a loss;
those that compare pictures also give the share of what they looked at that costs something.
"""

import math
from collections.abc import Callable, Sequence
from itertools import combinations, product
from statistics import fmean

from reid.losses import config

Vector = Sequence[float]
Batch = list[tuple[Vector, int]]
Found = tuple[float, float]  # loss, active share
Apart = Callable[[Vector, Vector], float]


def dot(a: Vector, b: Vector) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def unit(a: Vector) -> Vector:
    return [x / math.hypot(*a) for x in a]


def cosine(a: Vector, b: Vector) -> float:
    return dot(unit(a), unit(b))


DISTANCES: dict[str, Apart] = {
    "euclidean": math.dist,
    "unit-euclidean": lambda a, b: math.dist(unit(a), unit(b)),
    "cosine": lambda a, b: 1 - cosine(a, b),
}


def mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def share(costs: Sequence[float]) -> float:
    return mean([float(cost > 0) for cost in costs])


def both_kinds(anchor: int, batch: Batch, remembered: Batch, apart: Apart) -> tuple[list[float], list[float]]:
    """What the anchor's person and what all others have for `apart`; the anchor itself is left out."""
    vector, person = batch[anchor]
    seen = [one for place, one in enumerate(batch) if place != anchor] + remembered
    same = [apart(vector, other) for other, who in seen if who == person]
    return same, [apart(vector, other) for other, who in seen if who != person]


def mined(
    mining: str, margin: float | None, same: list[float], others: list[float]
) -> list[tuple[float, float]]:
    """(d(a, p), d(a, n)) of one anchor's triplets."""
    if not same or not others:
        return []
    nearest = min(others)
    if mining == "batch-hard":
        return [(max(same), nearest)]
    if mining == "informative-positive":
        return [(max((d for d in same if d < nearest), default=min(same)), nearest)]
    triplets = list(product(same, others))
    if mining == "semi-hard":
        window = 1.0 if margin is None else margin
        return [(p, n) for p, n in triplets if p < n < p + window]
    return triplets


def triplet(batch: Batch, remembered: Batch, c: config.TripletConfig) -> Found:
    gaps = []
    for anchor in range(len(batch)):
        same, others = both_kinds(anchor, batch, remembered, DISTANCES[c.distance])
        gaps += [p - n for p, n in mined(c.mining, c.margin, same, others)]
    if c.margin is None:
        return mean([math.log1p(math.exp(gap)) for gap in gaps]), share(gaps)
    costs = [max(0.0, gap + c.margin) for gap in gaps]
    return mean([cost for cost in costs if cost > 0] if c.mining == "all" else costs), share(costs)


def contrastive(batch: Batch, remembered: Batch, c: config.ContrastiveConfig) -> Found:
    near: list[float] = []
    far: list[float] = []
    for anchor in range(len(batch)):
        same, others = both_kinds(anchor, batch, remembered, DISTANCES[c.distance])
        near += [d**2 for d in same]
        far += [max(0.0, c.margin - d) ** 2 for d in others]
    return mean(near) + mean(far), share(near + far)


def quadruplet(batch: Batch, remembered: Batch, c: config.QuadrupletConfig) -> Found:
    apart = DISTANCES[c.distance]
    first: list[float] = []
    second: list[float] = []
    for anchor, (_, person) in enumerate(batch):
        same, others = both_kinds(anchor, batch, remembered, apart)
        two_others = [
            apart(v1, v2) for (v1, p1), (v2, p2) in combinations(batch, 2) if len({p1, p2, person}) == 3
        ]
        if not same or not others:
            continue
        if c.hard:
            same, others, two_others = [max(same)], [min(others)], sorted(two_others)[:1]
        first += [max(0.0, p - n + c.margin) for p, n in product(same, others)]
        second += [max(0.0, p - n + c.margin_of_others) for p, n in product(same, two_others)]
    counted = [[cost for cost in costs if c.hard or cost > 0] for costs in (first, second)]
    return mean(counted[0]) + mean(counted[1]), share(first + second)


def n_pair(batch: Batch, remembered: Batch, c: config.NPairConfig) -> Found:
    pictures = {who: [vector for vector, person in batch if person == who] for _, who in batch}
    pairs = [vectors[:2] for vectors in pictures.values() if len(vectors) > 1]
    if len(pairs) < 2:
        return 0.0, 0.0
    costs = [
        math.log(math.fsum(math.exp(dot(anchor, other) - dot(anchor, positive)) for _, other in pairs))
        for anchor, positive in pairs
    ]
    return mean(costs) + c.l2 * mean([dot(vector, vector) for vector, _ in batch]), 1.0


def multi_similarity(batch: Batch, remembered: Batch, c: config.MultiSimilarityConfig) -> Found:
    costs, kept, pairs = [], 0, 0
    for anchor in range(len(batch)):
        same, others = both_kinds(anchor, batch, remembered, cosine)
        pairs += len(same) + len(others)
        if c.mining:
            likest, least = max(others, default=-math.inf), min(same, default=math.inf)
            same = [s for s in same if s < likest + c.epsilon]
            others = [s for s in others if s > least - c.epsilon]
        kept += len(same) + len(others)
        costs.append(
            math.log1p(math.fsum(math.exp(-c.alpha * (s - c.base)) for s in same)) / c.alpha
            + math.log1p(math.fsum(math.exp(c.beta * (s - c.base)) for s in others)) / c.beta
        )
    return mean(costs), kept / max(1, pairs)


def circle(
    batch: Batch, remembered: Batch, c: config.CircleConfig, weighted_at: Batch | None = None
) -> Found:
    """`weighted_at`: vectors that the pairs' weights come from; by default the batch, as equation 6 has it."""
    costs, counted, pairs = [], 0, 0
    for anchor in range(len(batch)):
        same, others = both_kinds(anchor, batch, remembered, cosine)
        same_then, others_then = both_kinds(anchor, weighted_at or batch, remembered, cosine)
        pairs += len(same) + len(others)
        if same and others:
            counted += len(same) + len(others)
            positive = [
                -c.scale * max(0.0, 1 + c.margin - then) * (s - (1 - c.margin))
                for s, then in zip(same, same_then, strict=True)
            ]
            negative = [
                c.scale * max(0.0, then + c.margin) * (s - c.margin)
                for s, then in zip(others, others_then, strict=True)
            ]
            costs.append(math.log1p(math.fsum(math.exp(p + n) for p, n in product(positive, negative))))
    return mean(costs), counted / max(1, pairs)


def proxy_nca(batch: Batch, proxies: list[Vector], c: config.ProxyNcaConfig) -> float:
    def likeness(vector: Vector, person: int) -> float:
        return -c.scale * math.dist(unit(vector), unit(proxies[person])) ** 2

    return mean(
        [cross_entropy([likeness(vector, one) for one in range(len(proxies))], who) for vector, who in batch]
    )


def proxy_anchor(batch: Batch, proxies: list[Vector], c: config.ProxyAnchorConfig) -> float:
    near, far = [], []
    for one, proxy in enumerate(proxies):
        same = [cosine(vector, proxy) for vector, person in batch if person == one]
        others = [cosine(vector, proxy) for vector, person in batch if person != one]
        if same:
            near.append(math.log1p(math.fsum(math.exp(-c.scale * (s - c.margin)) for s in same)))
        far.append(math.log1p(math.fsum(math.exp(c.scale * (s + c.margin)) for s in others)))
    return mean(near) + mean(far)


def center(batch: Batch, centers: list[Vector], c: config.CenterConfig) -> float:
    return mean([0.5 * math.dist(vector, centers[person]) ** 2 for vector, person in batch])


def moved_centers(batch: Batch, centers: list[Vector], c: config.CenterConfig) -> list[Vector]:
    """Equation 4 of the paper, one number after the other."""
    moved = []
    for one, place in enumerate(centers):
        mine = [vector for vector, person in batch if person == one]
        moves = [sum(x - vector[d] for vector in mine) / (1 + len(mine)) for d, x in enumerate(place)]
        moved.append([x - c.learning_rate * move for x, move in zip(place, moves, strict=True)])
    return moved


def cross_entropy(logits: list[float], person: int, smoothing: float = 0.0) -> float:
    top = max(logits)
    total = top + math.log(math.fsum(math.exp(logit - top) for logit in logits))
    targets = [smoothing / len(logits) + (1 - smoothing) * (one == person) for one in range(len(logits))]
    return math.fsum(target * (total - logit) for target, logit in zip(targets, logits, strict=True))


def softmax(batch: Batch, weights: list[Vector], c: config.SoftmaxConfig) -> float:
    return mean([cross_entropy([dot(v, weight) for weight in weights], who, c.smoothing) for v, who in batch])


def arcface(batch: Batch, weights: list[Vector], c: config.AngularConfig) -> float:
    def own(s: float) -> float:
        angle = math.acos(min(1.0, max(-1.0, s)))
        return (
            math.cos(angle + c.margin) if angle + c.margin <= math.pi else s - c.margin * math.sin(c.margin)
        )

    return angular(batch, weights, c.scale, own)


def cosface(batch: Batch, weights: list[Vector], c: config.AngularConfig) -> float:
    return angular(batch, weights, c.scale, lambda s: s - c.margin)


def angular(batch: Batch, weights: list[Vector], scale: float, own: Callable[[float], float]) -> float:
    costs = []
    for vector, person in batch:
        cosines = [cosine(vector, weight) for weight in weights]
        cosines[person] = own(cosines[person])
        costs.append(cross_entropy([scale * s for s in cosines], person))
    return mean(costs)


OF_PAIRS: dict[str, Callable[..., Found]] = {
    "triplet": triplet,
    "contrastive": contrastive,
    "quadruplet": quadruplet,
    "n-pair": n_pair,
    "multi-similarity": multi_similarity,
    "circle": circle,
}
WITH_PEOPLE: dict[str, Callable[..., float]] = {
    "proxy-nca": proxy_nca,
    "proxy-anchor": proxy_anchor,
    "center": center,
    "softmax": softmax,
    "arcface": arcface,
    "cosface": cosface,
}
