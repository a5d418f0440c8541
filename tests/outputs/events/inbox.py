"""A receiver in this process, and an outbox before it."""

import random
import threading
import time
from collections.abc import Callable

from reid.events import Event
from reid.outputs.events.outbox import Outbox
from reid.outputs.events.receiver import DeliveryFailed

WAIT_S = 0.001


class Inbox:
    """A receiver in this process, which does what `behave` does before it takes an event."""

    def __init__(self, behave: Callable[[Event], None] = lambda _: None) -> None:
        self.behave = behave
        self.tried: list[str] = []
        self.tried_at: list[float] = []
        self.taken: list[str] = []
        self.withdrawn: list[str] = []
        self.closed = threading.Event()

    def deliver(self, event: Event) -> None:
        self.tried.append(event.event_id)
        self.tried_at.append(time.monotonic())
        self.behave(event)
        self.taken.append(event.event_id)

    def withdraw(self, event: Event) -> None:
        self.withdrawn.append(event.event_id)

    def close(self, timeout_s: float) -> None:
        self.closed.set()


def outbox(inbox: Inbox, **settings: object) -> Outbox:
    usual: dict[str, object] = {
        "most_waiting": 1000,
        "tries": 3,
        "first_wait_s": WAIT_S,
        "longest_wait_s": 8 * WAIT_S,
        "rng": random.Random(0),
    }
    return Outbox("inbox", inbox, **(usual | settings))  # type: ignore[arg-type]


def always_fails(event: Event) -> None:
    raise DeliveryFailed("it is away")


def settled(box: Outbox, events: int) -> Callable[[], bool]:
    def looked() -> bool:
        counts = box.counts()
        assert counts.waiting + counts.sent + counts.given_up + counts.dropped == events
        return counts.waiting == 0

    return looked
