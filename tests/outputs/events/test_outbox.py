"""Every event is counted once, whatever the receiver does; the order is kept; closing is on time."""

import random
import threading

from reid.events import Event
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.inbox import Inbox, always_fails, outbox, settled
from tests.outputs.events.made import DAY_S, event
from tests.waiting import until


def test_events_arrive_in_order_and_once() -> None:
    rng = random.Random(1)

    def half_fails(event: Event) -> None:
        if rng.random() < 0.5:
            raise DeliveryFailed("bad luck")

    inbox = Inbox(half_fails)
    box = outbox(inbox, tries=100)
    for number in range(200):
        box.send(event(number))
    until(settled(box, 200), box.counts)
    assert inbox.taken == [f"e{number}" for number in range(200)]
    assert box.counts().sent == 200
    assert len(inbox.tried) > 250
    assert inbox.withdrawn == []


def test_what_never_arrives_is_given_up_after_so_many_tries() -> None:
    inbox = Inbox(always_fails)
    box = outbox(inbox)
    for number in range(5):
        box.send(event(number))
    until(settled(box, 5), box.counts)
    assert inbox.tried == [f"e{number}" for number in range(5) for _ in range(3)]
    assert inbox.withdrawn == [f"e{number}" for number in range(5)]
    assert box.counts().given_up == 5


def test_what_cannot_succeed_is_tried_once() -> None:
    def refuses_odd_ones(event: Event) -> None:
        if int(event.event_id[1:]) % 2:
            raise DeliveryFailed("bad request", retry=False)

    inbox = Inbox(refuses_odd_ones)
    box = outbox(inbox)
    for number in range(10):
        box.send(event(number))
    until(settled(box, 10), box.counts)
    assert inbox.tried == [f"e{number}" for number in range(10)]
    assert (box.counts().sent, box.counts().given_up) == (5, 5)


def test_waits_double_up_to_a_limit_and_follow_the_receiver_within_it() -> None:
    asked: list[float | None] = [None, None, None, None, 0.06, 9.0, None]

    def fails_seven_times(event: Event) -> None:
        if asked:
            raise DeliveryFailed("not yet", after_s=asked.pop(0))

    inbox = Inbox(fails_seven_times)
    box = outbox(inbox, tries=20, first_wait_s=0.01, longest_wait_s=0.08)
    box.send(event(0))
    until(settled(box, 1), box.counts)
    waits = [after - before for before, after in zip(inbox.tried_at, inbox.tried_at[1:], strict=False)]
    least = [0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.04]
    assert all(wait >= bound for wait, bound in zip(waits, least, strict=True)), waits
    assert sum(waits) < 2


def test_the_oldest_go_when_too_many_wait() -> None:
    gate, entered = threading.Event(), threading.Event()

    def waits(event: Event) -> None:
        entered.set()
        assert gate.wait(10)

    inbox = Inbox(waits)
    box = outbox(inbox, most_waiting=10)
    box.send(event(0))
    assert entered.wait(10)
    for number in range(1, 51):
        box.send(event(number))
    assert (box.counts().waiting, box.counts().dropped) == (11, 40)
    gate.set()
    until(settled(box, 51), box.counts)
    assert inbox.taken == ["e0", *(f"e{number}" for number in range(41, 51))]


def test_forgotten_people_are_dropped_and_not_tried_again() -> None:
    gate, entered = threading.Event(), threading.Event()

    def fails_late(event: Event) -> None:
        entered.set()
        assert gate.wait(10)
        if event.names(3):
            raise DeliveryFailed("it is away")

    inbox = Inbox(fails_late)
    box = outbox(inbox, tries=1000)
    box.send(event(3))
    assert entered.wait(10)
    for number in range(4, 24):
        box.send(event(number))
    assert box.forget(3) == 2  # 10 and 17; 3 is on its way
    gate.set()
    until(settled(box, 21), box.counts)
    assert inbox.tried == [f"e{number}" for number in range(3, 24) if number not in (10, 17)]
    assert inbox.withdrawn == ["e3"]
    assert (box.counts().sent, box.counts().dropped) == (18, 3)


def test_forgetting_ends_a_long_wait_between_tries() -> None:
    inbox = Inbox(always_fails)
    box = outbox(inbox, tries=1000, first_wait_s=60, longest_wait_s=60)
    box.send(event(0))
    until(lambda: inbox.tried == ["e0"])
    box.forget(0)
    until(settled(box, 1), box.counts)
    assert (box.counts().dropped, inbox.withdrawn) == (1, ["e0"])


def test_what_is_too_old_is_dropped() -> None:
    inbox = Inbox(always_fails)
    box = outbox(inbox, tries=1000, first_wait_s=60, longest_wait_s=60)
    for number in range(10):
        box.send(event(number))
    until(lambda: inbox.tried == ["e0"])
    assert box.prune(DAY_S + 6) == 5
    until(lambda: inbox.tried[-1] == "e6")
    assert (box.counts().waiting, box.counts().dropped) == (4, 6)


def test_many_threads_and_a_bad_receiver_leave_nothing_uncounted() -> None:
    rng = random.Random(2)

    def wild(event: Event) -> None:
        if rng.random() < 0.3:
            raise DeliveryFailed("bad luck", retry=rng.random() < 0.5)

    inbox = Inbox(wild)
    box = outbox(inbox, most_waiting=20, first_wait_s=0.0001)

    def send(thread: int) -> None:
        for number in range(200):
            box.send(event(1000 * thread + number))
            if number % 50 == 0:
                box.forget(number % 7)

    threads = [threading.Thread(target=send, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    box.close(10.0)
    counts = box.counts()
    assert counts.sent == len(inbox.taken) == len(set(inbox.taken))
    assert (counts.waiting, counts.sent + counts.given_up + counts.dropped) == (0, 800)
