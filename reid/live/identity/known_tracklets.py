"""Where each tracklet that may still change belongs: its appearance, and its run in the store."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from reid.linking.online import OnlineGallery
from reid.live.clock import SiteClock
from reid.store.records import Live, Run, Sighting
from reid.types import Match, Tracklet, TrackletKey

BLOCK_S = 300.0  # of a run: what retention erases at a time


@dataclass(slots=True, kw_only=True)
class _Known:
    appearance_id: str
    run: Run | None = None  # None: it is not in the store


class KnownTracklets:
    """Names appearances and runs of tracklets, and makes what the store keeps of them, on the wall clock.

    Args:
        session: of this start of the program; begins the names of its runs, which are stretches of the site's time.
    """

    def __init__(self, gallery: OnlineGallery, session: str, clock: SiteClock) -> None:
        self._gallery, self._session, self._clock = gallery, session, clock
        self._known: dict[TrackletKey, _Known] = {}

    def add(self, key: TrackletKey, appearance_id: str) -> None:
        """Take a tracklet, if it is not known."""
        self._known.setdefault(key, _Known(appearance_id=appearance_id))

    def appearance_of(self, key: TrackletKey) -> str:
        """The id of the appearance that it belongs to."""
        return self._known[key].appearance_id

    def run_of(self, key: TrackletKey) -> str | None:
        """The run that it is in; None where it is not in the store."""
        known = self._known.get(key)
        return None if known is None or known.run is None else known.run.run_id

    def sighting(self, tracklet: Tracklet, match: Match) -> Live:
        """What the store keeps of a tracklet that shows a person."""
        known, start_s = self._known[tracklet.key], self._clock.wall_s(tracklet.start_s)
        if known.run is None:
            begun = start_s - start_s % BLOCK_S
            known.run = Run(
                run_id=f"{self._session}-{int(begun)}",
                started=datetime.fromtimestamp(begun, UTC),
                cameras=tuple(sorted(self._gallery.cameras)),
            )
        sighting = Sighting(
            match=match,
            start_s=start_s,
            end_s=self._clock.wall_s(tracklet.end_s),
            embeddings=self._gallery.normalised(tracklet),
        )
        return Live(run=known.run, sighting=sighting)

    def drop(self, key: TrackletKey) -> tuple[str, TrackletKey] | None:
        """Know nothing of a tracklet any more; its run and key where it is in the store."""
        run_id = self.run_of(key)
        self._known.pop(key, None)
        return None if run_id is None else (run_id, key)

    def take_out(self, keys: Collection[TrackletKey]) -> "KnownTracklets":
        """What is known of some tracklets, which is not known here any more."""
        out = KnownTracklets(self._gallery, self._session, self._clock)
        out._known = {key: self._known.pop(key) for key in keys if key in self._known}
        return out

    def put_back(self, out: "KnownTracklets") -> None:
        """Know again what was taken out."""
        self._known |= out._known

    def of(self, appearance_ids: Collection[str]) -> dict[TrackletKey, str]:
        """The tracklets of these appearances, older ones too, and the appearance of each."""
        return {
            key: one.appearance_id for key, one in self._known.items() if one.appearance_id in appearance_ids
        }

    def keep(self, keys: Collection[TrackletKey]) -> None:
        """Drop the appearances of which no tracklet is among `keys`."""
        kept = {one.appearance_id for key, one in self._known.items() if key in keys}
        self._known = {key: one for key, one in self._known.items() if one.appearance_id in kept}
