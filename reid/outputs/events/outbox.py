"""Events on their way to a receiver that may be slow, away or broken: nothing else waits for it."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable

from reid.events import Event, SinkCounts, about
from reid.outputs.events.outage import Outage
from reid.outputs.events.receiver import DeliveryFailed, Receiver

log = logging.getLogger(__name__)


class _Surprise(DeliveryFailed):
    """A delivery ended in a way that its receiver did not foresee."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__, retry=False)
        self.error = error


class Outbox:
    """A bounded queue, and one thread that delivers from it, in order.

    Every event is counted once: as sent, given up or dropped.

    Args:
        most_waiting: of events, besides the one that is being delivered.
        tries: of one event, before it is given up.
        first_wait_s: before the second try; doubled each time, less a random part of up to a half.
        longest_wait_s: at most so long between tries, also where the receiver asks for more.
        outage: how losses are logged.
    """

    keeps = "waiting events"

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        *,
        most_waiting: int,
        tries: int,
        first_wait_s: float,
        longest_wait_s: float,
        rng: random.Random,
        outage: Outage | None = None,
    ) -> None:
        self._name, self._receiver, self._rng = name, receiver, rng
        self._most_waiting, self._tries = most_waiting, tries
        self._first_wait_s, self._longest_wait_s = first_wait_s, longest_wait_s
        self._outage = outage or Outage(name, log)
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._current: Event | None = None
        self._unwanted = False  # the current event: not to be tried again
        self._sent = self._given_up = self._dropped = 0
        self._until: float | None = None  # closing: deliver up to then
        self._ended = False  # all is counted, whatever a delivery that hangs may still say
        self._thread = threading.Thread(target=self._work, name=f"events to {name}", daemon=True)
        self._thread.start()

    def send(self, event: Event) -> None:
        """Queue an event; at once."""
        with self._changed:
            if self._until is not None:
                self._drop("the program is ending")
                return
            # The oldest goes, not the newest: whoever watches a live site wants to know what is, not what was.
            if len(self._waiting) >= self._most_waiting:
                self._waiting.popleft()
                self._drop(f"more than {self._most_waiting} wait")
            self._waiting.append(event)
            self._changed.notify_all()

    def retry(self) -> None:
        """Nothing to do: the thread tries again by itself."""

    def counts(self) -> SinkCounts:
        """What became of the events so far; the one that is being delivered waits, too."""
        with self._changed:
            return SinkCounts(
                name=self._name,
                waiting=len(self._waiting) + (self._current is not None),
                sent=self._sent,
                given_up=self._given_up,
                dropped=self._dropped,
            )

    def forget(self, person_id: int) -> int:
        """Drop the waiting events on a person, see `about`.

        The one that is being delivered at this moment may arrive; where it does not, it is not tried again.
        """
        with self._changed:
            waiting = [*self._waiting] if self._current is None else [self._current, *self._waiting]
        return self._remove(about(person_id, waiting))

    def prune(self, older_than_s: float) -> int:
        """Drop the waiting events from before that time, seconds since 1970."""
        return self._remove(lambda event: event.at_s < older_than_s)

    def close(self, timeout_s: float) -> None:
        """Deliver what waits until then, count the rest as given up, and return on time in any case."""
        until = time.monotonic() + timeout_s
        with self._changed:
            if self._until is None:
                self._until = until
                self._changed.notify_all()
        self._thread.join(max(0.0, until - time.monotonic()))
        with self._changed:
            self._end()

    # what the callers' threads do, with the lock ---

    def _remove(self, unwanted: Callable[[Event], bool]) -> int:
        with self._changed:
            kept = deque(event for event in self._waiting if not unwanted(event))
            removed = len(self._waiting) - len(kept)
            self._waiting = kept
            self._dropped += removed
            if self._current is not None and unwanted(self._current):
                self._unwanted = True
            self._changed.notify_all()
            return removed

    def _drop(self, why: str) -> None:
        self._dropped += 1
        self._outage.lost(why)

    def _end(self) -> None:
        if not self._ended:
            left = len(self._waiting) + (self._current is not None)
            for _ in range(left):
                self._outage.lost("the program ended before they were delivered")
            self._given_up += left
            self._waiting.clear()
            self._current = None
            self._ended = True
            self._outage.over("ended")
            self._changed.notify_all()

    # what the delivering thread does ---

    def _work(self) -> None:
        while (event := self._next()) is not None:
            if not self._deliver(event):
                self._receiver.withdraw(event)
            with self._changed:
                self._current = None
        with self._changed:
            left_s = max(0.0, (self._until or 0.0) - time.monotonic())
        self._receiver.close(left_s)

    def _next(self) -> Event | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._until is not None)
            if self._ended or not self._waiting:
                return None
            self._current, self._unwanted = self._waiting.popleft(), False
            return self._current

    def _deliver(self, event: Event) -> bool:
        for attempt in range(1, self._tries + 1):
            failure = self._try(event)
            with self._changed:
                if self._ended:
                    return failure is None
                if failure is None:
                    self._sent += 1
                    self._current = None
                    self._outage.worked()
                    return True
                if failure.retry and attempt < self._tries:
                    self._outage.late(str(failure))
                    self._wait(self._pause_s(attempt, failure))
                    if not (self._unwanted or self._ended):
                        continue
                self._settle(failure)
                return False
        raise AssertionError("the last try settles it")

    def _try(self, event: Event) -> DeliveryFailed | None:
        try:
            self._receiver.deliver(event)
        except DeliveryFailed as failure:
            return failure
        except (
            Exception
        ) as error:  # a bug, or a library's surprise: one event is lost, and not all that follow
            return _Surprise(error)
        return None

    def _settle(self, failure: DeliveryFailed) -> None:
        """The current event does not arrive."""
        if self._ended:
            return
        self._current = None
        if self._unwanted:
            self._dropped += 1
        else:
            self._given_up += 1
            self._outage.lost(str(failure), error=failure.error if isinstance(failure, _Surprise) else None)

    def _pause_s(self, attempt: int, failure: DeliveryFailed) -> float:
        doubled = self._first_wait_s * 2.0 ** min(attempt - 1, 60)
        # Jitter: many sites that lost one receiver must not all come back to it in the same moment.
        wait_s = min(doubled, self._longest_wait_s) * self._rng.uniform(0.5, 1.0)
        return max(wait_s, min(failure.after_s or 0.0, self._longest_wait_s))

    def _wait(self, wait_s: float) -> None:
        """Until it is time, or the event is not wanted any more; closing cuts a wait that had begun before."""
        closing = self._until is not None
        if closing:
            wait_s = min(wait_s, self._first_wait_s)
        self._changed.wait_for(
            lambda: self._unwanted or self._ended or (not closing and self._until is not None), wait_s
        )
