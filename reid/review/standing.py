"""How far a review is: what is decided, how much is reviewed, how many links are still expected to be wrong."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from reid.review.queue import Queue
from reid.review.records import Question, ReviewPerson, ReviewProgress
from reid.review.site import ReviewSite
from reid.store.records import Decision


class Standing:
    """What a site, its decisions and its questions amount to; made anew where one of them changes.

    Questions that were put off count as well: nothing is settled about their people.
    """

    def __init__(self, site: ReviewSite, queue: Queue) -> None:
        self._site, self._queue = site, queue

    @cached_property
    def decisions(self) -> list[Decision]:
        """What was decided, oldest first."""
        return self._site.store.decisions()

    @cached_property
    def progress(self) -> ReviewProgress:
        """How much is reviewed."""
        return ReviewProgress(
            tracklets=len(self._site.tracklets()),
            reviewed=len(self._site.decided.told),
            in_question=len(self._in_doubt - self._site.decided.told),
            questions=len(self._queue.all()),
            expected_wrong_links=expected_wrong_links(self._queue.all()),
        )

    @cached_property
    def people(self) -> list[ReviewPerson]:
        """All people with their tracklets, by id."""
        tracklets = self._site.tracklets()
        members: dict[int, list[int]] = {}
        for row, one in enumerate(tracklets):
            members.setdefault(one.person_id, []).append(row)
        asked = self._rows(side for one in self._queue.all() for side in (one.one, one.other))
        found = []
        for person in self._site.people():
            own = members.get(person.person_id, [])
            reviewed = len(self._site.decided.told.intersection(own))
            found.append(
                ReviewPerson(
                    person_id=person.person_id,
                    label=person.label,
                    tracklets=tuple(tracklets[row] for row in own),
                    reviewed=reviewed,
                    sure=reviewed < len(own) and asked.isdisjoint(own),
                )
            )
        return found

    @cached_property
    def _in_doubt(self) -> set[int]:
        """Rows of the tracklets that questions are about: both people, or the one that may not belong."""
        return self._rows(
            side
            for one in self._queue.all()
            for side in ((one.one, one.other) if one.kind == "same_person" else (one.one,))
        )

    def _rows(self, sides: Iterable[Sequence[str]]) -> set[int]:
        return {self._site.row(name) for side in sides for name in side}


def expected_wrong_links(asked: Sequence[Question]) -> float:
    """Sum of the chances of questions that a link is wrong, the greatest first, each link counted once.

    A tracklet is taken out once, though it is asked about alone and with its part; and two people who are joined
    through others are not joined again.
    """
    chances = ((one.belief if one.kind == "same_person" else 1 - one.belief, one) for one in asked)
    out = set[str]()
    joined: dict[int, int] = {}  # union-find of people

    def group(person_id: int) -> int:
        while (further := joined.get(person_id, person_id)) != person_id:
            person_id = further
        return person_id

    total = 0.0
    for chance, one in sorted(chances, key=lambda pair: -pair[0]):
        if one.other_id is None:
            if not out.isdisjoint(one.one):
                continue
            out.update(one.one)
        else:
            first, second = group(one.person_id), group(one.other_id)
            if first == second:
                continue
            joined[first] = second
        total += chance
    return total
