"""What receives the events of a live site."""

from dataclasses import dataclass
from typing import Protocol

from reid.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCounts:
    """What became of the events for one receiver; together they are all events that it was given."""

    name: str
    waiting: int
    sent: int
    given_up: int  # tried, and not taken; or not tried before the end
    dropped: int  # never tried any more: the queue was full, or they were to be forgotten


class Sink(Protocol):
    """Each call may come from any thread."""

    def send(self, event: Event) -> None:
        """Takes an event; never waits for a network, and never raises for a receiver that does not work."""

    def counts(self) -> SinkCounts:
        """What became of the events so far."""

    def forget(self, person_id: int) -> int:
        """Removes the events at hand that name a person, and says how many those were."""

    def prune(self, older_than_s: float) -> int:
        """Removes the events at hand from before that time, seconds since 1970; says how many those were."""

    def close(self, timeout_s: float) -> None:
        """Delivers what waits if that can be done in time; returns on time in any case."""
