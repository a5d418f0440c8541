"""Waiting and losses are told of once when they begin, and once when they end."""

import logging
import threading

import pytest

from reid.events import Event
from reid.outputs.events.outage import Outage
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.inbox import Inbox, outbox, settled
from tests.outputs.events.made import event
from tests.waiting import until


def test_a_surprise_costs_one_event_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def surprises(event: Event) -> None:
        if event.event_id == "e0":
            raise ZeroDivisionError("by nothing")

    inbox = Inbox(surprises)
    box = outbox(inbox)
    box.send(event(0))
    box.send(event(1))
    until(settled(box, 2), box.counts)
    assert (box.counts().given_up, inbox.taken) == (1, ["e1"])
    assert "ZeroDivisionError: by nothing" in caplog.text


def test_an_outage_is_three_lines_however_long_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    works = threading.Event()

    def fails_first(event: Event) -> None:
        if not works.is_set():
            raise DeliveryFailed("it is away")

    inbox = Inbox(fails_first)
    quiet = Outage("inbox", logging.getLogger("outbox"), quiet_s=0)
    box = outbox(inbox, outage=quiet)
    for number in range(50):
        box.send(event(number))
    until(settled(box, 50), box.counts)
    works.set()
    for number in range(50, 60):
        box.send(event(number))
    until(settled(box, 60), box.counts)
    assert [record.getMessage() for record in caplog.records] == [
        "inbox: events wait and are tried again (it is away); this is said once, until it works again",
        "inbox: events are being lost (it is away); this is said once, until it works again",
        "inbox: works again; 50 events were lost",
    ]


def test_a_receiver_that_is_away_is_told_of_before_anything_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    works, tried = threading.Event(), threading.Event()

    def away(event: Event) -> None:
        if not works.is_set():
            tried.set()
            raise DeliveryFailed("connection refused")

    box = outbox(Inbox(away), tries=10_000, outage=Outage("inbox", logging.getLogger("outbox"), quiet_s=0))
    box.send(event(0))
    box.send(event(1))
    until(lambda: bool(caplog.records), box.counts)
    assert (box.counts().waiting, box.counts().given_up) == (2, 0)
    works.set()
    until(settled(box, 2), box.counts)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "inbox: events wait and are tried again (connection refused); this is said once, until it works again",
        ),
        ("INFO", "inbox: works again; no event was lost"),
    ]


def test_a_receiver_that_comes_and_goes_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    now_s = 0.0
    outage = Outage("inbox", logging.getLogger("outage"), quiet_s=60, clock=lambda: now_s)
    for _ in range(3000):
        now_s += 0.1
        outage.lost("bad request")
        outage.worked()
    assert 8 <= len(caplog.records) <= 12
    outage.over("ended")
    said = [int(record.getMessage().split("; ")[1].split()[0]) for record in caplog.records[1::2]]
    assert sum(said) == 3000
