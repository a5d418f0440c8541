"""The queue of review: what to ask a person next, in the order of what an answer is worth.

An answer is worth the chance that the link which it is about is wrong now, times the number of tracklets that it
decides. See docs/review.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from reid.linking.offline import EVIDENCE_S
from reid.review.belief import at_once_factor
from reid.review.parts import Parts
from reid.review.records import Question, QuestionKind
from reid.review.site import ReviewSite

NEAREST = 5  # people that each person is compared with in questions
LEAST_DOUBT = 0.005  # chance that a link is wrong; below that nothing is asked
Rows = NDArray[np.int64]


def questions(
    site: ReviewSite, *, least_doubt: float = LEAST_DOUBT, nearest: int | None = NEAREST
) -> list[Question]:
    """Open questions, most worth first; those that decisions have answered are not in it.

    Args:
        least_doubt: chance that a link is wrong, below which nothing is asked.
        nearest: people that each is compared with; None: all.
    """
    if not site.tracklets():
        return []
    parts = Parts(site)
    inside = _once(_belongs(site, parts, least_doubt))
    doubts: dict[int, float] = {}  # of people: the chance that one of their parts is not theirs
    for one in inside:
        doubts[one.person_id] = max(1 - one.belief, doubts.get(one.person_id, 0.0))
    between = []
    for one in _same_person(site, parts, least_doubt, nearest):
        mixed = max(doubts.get(who, 0.0) for who in (one.person_id, one.other_id or 0))
        # of two people in one it cannot be said whether they are a third: they are sorted out first
        between.append(replace(one, worth=one.worth * min(1.0, 2 * (1 - mixed))))
    return sorted([*inside, *between], key=lambda one: (-one.worth, one.id))


def _once(found: Sequence[Question]) -> list[Question]:
    """Of a question that is asked from both of its sides, the one that is worth more."""
    kept: dict[str, Question] = {}
    for one in sorted(found, key=lambda one: -one.worth):
        kept.setdefault(one.id, one)
    return list(kept.values())


def _same_person(site: ReviewSite, parts: Parts, least_doubt: float, nearest: int | None) -> list[Question]:
    """Pairs of people who may be one: each with those who most likely are."""
    count = len(parts.ids)
    distances = site.distances.groups(parts.person_of, count).each()
    beliefs = parts.beliefs.same(distances)
    at_once = site.meetings.of_groups(parts.person_of)
    for (a, b), shared_s in at_once.items():
        beliefs[a, b] *= at_once_factor(shared_s)
    for a, b in parts.apart:
        beliefs[a, b] = -1.0  # answered
    np.fill_diagonal(beliefs, -1.0)
    likely = np.argsort(-beliefs, axis=1, kind="stable")[:, :nearest]
    pairs = {(min(a, b), max(a, b)) for a in range(count) for b in likely[a].tolist() if a != b}
    found = []
    for a, b in sorted(pair for pair in pairs if beliefs[pair] >= max(least_doubt, 0.0)):
        less, more = sorted((a, b), key=lambda one: _weight(site, parts.rows[one]))
        found.append(
            _question(
                site,
                "same_person",
                parts.rows[less],
                parts.rows[more],
                people=(parts.ids[less], parts.ids[more]),
                distance=float(distances[a, b]),
                parts=parts,
                belief=float(beliefs[a, b]),
                at_once=(a, b) in at_once,
            )
        )
    return found


def _belongs(site: ReviewSite, parts: Parts, least_doubt: float) -> list[Question]:
    """Parts of people, and single tracklets, that may not be of their person."""
    found = []
    for person, rows in enumerate(parts.rows):
        own = np.unique(parts.part_of[rows]).tolist()
        sides = [parts.parts[part] for part in own] if len(own) > 1 else []
        singles = rows[[row not in parts.decided.told for row in rows.tolist()]]
        sides += [np.array([row]) for row in singles.tolist() if len(rows) > 1]
        others = parts.others(person)
        for side in sides:
            rest = rows[~np.isin(rows, side)]
            asked = _doubted(site, parts, person, side, rest, others)
            if asked is not None and 1 - asked.belief >= least_doubt:
                found.append(asked)
    return found


def _doubted(
    site: ReviewSite, parts: Parts, person: int, side: Rows, rest: Rows, others: NDArray[np.bool_]
) -> Question | None:
    """The question whether a side of a person belongs to the rest; None: nothing is known of it."""
    measured = [row for row in (*side.tolist(), *rest.tolist()) if site.tracklets()[row].measured]
    if not set(measured) & set(side.tolist()) or not set(measured) & set(rest.tolist()):
        return None
    distance = site.distances.mean(side, rest)
    met = site.meetings.of(side.tolist())
    possible = others.copy()
    possible[parts.part_of[list(met)]] = False
    belief = parts.beliefs.belongs(
        distance, parts.distances(side)[possible], 1 - parts.may_be_of(site, rest)[possible]
    )
    shared_s = max((met[row] for row in rest.tolist() if row in met), default=None)
    belief *= 1.0 if shared_s is None else at_once_factor(shared_s)
    less, more = (
        sorted((side, rest), key=lambda one: _weight(site, one)) if _is_part(parts, rest) else (side, rest)
    )
    return _question(
        site,
        "belongs",
        less,
        more,
        people=(parts.ids[person], None),
        distance=distance,
        parts=parts,
        belief=belief,
        at_once=shared_s is not None,
    )


def _is_part(parts: Parts, rows: Rows) -> bool:
    """Whether these are one part, so that the question from the other side is the same."""
    return len(np.unique(parts.part_of[rows])) == 1


def _weight(site: ReviewSite, rows: Rows) -> float:
    """Number of tracklets, glimpses counting less, as they do in linking."""
    return float(site.distances.weights[rows].sum() / EVIDENCE_S[1])


def _question(
    site: ReviewSite,
    kind: QuestionKind,
    one: Rows,
    other: Rows,
    *,
    people: tuple[int, int | None],
    distance: float,
    parts: Parts,
    belief: float,
    at_once: bool,
) -> Question:
    tracklets = site.tracklets()
    sides = tuple(tracklets[row].id for row in one), tuple(tracklets[row].id for row in other)
    wrong = belief if kind == "same_person" else 1 - belief
    return Question(
        id=question_id(kind, *sides),
        kind=kind,
        one=sides[0],
        other=sides[1],
        person_id=people[0],
        other_id=people[1],
        distance=distance,
        probability=parts.beliefs.probability(distance),
        worth=wrong * min(_weight(site, one), _weight(site, other)),
        at_once=at_once,
        belief=belief,
    )


def question_id(kind: str, one: Sequence[str], other: Sequence[str]) -> str:
    """The same for the same two sides, whichever is named first and whatever the people are called now."""
    text = "\n".join([kind, *sorted("\t".join(sorted(side)) for side in (one, other))])
    return sha256(text.encode()).hexdigest()[:16]
