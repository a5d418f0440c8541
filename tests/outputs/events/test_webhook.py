"""Events over HTTP, to a server that fails in the ways in which servers fail."""

import logging
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reid.errors import InputError
from reid.outputs.events.outbox import Outbox
from reid.outputs.events.receiver import DeliveryFailed
from reid.outputs.events.webhook import Webhook
from tests.outputs.events.made import event
from tests.outputs.events.webhook_server import serving
from tests.waiting import until


@contextmanager
def webhook(url: str, *, timeout_s: float = 5.0, **settings: object) -> Iterator[Webhook]:
    made = Webhook(url, **{"headers": {}, "timeout_s": timeout_s, **settings})  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close(1.0)


def outbox(url: str, *, timeout_s: float = 5.0, tries: int = 50) -> Outbox:
    return Outbox(
        "webhook",
        Webhook(url, headers={}, timeout_s=timeout_s),
        most_waiting=1000,
        tries=tries,
        first_wait_s=0.001,
        longest_wait_s=0.005,
        rng=random.Random(0),
    )


def test_an_event_arrives_as_it_is_written_everywhere() -> None:
    with (
        serving() as server,
        webhook(server.url, headers={"X-Site": "north"}, token="t0ken") as hook,
    ):
        hook.deliver(event(1, text="Zoë"))
        hook.deliver(event(2))
    assert server.events == [event(1, text="Zoë").content(), event(2).content()]
    assert server.keys == ["e1", "e2"]
    assert server.headers[0]["Content-Type"] == "application/json"
    assert server.headers[0]["X-Site"] == "north"
    assert server.headers[0]["Authorization"] == "Bearer t0ken"
    assert server.connections == 1


def test_every_event_arrives_once_and_in_order_at_a_server_that_mostly_fails() -> None:
    with serving() as server:
        server.mode = "random"
        box = outbox(server.url)
        for number in range(60):
            box.send(event(number))
        until(lambda: box.counts().waiting == 0, box.counts)
        box.close(5.0)
        assert server.ids == [f"e{number}" for number in range(60)]
        assert server.requests > 120
        assert box.counts().sent == 60


def test_a_confirmation_that_is_lost_brings_the_same_key_again() -> None:
    with serving() as server:
        server.mode = "take and drop"
        box = outbox(server.url)
        box.send(event(1))
        until(lambda: len(server.events) >= 2)
        server.mode = "take"
        box.close(5.0)
        assert set(server.keys) == {"e1"}
        assert box.counts().sent == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422, 301, 307])
def test_what_a_server_refuses_is_not_tried_again(status: int) -> None:
    with serving() as server:
        server.mode, server.status = "status", status
        server.answer_headers = {"Location": "http://127.0.0.1:9/"}
        box = outbox(server.url)
        box.send(event(1))
        until(lambda: box.counts().given_up == 1, box.counts)
        server.mode = "take"
        server.status = 204
        box.send(event(2))
        box.close(5.0)
        assert server.requests == 2
        assert server.ids == ["e2"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_a_server_may_take_later_is_tried_again(status: int) -> None:
    with serving() as server, webhook(server.url) as hook:
        server.mode, server.status = "status", status
        server.answer_headers = {"Retry-After": "17"}
        with pytest.raises(DeliveryFailed, match=rf"^http://127.0.0.1:\d+: answered {status}") as caught:
            hook.deliver(event(1))
        assert caught.value.retry
        assert caught.value.after_s == 17


@pytest.mark.parametrize("asked", ["Wed, 21 Oct 2026 07:28:00 GMT", "-5", "nan", "1e300", ""])
def test_a_wait_that_is_no_number_of_seconds_is_not_followed(asked: str) -> None:
    with serving() as server, webhook(server.url) as hook:
        server.mode, server.status = "status", 503
        server.answer_headers = {"Retry-After": asked}
        with pytest.raises(DeliveryFailed) as caught:
            hook.deliver(event(1))
        assert caught.value.after_s is None


def test_a_server_that_hangs_costs_its_time_out_and_closing_is_on_time() -> None:
    with serving() as server:
        server.mode = "hang"
        with (
            webhook(server.url, timeout_s=0.1) as hook,
            pytest.raises(DeliveryFailed, match=r"no answer within 0\.1 s"),
        ):
            hook.deliver(event(1))
        box = outbox(server.url, timeout_s=20)
        box.send(event(1))
        box.send(event(2))
        until(lambda: server.requests == 2)
        begun = time.monotonic()
        box.close(0.2)
        assert time.monotonic() - begun < 1
        assert box.counts().given_up == 2


def test_an_answer_without_an_end_is_cut_off() -> None:
    with serving() as server, webhook(server.url, timeout_s=0.2) as hook:
        server.mode = "drip"
        begun = time.monotonic()
        hook.deliver(event(1))
        assert time.monotonic() - begun < 2


def test_nobody_there_and_nobody_of_that_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with webhook(nobody) as hook, pytest.raises(DeliveryFailed, match="refused") as caught:
            hook.deliver(event(1))
    assert caught.value.retry
    with webhook("http://nobody.invalid/") as hook, pytest.raises(DeliveryFailed) as caught:
        hook.deliver(event(1))
    assert caught.value.retry


def test_secrets_are_seen_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = ""
    with serving() as server:
        server.mode = "random"
        with webhook(server.url, token="t0ken") as hook:
            for number in range(20):
                try:
                    hook.deliver(event(number))
                except DeliveryFailed as failure:
                    shown += str(failure)
    shown += caplog.text
    assert "answered 503" in shown
    assert "t0ken" not in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://guard:hunter2@host/x", "leave it out"),
        ("ftp://guard:hunter2@host/x", "no http:// or https:// address"),
        ("host/x", "no http:// or https:// address"),
        ("http://", "no http:// or https:// address"),
        ("http://host:99999/", "not an address"),
        ("http://[::1/", "not an address"),
        ("http://ho st/", "no http:// or https:// address"),
        ("http://host/a\n", "no http:// or https:// address"),
        (f"http://{'x' * 70}.ä/", "not an address"),
        ("http://xn--zz--/", "not an address"),
    ],
)
def test_bad_addresses_are_refused(url: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^webhook\.url: .*{said}") as caught:
        Webhook(url, headers={}, timeout_s=1)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"headers": {"Authorization": "Bearer hunter2"}}, "token_variable"),
        ({"headers": {"X Y": "a"}}, "'X Y' cannot be sent"),
        ({"headers": {"X": "a\nb"}}, "'X' cannot be sent"),
        ({"token": "hunter2\n"}, "line ends"),
        ({"token": ""}, "or nothing"),
    ],
)
def test_bad_headers_and_tokens_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught, webhook("http://host/", **settings):
        pass
    assert "hunter2" not in str(caught.value)
