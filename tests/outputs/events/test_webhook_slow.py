"""Receivers that answer without an end, or never quite: an exchange ends on time, and so does the program."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reid.outputs.events import webhook
from reid.outputs.events.outbox import Outbox
from reid.outputs.events.receiver import DeliveryFailed
from reid.outputs.events.webhook import Webhook
from tests.outputs.events.made import event

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def saying(begin: bytes, again: bytes = b"", every_s: float = 0.02) -> Iterator[str]:
    """The address of a server that says the one, and then the other without an end."""
    listener = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def serve(caller: socket.socket) -> None:
        with caller:
            try:
                caller.recv(65536)
                caller.sendall(begin)
                while again and not ending.wait(every_s):
                    caller.sendall(again)
                ending.wait(10)
            except OSError:
                return

    def accept() -> None:
        while not ending.is_set():
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(caller,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        ending.set()
        listener.close()


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b""),
        (OK, b"X"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK, b"X-A: a\r\n"),
    ],
    ids=["nothing", "a byte at a time", "100 Continue", "headers without an end"],
)
def test_an_answer_that_does_not_begin_is_given_up_on_time(begin: bytes, again: bytes) -> None:
    with saying(begin, again) as url:
        hook = Webhook(url, headers={}, timeout_s=0.15)
        begun = time.monotonic()
        for number in range(2):  # the second one over a connection of its own
            with pytest.raises(DeliveryFailed, match=r"no answer within 0\.15 s") as caught:
                hook.deliver(event(number))
            assert caught.value.retry
        assert 0.25 < time.monotonic() - begun < 2
        hook.close(1.0)
        until = time.monotonic() + 3
        while any(thread.name == "webhook" for thread in threading.enumerate()):
            assert time.monotonic() < until, "who was given up reads on"
            time.sleep(0.02)


@pytest.mark.parametrize("again", [b"", b".", b"x" * 100_000], ids=["silence", "a byte at a time", "much"])
def test_an_answer_whose_rest_does_not_come_is_an_answer(
    again: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "REST_S", 0.1)
    with saying(OK + b"Content-Length: 1000000000\r\n\r\n", again) as url:
        hook = Webhook(url, headers={}, timeout_s=5.0)
        begun = time.monotonic()
        hook.deliver(event(1))
        assert time.monotonic() - begun < 2
        hook.close(1.0)


def test_stopping_does_not_wait_for_it() -> None:
    with saying(b"", b"HTTP/1.1 100 Continue\r\n\r\n") as url:
        hook = Webhook(url, headers={}, timeout_s=30)
        box = Outbox(
            "webhook",
            hook,
            most_waiting=10,
            tries=8,
            first_wait_s=0.1,
            longest_wait_s=1,
            rng=random.Random(0),
        )
        box.send(event(1))
        time.sleep(0.1)
        begun = time.monotonic()
        box.close(0.2)
        assert time.monotonic() - begun < 1
        assert box.counts().given_up == 1


def test_a_reason_has_no_terminal_escapes() -> None:
    with saying(b"HTTP/1.1 503 go \x9b31maway\xff\r\nContent-Length: 0\r\n\r\n") as url:
        hook = Webhook(url, headers={}, timeout_s=5.0)
        with pytest.raises(DeliveryFailed, match="answered 503 go") as caught:
            hook.deliver(event(1))
        hook.close(1.0)
    assert str(caught.value).isprintable()
