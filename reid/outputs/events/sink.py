"""What receives the events of a live site."""

from typing import Protocol

from reid.events import Event, SinkCounts


class Sink(Protocol):
    """Each call may come from any thread."""

    keeps: str  # what it can erase, in a word for metrics and the log

    def send(self, event: Event) -> None:
        """Takes an event; never waits for a network, and never raises for a receiver that does not work."""

    def retry(self) -> None:
        """Tries what waits for this machine's disk again; what waits for a network is tried without being asked."""

    def counts(self) -> SinkCounts:
        """What became of the events so far."""

    def forget(self, person_id: int) -> int:
        """Removes the events at hand that name a person, and says how many those were."""

    def prune(self, older_than_s: float) -> int:
        """Removes the events at hand from before that time, seconds since 1970; says how many those were."""

    def close(self, timeout_s: float) -> None:
        """Delivers what waits if that can be done in time; returns on time in any case."""
