"""An outbox closes on time, whatever its receiver does, and delivers what it can until then."""

import threading
import time

from reid.events import Event
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.inbox import Inbox, always_fails, outbox
from tests.outputs.events.made import event
from tests.waiting import until


def test_closing_delivers_what_waits() -> None:
    inbox = Inbox(lambda _: time.sleep(0.005))
    box = outbox(inbox)
    for number in range(20):
        box.send(event(number))
    box.close(10.0)
    assert inbox.taken == [f"e{number}" for number in range(20)]
    assert inbox.closed.is_set()
    assert box.counts().sent == 20
    box.send(event(20))
    assert box.counts().dropped == 1
    box.close(1.0)


def test_closing_cuts_a_long_wait_short() -> None:
    failed: list[str] = []

    def fails_once(event: Event) -> None:
        if event.event_id not in failed:
            failed.append(event.event_id)
            raise DeliveryFailed("not yet")

    inbox = Inbox(fails_once)
    box = outbox(inbox, first_wait_s=60, longest_wait_s=60)
    box.send(event(0))
    until(lambda: failed == ["e0"])
    box.close(5.0)
    assert (box.counts().sent, inbox.taken) == (1, ["e0"])


def test_closing_is_on_time_when_nothing_works() -> None:
    inbox = Inbox(always_fails)
    box = outbox(inbox, tries=1_000_000)
    for number in range(10):
        box.send(event(number))
    begun = time.monotonic()
    box.close(0.2)
    assert time.monotonic() - begun < 1
    assert box.counts().given_up == 10
    assert inbox.closed.wait(10)
    assert set(inbox.tried) == {"e0"}


def test_a_delivery_that_hangs_does_not_hold_up_the_end_and_counts_once() -> None:
    gate, entered = threading.Event(), threading.Event()

    def hangs(event: Event) -> None:
        entered.set()
        assert gate.wait(10)

    inbox = Inbox(hangs)
    box = outbox(inbox)
    for number in range(3):
        box.send(event(number))
    assert entered.wait(10)
    begun = time.monotonic()
    box.close(0.1)
    assert time.monotonic() - begun < 1
    assert box.counts().given_up == 3
    gate.set()
    assert inbox.closed.wait(10)
    assert (box.counts().given_up, box.counts().sent, inbox.taken) == (3, 0, ["e0"])
