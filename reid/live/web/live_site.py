"""The last minutes of a live site under review: tracklets whose crops are at hand, and their people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reid.linking.policy import LinkingPolicy
from reid.review.questions import questions
from reid.review.records import Question, ReviewTracklet
from reid.review.site import Place, ReviewSite
from reid.store.base import Store
from reid.store.records import PersonSummary, SeenAt
from reid.types import Array, Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AtHand:
    """What a live site knows of the tracklets of its last minutes."""

    tracklets: Mapping[Place, Tracklet]  # by run and key; times are on the wall clock
    means: Mapping[Place, Array]  # (D,) unit, from the centre, without the camera's bias


class LiveSite(ReviewSite):
    """A live site under review. Nothing older is: of that no crops are kept, so it cannot be judged.

    Args:
        store: its gallery, opened for reading.
        session: of this start of the program; begins the names of its runs.
        look: what is known of the last minutes now.
        policy: that it links by.
    """

    def __init__(self, store: Store, session: str, look: Callable[[], AtHand], policy: LinkingPolicy) -> None:
        self._session = session
        self._look: Callable[[], AtHand] = lambda: AtHand(tracklets={}, means={})  # the site has not begun
        super().__init__(store, [], {}, policy)
        self._look = look

    def refresh(self) -> None:
        """Read again who is who, and what is known of the last minutes."""
        now = self._look()
        self._at_hand, self._vectors = now.tracklets, dict(now.means)
        super().refresh()

    def people(self) -> Sequence[PersonSummary]:
        """The people of the last minutes."""
        shown = {one.person_id for one in self.tracklets()}
        return [one for one in super().people() if one.person_id in shown]

    def _sightings(self) -> Sequence[SeenAt]:
        return [
            seen
            for seen in self.store.sightings(session=self._session)
            if (seen.run_id, seen.match.tracklet) in self._at_hand
        ]

    def _at_hand_of(self, one: ReviewTracklet) -> Tracklet | None:
        return self._at_hand.get(one.place)  # it may have gone on since it was stored

    def _measure(self) -> None:
        """Nothing to do: the live site has measured them."""


def answerable(site: ReviewSite) -> list[Question]:
    """The questions of which both sides can be shown."""
    return [
        one
        for one in questions(site)
        if all(any(site.best_crops(name) for name in side) for side in (one.one, one.other))
    ]
