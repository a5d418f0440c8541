"""The last minutes of a live site under review: tracklets whose crops are at hand, and their people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reid.linking.policy import LinkingPolicy
from reid.review.questions import questions
from reid.review.records import Question, ReviewTracklet
from reid.review.site import Place, ReviewSite
from reid.store.base import Store
from reid.store.records import Bound, PersonSummary, SeenAt
from reid.types import Array, Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AtHand:
    """What a live site knows of the tracklets of its last minutes."""

    tracklets: Mapping[Place, Tracklet]  # by run and key; times are on the wall clock
    means: Mapping[Place, Array]  # (D,) unit, from the centre, normalised by camera


NOTHING = AtHand(tracklets={}, means={})


class LiveSite(ReviewSite):
    """A live site under review. Nothing older is: of that no crops are kept, so it cannot be judged.

    Args:
        store: its gallery, opened for reading.
        session: of this start of the program; begins the names of its runs.
        look: what is known of the last minutes now.
        policy: that it links by.
        is_outdated: whether something was erased since it was read, or it was dropped.
    """

    def __init__(
        self,
        store: Store,
        session: str,
        look: Callable[[], AtHand],
        policy: LinkingPolicy,
        *,
        is_outdated: Callable[[], bool],
    ) -> None:
        self._session, self._is_outdated = session, is_outdated
        self._look: Callable[[], AtHand] = lambda: NOTHING  # the site has not begun
        super().__init__(store, [], {}, policy)
        self._look = look

    @property
    def is_outdated(self) -> bool:
        return self._is_outdated()

    def refresh(self) -> None:
        """Read again who is who, and what is known of the last minutes."""
        self._hold(self._look())
        super().refresh()

    def drop(self) -> None:
        """Hold nothing of any person, until the next `refresh`."""
        self._hold(NOTHING)
        self._everybody, self._asked = [], set()
        self._take([])

    def _hold(self, now: AtHand) -> None:
        self._at_hand, self._vectors = now.tracklets, dict(now.means)

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

    def _bound(self) -> Sequence[Bound]:
        return self.store.bound(session=self._session)

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
