"""Report by true person: their result ids, and what they share with other people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reid.evaluation.overlap import Integers, Overlaps, kinds

_WORTH_TELLING = 0.02  # a smaller share of a person's boxes is a passing mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One result id that covers one true person."""

    result_id: int
    share: float  # of the person's boxes
    cameras: tuple[str, ...]  # where


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """Result ids, shares and confusions of one true person.

    `main` is the id that IDF1 gives the person; another id on the person is a split, the main id on other
    people too is a merge. Shares are of CLEAR's matches, in which each box counts once.
    """

    person: int
    boxes: int
    cameras: tuple[str, ...]
    main: Cover | None  # none: not found, or its ids belong to others rather
    others: tuple[Cover, ...]  # largest share first
    merged_with: tuple[int, ...]  # other true people that `main` covers too

    @property
    def missed(self) -> float:
        """Share of the boxes that no id covers."""
        covers = (*self.others, self.main) if self.main else self.others
        return max(0.0, 1.0 - sum(cover.share for cover in covers))

    def sentence(self) -> str:
        """Describe the person's report in a sentence."""
        start = f"person {self.person} ({', '.join(self.cameras)}): "
        if self.main is None and not self.others:
            return start + "not found"
        parts = [f"id {self.main.result_id} {self.main.share:.0%}" if self.main else "no id of its own"]
        parts += [
            f"split: id {c.result_id} {c.share:.0%} in {', '.join(c.cameras)}"
            for c in self.others
            if c.share >= _WORTH_TELLING
        ]
        if self.merged_with and self.main:
            people = ", ".join(str(person) for person in self.merged_with)
            parts.append(f"merged: id {self.main.result_id} is also on person {people}")
        if self.missed >= _WORTH_TELLING:
            parts.append(f"missed {self.missed:.0%}")
        return start + "; ".join(parts)


def report_people(
    found: Overlaps, matches: Integers, partner: Mapping[int, int], names: Sequence[str]
) -> tuple[PersonReport, ...]:
    """A report on every true person, in order of true ids.

    Args:
        found: all cameras, their ids global.
        matches: numbers of the pairs that CLEAR matches.
        partner: the result id that IDF1 gives each true id.
        names: the cameras' names, in the order of `found`.
    """
    truth, result, kind = kinds(found, matches)
    covered = {(int(a), int(b)): int(n) for a, b, n in zip(truth, result, np.bincount(kind), strict=True)}
    where = found.cameras[found.pair_frames[matches]]
    seen_by = {pair: _named(where[kind == index], names) for index, pair in enumerate(covered)}
    cameras = found.cameras[found.truth_frames]
    boxes = dict(zip(*(a.tolist() for a in np.unique(found.truth_ids, return_counts=True)), strict=True))
    reports = []
    for person, count in boxes.items():
        covers = {
            on: Cover(result_id=on, share=boxes_on / count, cameras=seen_by[covered_person, on])
            for (covered_person, on), boxes_on in covered.items()
            if covered_person == person
        }
        main = covers.pop(partner[person], None) if person in partner else None
        reports.append(
            PersonReport(
                person=person,
                boxes=count,
                cameras=_named(cameras[found.truth_ids == person], names),
                main=main,
                others=tuple(sorted(covers.values(), key=lambda cover: (-cover.share, cover.result_id))),
                merged_with=_merged(covered, boxes, person, main),
            )
        )
    return tuple(reports)


def _merged(
    covered: dict[tuple[int, int], int], boxes: dict[int, int], person: int, main: Cover | None
) -> tuple[int, ...]:
    """Other true people that the main id covers for a share worth telling."""
    return tuple(
        other
        for (other, result_id), count in sorted(covered.items())
        if main and result_id == main.result_id and other != person and count / boxes[other] >= _WORTH_TELLING
    )


def _named(cameras: Integers, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[index] for index in np.unique(cameras))
