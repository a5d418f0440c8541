"""The scores in their slow, obvious form: loops over frames and permutations, no code of the product."""

from itertools import permutations

import numpy as np

from reid.evaluation.mot import TrackTable


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4) that are not empty."""
    a, b = a.astype(float)[:, None], b.astype(float)[None]
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    areas = [(c[..., 2] - c[..., 0]) * (c[..., 3] - c[..., 1]) for c in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def idf1(truth: TrackTable, result: TrackTable, threshold: float = 0.5) -> float:
    """The best F1 over every way to give people result ids, one to one (Ristani et al. 2016)."""
    people, ids = sorted(set(truth.ids.tolist())), sorted(set(result.ids.tolist()))
    meet = {(person, given): 0 for person in people for given in ids}
    overlap = iou(truth.boxes, result.boxes)
    for row, person in enumerate(truth.ids.tolist()):
        for column, given in enumerate(result.ids.tolist()):
            if truth.frames[row] == result.frames[column] and overlap[row, column] >= threshold:
                meet[person, given] += 1
    padded = [*ids, *[None] * len(people)]
    best = max(
        sum(meet.get((person, given), 0) for person, given in zip(people, choice, strict=True))
        for choice in permutations(padded, len(people))
    )
    return 2 * best / (len(truth) + len(result))


def ceiling(truth: TrackTable, tracklets: TrackTable, threshold: float = 0.5) -> float:
    """IDF1 of one camera where each tracklet is called the person that it covers most, the first box a frame kept."""
    overlap, person = iou(truth.boxes, tracklets.boxes), {}
    meets = (truth.frames[:, None] == tracklets.frames[None]) & (overlap >= threshold)
    for own in set(tracklets.ids.tolist()):
        covered = truth.ids[meets[:, tracklets.ids == own].nonzero()[0]].tolist()
        person[own] = max(sorted(set(covered)), key=covered.count) if covered else -own
    called, kept, right = [person[own] for own in tracklets.ids.tolist()], set(), 0
    for row, (frame, name) in enumerate(zip(tracklets.frames.tolist(), called, strict=True)):
        if (frame, name) not in kept:
            right += any(meets[:, row] & (truth.ids == name))
            kept.add((frame, name))
    return 2 * right / max(1, len(truth) + len(kept))


def hota(truth: TrackTable, result: TrackTable, alpha: float) -> tuple[float, float, float]:
    """HOTA, DetA and AssA at one threshold, summed over every true positive (Luiten et al. 2020)."""
    matches = _hota_matches(truth, result)
    right = [(person, given) for person, given, overlap in matches if overlap >= alpha]
    if not right:
        return 0.0, 0.0, 0.0
    detection = len(right) / (len(truth) + len(result) - len(right))
    total = 0.0
    for person, given in right:
        both = sum(1 for pair in right if pair == (person, given))
        missed = int((truth.ids == person).sum()) - both
        wrong = int((result.ids == given).sum()) - both
        total += both / (both + missed + wrong)
    association = total / len(right)
    return (detection * association) ** 0.5, detection, association


def _hota_matches(truth: TrackTable, result: TrackTable) -> list[tuple[int, int, float]]:
    frames = sorted(set(truth.frames.tolist()) & set(result.frames.tolist()))
    soft: dict[tuple[int, int], float] = {}
    scenes = []
    for frame in frames:
        left, right = truth.select(truth.frames == frame), result.select(result.frames == frame)
        overlap = iou(left.boxes, right.boxes)
        scenes.append((left.ids.tolist(), right.ids.tolist(), overlap))
        for row, person in enumerate(left.ids.tolist()):
            for column, given in enumerate(right.ids.tolist()):
                total = overlap[row].sum() + overlap[:, column].sum() - overlap[row, column]
                share = overlap[row, column] / total if total > 0 else 0.0
                soft[person, given] = soft.get((person, given), 0.0) + share
    agreement = {
        (person, given): s / ((truth.ids == person).sum() + (result.ids == given).sum() - s)
        for (person, given), s in soft.items()
    }
    matches = []
    for people, ids, overlap in scenes:
        weight = np.array([[agreement[person, given] for given in ids] for person in people]) * overlap
        pairs = _best(weight)
        matches += [(people[row], ids[column], float(overlap[row, column])) for row, column in pairs]
    return matches


def _best(weight: np.ndarray) -> list[tuple[int, int]]:
    """The one-to-one choice of the largest sum, by trying all."""
    rows, columns = weight.shape
    if rows > columns:
        return [(row, column) for column, row in _best(weight.T)]
    choices = (list(enumerate(choice)) for choice in permutations(range(columns), rows))
    return max(choices, key=lambda pairs: sum(weight[row, column] for row, column in pairs))


def clear(truth: TrackTable, result: TrackTable, threshold: float = 0.5) -> dict[str, int]:
    """Matches, misses, false positives and switches, frame by frame (Bernardin & Stiefelhagen 2008)."""
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    counts = {"misses": 0, "false_positives": 0, "switches": 0}
    for frame in sorted(set(truth.frames.tolist()) | set(result.frames.tolist())):
        left, right = truth.select(truth.frames == frame), result.select(result.frames == frame)
        people, ids = left.ids.tolist(), right.ids.tolist()
        if not people or not ids:
            counts["misses"] += len(people)
            counts["false_positives"] += len(ids)
            continue
        weight = iou(left.boxes, right.boxes)
        weight[weight < threshold] = 0
        for row, person in enumerate(people):
            for column, given in enumerate(ids):
                if weight[row, column] and before.get(person) == given:
                    weight[row, column] += 1000
        now = {people[row]: ids[column] for row, column in _best(weight) if weight[row, column] > 0}
        counts["switches"] += sum(1 for person, given in now.items() if last.get(person, given) != given)
        counts["misses"] += len(people) - len(now)
        counts["false_positives"] += len(ids) - len(now)
        last.update(now)
        before = now
    return counts
