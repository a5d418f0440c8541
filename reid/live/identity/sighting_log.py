"""What the gallery on the disk is told of tracklets: each belongs to a run, which is a stretch of the site's time."""

from datetime import UTC, datetime

from reid.linking.online import OnlineGallery
from reid.linking.reclustering import Change
from reid.live.identity.unit_of_work import UnitOfWork
from reid.store.sqlite.live_run import Live, Moved
from reid.store.sqlite.runs import Run, Sighting
from reid.types import Match, Tracklet, TrackletKey

BLOCK_S = 300.0  # of a run: what retention erases at a time


class SightingLog:
    """Knows the run of every tracklet that may still change."""

    def __init__(self, gallery: OnlineGallery, unit_of_work: UnitOfWork) -> None:
        self._gallery, self._unit_of_work = gallery, unit_of_work
        self._runs: dict[TrackletKey, Run] = {}

    def write(self, tracklet: Tracklet, match: Match) -> None:
        """Somebody was seen, or more is known of it; `match` names a person."""
        run = self._runs.get(tracklet.key)
        if run is None:
            begun = tracklet.start_s - tracklet.start_s % BLOCK_S
            run = self._runs[tracklet.key] = Run(
                run_id=f"{self._unit_of_work.session}-{int(begun)}",
                started=datetime.fromtimestamp(begun, UTC),
                cameras=tuple(sorted(self._gallery.cameras)),
            )
        vectors = self._gallery.unbiased(tracklet)
        sighting = Sighting(match=match, start_s=tracklet.start_s, end_s=tracklet.end_s, embeddings=vectors)
        self._unit_of_work.sighting(Live(run=run, sighting=sighting))

    def move(self, change: Change, old: int) -> None:
        """A sighting that was written shows somebody else than `old`."""
        self._unit_of_work.moved(
            Moved(
                run_id=self._runs[change.key].run_id,
                key=change.key,
                old=old,
                new=change.new,
                reason=change.reason,
                match=change.match,
            )
        )

    def has(self, key: TrackletKey) -> bool:
        """Whether it was written."""
        return key in self._runs

    def drop(self, key: TrackletKey) -> None:
        """It shows nobody."""
        run = self._runs.pop(key, None)
        if run is not None:
            self._unit_of_work.dropped(run.run_id, key)

    def forget(self, key: TrackletKey) -> None:
        """It is not to be changed any more, or gone already."""
        self._runs.pop(key, None)

    def settle(self) -> None:
        """What the gallery has no second thoughts about any more stays as it was written."""
        self._runs = {key: run for key, run in self._runs.items() if key in self._gallery.recent}
