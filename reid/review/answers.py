"""Review of a site: questions are answered and people corrected, and every answer is a decision of the gallery."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import get_args

from reid.errors import InputError
from reid.review.halves import halves
from reid.review.questions import questions
from reid.review.queue import Queue
from reid.review.records import Question, Reply, ReviewPerson, ReviewProgress
from reid.review.site import Place, ReviewSite
from reid.review.standing import Standing
from reid.review.steps import Steps
from reid.review.taking_back import TakingBack
from reid.store.deciding import Deciding
from reid.store.records import Decision
from reid.types import person_name

REPLIES: tuple[Reply, ...] = get_args(Reply)


class Review:
    """What a person does to a site under review; all calls in the thread that opened its gallery.

    Args:
        site: the gallery and its results.
        by: who decides.
        changed: whether decisions were made since the results were written, before this session.
        ask: what is open at a site, most worth first.
        erase: erases a person of the gallery, wherever something of them is kept; None: `Store.forget`.
        decide: makes the decisions; None: the gallery itself, which is open for writing then.
        alone: whether all that is decided meanwhile is decided here. Then undo goes on with the decisions of earlier
            sessions; else it takes back only what was decided here.
    """

    def __init__(
        self,
        site: ReviewSite,
        *,
        by: str | None = None,
        changed: bool = False,
        ask: Callable[[ReviewSite], list[Question]] = questions,
        erase: Callable[[int], object] | None = None,
        decide: Deciding | None = None,
        alone: bool = True,
    ) -> None:
        self.site = site
        self.changed = changed  # decisions are younger than the results; whoever writes these clears it
        self._by = by
        self._erase = erase or partial(site.store.forget, by=by)
        self._queue = Queue(site, ask)
        self.revision = 0  # grows whenever people, tracklets or questions may be others
        self._steps = Steps()
        self._latest = 0  # number of the decision that was made last here
        self._standing: Standing | None = None
        self._decide = decide or site.store
        self._taking_back = TakingBack(
            self._queue,
            self._steps,
            self._decide,
            by=by,
            decisions=lambda: site.store.decisions(),
            renew=self._renew,
            alone=alone,
        )

    # the queue ---

    def questions(self, limit: int | None = None) -> list[Question]:
        """Open questions, most worth first, those put off as unsure at the end; skipped ones are left out."""
        return self._queue.open()[:limit]

    def question(self, question_id: str) -> Question:
        """The open question of an id.

        Raises:
            InputError: it is answered, or its people are others since.
        """
        return self._queue.find(question_id)

    def answer(self, question_id: str, answer: Reply, *, instead: bool = False) -> None:
        """Answer a question: yes and no are decisions; unsure puts it to the end, skip leaves it out of this session.

        Args:
            instead: earlier decisions that a yes contradicts end; else they refuse it.

        Raises:
            InputError: it is not open any more, or the answer is none of these.
        """
        if answer not in REPLIES:
            raise InputError(f"answer {answer!r}: must be one of {', '.join(REPLIES)}")
        asked = self.question(question_id)
        match asked.kind, answer:
            case _, "unsure" | "skip" as reply:
                self._steps.put_off(self._queue.put_off(question_id, reply))
                return
            case "same_person", "yes":
                assert asked.other_id is not None
                self.merge(asked.person_id, asked.other_id, instead=instead)
            case "same_person", _:
                assert asked.other_id is not None
                self.apart(asked.person_id, asked.other_id)
            case _, "yes":
                self.confirm(asked.person_id, (*asked.one, *asked.settled))
            case _:
                self.split(asked.person_id, asked.one)
        self._queue.answered(question_id, self._latest)
        self._queue.renew()

    # people ---

    def people(self) -> list[ReviewPerson]:
        """All people with their tracklets, by id."""
        return self._now.people

    def person(self, person_id: int) -> ReviewPerson:
        """One person; InputError if there is none of this id."""
        found = next((one for one in self.people() if one.person_id == person_id), None)
        if found is None:
            raise InputError(f"there is no {person_name(person_id)} any more; load the people again")
        return found

    def rename(self, person_id: int, label: str | None) -> None:
        """Give a person a name, or take it away."""
        self._decided([self._decide.rename(person_id, label, by=self._by)], "named")

    def merge(self, person_id: int, into: int, *, instead: bool = False) -> None:
        """Say that two people are one, who keeps the number of `into`; see `Store.merge`."""
        self._decided([self._decide.merge(person_id, into, by=self._by, instead=instead)])

    def apart(self, person_id: int, other_id: int) -> None:
        """Say that two people are two."""
        self._decided([self._decide.apart(person_id, other_id, by=self._by)])

    def split(self, person_id: int, tracklet_ids: Collection[str]) -> int:
        """Say that some tracklets of a person show another one, who is new; their id."""
        new = self._decide.split(person_id, self._places(tracklet_ids), by=self._by)
        about = self.site.store.decisions(new)
        self._decided([one.number for one in about if (one.kind, one.other_id) == ("different", new)][:1])
        return new

    def reassign(self, person_id: int, tracklet_ids: Collection[str], into: int) -> None:
        """Say that some tracklets of a person show another one, who is there."""
        places = self._places(tracklet_ids)
        self._decided([self._decide.reassign(person_id, places, into, by=self._by)])

    def confirm(self, person_id: int, tracklet_ids: Collection[str] | None = None) -> None:
        """Say that tracklets of a person show that person; None: all of theirs."""
        chosen = None if tracklet_ids is None else self._places(tracklet_ids)
        self._decided([self._decide.confirm(person_id, tracklets=chosen, by=self._by)])

    def confirm_many(self, person_ids: Collection[int]) -> None:
        """Say of each of these people that all tracklets show them, in one step; where one is gone, of none."""
        known = {one.person_id for one in self.people()}
        for person_id in person_ids:
            if person_id not in known:
                self.person(person_id)  # says that it is gone
        made: list[int] = []
        try:
            for person_id in dict.fromkeys(person_ids):
                made.append(self._decide.confirm(person_id, by=self._by))
        finally:
            self._decided(made)

    def ignore(self, person_id: int) -> None:
        """Say that what was taken for a person is none."""
        self._decided([self._decide.ignore(person_id, by=self._by)])

    def forget(self, person_id: int) -> None:
        """Erase a person from the gallery, which cannot be undone; results folders keep their files."""
        self.person(person_id)
        try:
            self._erase(person_id)
        finally:  # they are gone from the gallery also where a reader kept bytes of its files
            self._renew()
            self._steps.erased({one.number for one in self.decisions() if one.undone is None})

    def halves(self, person_id: int) -> tuple[list[str], list[str]]:
        """The larger and the smaller half of a person that appearance suggests, as ids of tracklets."""
        own = [one.id for one in self.person(person_id).tracklets]
        tracklets = self.site.tracklets()
        larger, smaller = halves(self.site, self.site.rows(own))
        return [tracklets[row].id for row in larger], [tracklets[row].id for row in smaller]

    # taking back ---

    def undo(self, number: int | None = None) -> Decision | None:
        """Take back what was done last, or the decision of a number; see `TakingBack.undo`."""
        return self._taking_back.undo(number)

    def redo(self) -> Decision:
        """Do again what undo took back last in this session; see `TakingBack.redo`."""
        return self._taking_back.redo()

    @property
    def undoes(self) -> str | None:
        """Name of the step that undo takes back; None: there is none."""
        return self._taking_back.undoes

    @property
    def redoes(self) -> str | None:
        """Name of the step that redo does again; None: there is none."""
        return self._taking_back.redoes

    # what there is ---

    def progress(self) -> ReviewProgress:
        """How much is reviewed, and how many links are expected to be wrong."""
        return self._now.progress

    def decisions(self) -> list[Decision]:
        """What was decided, oldest first."""
        return self._now.decisions

    def overruled(self) -> list[Decision]:
        """The earlier decisions that the last one made here contradicts, which counts more than they do."""
        return self.site.store.overruled(self._latest)

    def reload(self) -> None:
        """Read the gallery again, after something else changed it."""
        self.site.refresh()
        self.renew()

    def renew(self) -> None:
        """Compute questions, people and progress again: the site has changed."""
        self.revision += 1
        self._queue.renew()
        self._standing = None

    @property
    def _now(self) -> Standing:
        if self._standing is None:
            self._standing = Standing(self.site, self._queue)
        return self._standing

    def _decided(self, numbers: Sequence[int], *kinds: str) -> None:
        """Make one step of decisions that were made."""
        if numbers:
            self._latest = numbers[-1]
            self._steps.decided(tuple(numbers))
            self._renew(kinds)

    def _renew(self, kinds: Iterable[str] = ()) -> None:
        """Read again what decisions of some kinds changed; all, where none is named."""
        self.changed = True
        self.revision += 1
        if {*kinds} == {"named"}:  # which moves no tracklet and answers no question
            self.site.refresh_names()
            self._standing = None
        else:
            self.reload()

    def _places(self, tracklet_ids: Collection[str]) -> list[Place]:
        return [self.site.tracklet(one).place for one in tracklet_ids]
