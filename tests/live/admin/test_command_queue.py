"""Orders are done by the thread that serves them, and whoever gives one gets what comes of it."""

import threading

import pytest

from reid.errors import InputError
from reid.live.admin.command_queue import Orders


def serving(orders: Orders, stop: threading.Event) -> threading.Thread:
    def serve() -> None:
        while not stop.wait(0.001):
            orders.serve()

    thread = threading.Thread(target=serve, name="server")
    thread.start()
    return thread


def test_the_server_does_them_in_order_and_errors_come_back() -> None:
    orders, stop, done = Orders(), threading.Event(), list[tuple[int, str]]()
    thread = serving(orders, stop)

    def refuse() -> None:
        raise InputError("no")

    try:
        for number in range(5):
            orders.give(lambda number=number: done.append((number, threading.current_thread().name)))
        with pytest.raises(InputError, match="no"):
            orders.give(refuse)
        orders.give(lambda: done.append((5, "after an error")))
    finally:
        stop.set()
        thread.join()
    assert done == [*((number, "server") for number in range(5)), (5, "after an error")]


def test_nobody_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.live.admin.command_queue.PATIENCE_S", 0.05)
    orders, done = Orders(), list[int]()
    with pytest.raises(InputError, match="too busy"):
        orders.give(lambda: done.append(1))
    orders.serve()
    assert done == []  # who was told that it failed must not find it done later
