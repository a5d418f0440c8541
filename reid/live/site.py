"""The site side of a live run, put together: who is who, what is written of it, and what is told and shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reid.events import Event
from reid.linking.online import OnlineGallery
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig
from reid.live.identity.changes import CameraChanged
from reid.live.identity.event_publisher import EventPublisher
from reid.live.identity.registry import IdentityRegistry
from reid.live.identity.unit_of_work import UnitOfWork
from reid.live.identity.zones import ZoneSettings
from reid.live.views.recent_people import RecentPeople
from reid.live.views.site_state import SiteState
from reid.store.base import Store
from reid.types import Tracklet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """All that belongs to the identities of one site, on one clock."""

    registry: IdentityRegistry
    unit_of_work: UnitOfWork
    state: SiteState
    clock: SiteClock

    def camera_changed(self, camera_id: str, level: str, why: str) -> None:
        """Tell of a camera's state with the next commit."""
        change = CameraChanged(camera_id=camera_id, at_s=self.clock.now_s, level=level, why=why)
        self.unit_of_work.add(change)


def build_site(
    store: Store,
    gallery: OnlineGallery,
    config: OnlineConfig,
    *,
    session: str,
    clock: SiteClock,
    tell: Callable[[Event, float | None], None],
    shows_thing: Callable[[Tracklet], bool] = lambda _: False,
    labels: Mapping[int, str] | None = None,
    zones: ZoneSettings = ZoneSettings(),  # noqa: B008  it is frozen
) -> Site:
    """A site whose changes go to the store, then to what is shown, then as events to `tell`.

    Args:
        session: of this start of the program; makes ids of events and runs that are never given twice.
        tell: takes each event, and the seconds since its frame was decoded if it is about one.
        shows_thing: whether a tracklet shows what never moves, see `StaticPlaces`.
        labels: names of people.
        zones: those of the start.
    """
    state = SiteState(clock=lambda: clock.monotonic_s, policy=gallery.policy)

    def told(event: Event, latency_s: float | None) -> None:
        state.add_event(event, latency_s)
        tell(event, latency_s)

    people = RecentPeople(site_state=state, clock=clock, labels=dict(labels or {}))
    publisher = EventPublisher(session=session, clock=clock, tell=told, label_of=people.labels.get)
    unit_of_work = UnitOfWork(store=store, session=session, listeners=(people, publisher))
    registry = IdentityRegistry(
        gallery, unit_of_work, config, clock=clock, shows_thing=shows_thing, zones=zones
    )
    return Site(registry=registry, unit_of_work=unit_of_work, state=state, clock=clock)
