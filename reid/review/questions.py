"""The queue of review: what to ask a person next, in the order of what an answer is worth.

An answer is worth the chance that the link which it is about is wrong now, times the number of tracklets that it
decides. See docs/review.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from reid.linking.offline import EVIDENCE_S
from reid.review.belief import at_once_factor
from reid.review.doubts import Doubt, doubts
from reid.review.parts import Parts
from reid.review.records import Question, QuestionKind
from reid.review.site import ReviewSite

NEAREST = 5  # people that each person is compared with in questions
LEAST_DOUBT = 0.005  # chance that a link is wrong; below that nothing is asked
SETTLED = (
    0.9  # belief above which a yes about another tracklet of the person confirms one too, see docs/review.md
)
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
    inside = _once(_belongs(site, parts, one) for one in doubts(site, parts, least_doubt))
    mixed: dict[int, float] = {}  # of people: the chance that one of their parts is not theirs
    for one in inside:
        mixed[one.person_id] = max(1 - one.belief, mixed.get(one.person_id, 0.0))
    between = []
    for one in _same_person(site, parts, least_doubt, nearest):
        doubt = max(mixed.get(who, 0.0) for who in (one.person_id, one.other_id or 0))
        # of two people in one it cannot be said whether they are a third: they are sorted out first
        between.append(replace(one, worth=one.worth * min(1.0, 2 * (1 - doubt))))
    return sorted([*inside, *between], key=lambda one: (-one.worth, one.id))


def _once(found: Iterable[Question]) -> list[Question]:
    """Of a question that is asked from both of its sides, the one that is worth more; with what else yes confirms."""
    kept: dict[str, Question] = {}
    for one in sorted(found, key=lambda one: -one.worth):
        kept.setdefault(one.id, one)
    beliefs: dict[str, float] = {}  # of tracklets with a question of their own
    for one in kept.values():
        beliefs |= {side: min(one.belief, beliefs.get(side, 1.0)) for side in one.one}
    return [replace(one, settled=_settled(one.other, beliefs)) for one in kept.values()]


def _settled(other: Sequence[str], beliefs: Mapping[str, float]) -> tuple[str, ...]:
    """The tracklets that hardly are in question; where all are, the least doubtful: it takes one to belong to."""
    sure = tuple(one for one in other if beliefs.get(one, 1.0) >= SETTLED)
    return sure or (max(other, key=lambda one: beliefs[one]),)


def _same_person(
    site: ReviewSite, parts: Parts, least_doubt: float, nearest: int | None
) -> Iterator[Question]:
    """Pairs of people who may be one: each with those who most likely are."""
    distances = parts.people_sums.to(parts.people_sums)
    beliefs = parts.beliefs.same(distances)
    at_once = site.meetings.of_groups(parts.person_of)
    for (a, b), shared_s in at_once.items():
        beliefs[a, b] *= at_once_factor(shared_s)
    for a, b in parts.apart:
        beliefs[a, b] = -1.0  # answered
    np.fill_diagonal(beliefs, -1.0)
    for a, b in _likely(beliefs, max(least_doubt, 0.0), nearest):
        less, more = sorted((a, b), key=lambda one: _weight(site, parts.rows[one]))
        yield _question(
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


def _likely(beliefs: NDArray[np.float64], least: float, nearest: int | None) -> list[tuple[int, int]]:
    """Pairs of people by number, each with the `nearest` most likely ones where that is likely enough."""
    count = len(beliefs)
    chosen = beliefs >= least
    if nearest is not None and nearest < count:
        best = np.zeros_like(chosen)
        np.put_along_axis(
            best, np.argpartition(-beliefs, nearest - 1, axis=1)[:, :nearest], values=True, axis=1
        )
        chosen &= best | best.T
    return [(int(a), int(b)) for a, b in np.argwhere(np.triu(chosen, 1))]


def _belongs(site: ReviewSite, parts: Parts, doubt: Doubt) -> Question:
    """The question about a side of a person, or about the rest where that side is the person's by decision."""
    sides = doubt.side, doubt.rest
    if _asks_of_rest(site, parts, doubt):
        sides = doubt.rest, doubt.side
    return _question(
        site,
        "belongs",
        *sides,
        people=(parts.ids[doubt.person], None),
        distance=doubt.distance,
        parts=parts,
        belief=doubt.belief,
        at_once=doubt.at_once,
    )


def _asks_of_rest(site: ReviewSite, parts: Parts, doubt: Doubt) -> bool:
    """Whether the rest is in doubt, not the side: the one that no decision gives to the person, else the smaller."""
    told = [not site.decided.told.isdisjoint(rows.tolist()) for rows in (doubt.side, doubt.rest)]
    if told[0] != told[1]:
        return told[0]
    one_part = len(np.unique(parts.part_of[doubt.rest])) == 1
    return one_part and _weight(site, doubt.rest) < _weight(site, doubt.side)


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
