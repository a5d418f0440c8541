"""What is to be seen of a live site at this moment: the engine writes, pages and metrics read, from any thread."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from reid.events import Event, SinkCounts, about
from reid.linking.answer import Answer
from reid.linking.expected import ExpectedRates
from reid.linking.policy import LinkingPolicy
from reid.live.capture.camera import CameraSnapshot
from reid.live.capture.latest_frames import FrameCounts
from reid.types import StaticThing
from reid.zones.counts import ZoneNow

LATENCY_S = 300.0  # quantiles are over the events of this long
EVENTS = 500  # of the latest that are kept at hand
VISITS = 20  # of each person


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNow:
    """A camera, what became of its frames, and what of it is processed."""

    snapshot: CameraSnapshot
    counts: FrameCounts
    sampled_fps: float | None  # at most so many frames a second are processed; None: all
    in_view: int  # people being followed


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceNow:
    """A person in one camera, as it is shown."""

    camera_id: str
    track_id: int  # of its first tracklet
    start_s: float  # wall clock
    end_s: float  # when seen last
    present: bool
    answer: Answer  # who it was taken for, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNow:
    """A person who is or was here lately."""

    person_id: int
    label: str | None
    visits: tuple[AppearanceNow, ...]  # newest first, at most VISITS, at least one
    crop: bytes | None = field(default=None, repr=False)  # JPEG, of the latest visit

    @property
    def present(self) -> bool:
        """Whether some camera sees them now."""
        return any(visit.present for visit in self.visits)


class SiteState:
    """The state of a live site for pages and metrics; any thread may use it, and each call is of one moment.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, policy: LinkingPolicy | None = None
    ) -> None:
        self._clock = clock
        self._expected = cache(policy.expected) if policy else lambda _: None
        self._lock = threading.Condition()
        self._cameras: dict[str, CameraNow] = {}
        self._people: dict[int, PersonNow] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self._previews: dict[str, tuple[int, bytes | None]] = {}  # None: what it showed may be erased
        self._watched: dict[str, int] = {}
        self._latencies: deque[tuple[float, float]] = deque()
        self._queues: tuple[SinkCounts, ...] = ()
        self._troubles: dict[str, str] = {}
        self._notices: dict[str, str] = {}
        self._things: tuple[StaticThing, ...] = ()
        self._zones: tuple[ZoneNow, ...] = ()
        self._erased: Counter[str] = Counter()
        self._erasures = 0
        self.started_s = time.time()
        self._started_s = clock()
        self.clock_steps = 0  # how often the wall clock was set

    @property
    def uptime_s(self) -> float:
        """Seconds since the start, however the wall clock was set."""
        return self._clock() - self._started_s

    # cameras ---

    def set_cameras(self, cameras: Sequence[CameraNow]) -> None:
        """All cameras that there are."""
        with self._lock:
            self._cameras = {camera.snapshot.camera_id: camera for camera in cameras}
            for gone in set(self._previews) - set(self._cameras):
                del self._previews[gone]

    def cameras(self) -> list[CameraNow]:
        """In the order in which they were added."""
        with self._lock:
            return list(self._cameras.values())

    # static things ---

    def set_things(self, things: Sequence[StaticThing]) -> None:
        """Replace the static things of all cameras, which are left out."""
        with self._lock:
            self._things = tuple(things)

    def things(self, camera_id: str) -> list[StaticThing]:
        """List the static things of one camera, in the order in which they were learned."""
        with self._lock:
            return [thing for thing in self._things if thing.camera_id == camera_id]

    # zones ---

    def set_zones(self, zones: Sequence[ZoneNow]) -> None:
        """All zones and lines that there are."""
        with self._lock:
            self._zones = tuple(zones)

    def zones(self) -> tuple[ZoneNow, ...]:
        """All zones and lines, by camera."""
        with self._lock:
            return self._zones

    # previews ---

    @contextmanager
    def watching(self, camera_id: str) -> Iterator[None]:
        """Have a camera's frames drawn for as long as a viewer looks at it."""
        with self._lock:
            self._watched[camera_id] = self._watched.get(camera_id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._watched[camera_id] -= 1

    def watched(self, camera_id: str) -> bool:
        """Whether a viewer looks at it."""
        with self._lock:
            return self._watched.get(camera_id, 0) > 0

    def set_preview(self, camera_id: str, jpeg: bytes) -> None:
        """The newest annotated frame of a camera."""
        with self._lock:
            number, _ = self._previews.get(camera_id, (0, None))
            self._previews[camera_id] = number + 1, jpeg
            self._lock.notify_all()

    def preview(self, camera_id: str, after: int = 0, timeout_s: float = 0.0) -> tuple[int, bytes] | None:
        """The newest frame and its number, if there is one with a number above `after` within the time-out."""
        with self._lock:
            self._lock.wait_for(lambda: self._newer(camera_id, after) is not None, timeout_s)
            return self._newer(camera_id, after)

    def _newer(self, camera_id: str, after: int) -> tuple[int, bytes] | None:
        number, jpeg = self._previews.get(camera_id, (0, None))
        return (number, jpeg) if number > after and jpeg is not None else None

    # people ---

    def set_person(self, person: PersonNow) -> None:
        """Show a person, or what has changed about them."""
        with self._lock:
            self._people.pop(person.person_id, None)
            self._people[person.person_id] = person

    def remove_person(self, person_id: int) -> None:
        """Remove a person, with all events that tell of them."""
        with self._lock:
            self._people.pop(person_id, None)
            theirs = about(person_id, self._events)
            self._events = deque((event for event in self._events if not theirs(event)), maxlen=EVENTS)

    def note_erasure(self) -> None:
        """People or sightings were erased: last frames, and what is kept elsewhere for pages, may show them."""
        with self._lock:
            self._erasures += 1
            self._previews = {name: (number, None) for name, (number, _) in self._previews.items()}

    @property
    def erasures(self) -> int:
        """How often something was erased."""
        with self._lock:
            return self._erasures

    def drop_person(self, person_id: int) -> None:
        """Show a person no more who was here too long ago."""
        with self._lock:
            self._people.pop(person_id, None)

    def people(self) -> list[PersonNow]:
        """The people who are or were here lately; those first whose last sign of life is the newest."""
        with self._lock:
            return list(reversed(self._people.values()))

    def expected(self) -> ExpectedRates | None:
        """Rates of wrong and of missed links to expect among these people; None where nothing is known."""
        with self._lock:
            people = len(self._people)
        return self._expected(people)

    # events ---

    def add_event(self, event: Event, latency_s: float | None = None) -> None:
        """Something happened; `latency_s` after its frame was decoded, where it is about one."""
        with self._lock:
            self._events.append(event)
            if latency_s is not None:
                now = self._clock()
                self._latencies.append((now, latency_s))
                while now - self._latencies[0][0] > LATENCY_S:
                    self._latencies.popleft()

    def events(self) -> list[Event]:
        """The latest, newest first."""
        with self._lock:
            return list(reversed(self._events))

    def prune(self, before_s: float) -> None:
        """What happened before that is not shown any more."""
        with self._lock:
            kept = [event for event in self._events if event.at_s >= before_s]
            self._events = deque(kept, maxlen=EVENTS)

    def latency_s(self, *quantiles: float) -> list[float]:
        """From decoding to event, of the last minutes; nan where there was none."""
        with self._lock:
            now = self._clock()
            values = [latency for at, latency in self._latencies if now - at <= LATENCY_S]
        if not values:
            return [float("nan")] * len(quantiles)
        return [float(value) for value in np.quantile(values, quantiles)]

    # receivers ---

    def set_queues(self, queues: Sequence[SinkCounts]) -> None:
        """How the receivers of events are doing."""
        with self._lock:
            self._queues = tuple(queues)

    def queues(self) -> tuple[SinkCounts, ...]:
        """One for each receiver."""
        with self._lock:
            return self._queues

    # what does not work, what waits for a person, and what was erased ---

    def set_trouble(self, what: str, why: str | None) -> None:
        """Something that the site is for does not work, or works again (None)."""
        with self._lock:
            _set(self._troubles, what, why)

    def troubles(self) -> dict[str, str]:
        """Sentences, by what does not work."""
        with self._lock:
            return dict(self._troubles)

    def set_notice(self, what: str, text: str | None) -> None:
        """Something that a person should know or decide, or need not any more (None)."""
        with self._lock:
            _set(self._notices, what, text)

    def notices(self) -> dict[str, str]:
        """Sentences, by what they are about."""
        with self._lock:
            return dict(self._notices)

    def add_erased(self, counts: Mapping[str, int]) -> None:
        """So much was erased by itself, by what it was."""
        with self._lock:
            self._erased.update(counts)

    def erased(self) -> dict[str, int]:
        """The same since the start."""
        with self._lock:
            return dict(self._erased)


def _set(sentences: dict[str, str], key: str, text: str | None) -> None:
    if text is None:
        sentences.pop(key, None)
    else:
        sentences[key] = text
