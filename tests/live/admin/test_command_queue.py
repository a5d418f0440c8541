"""Orders are done by the thread that serves them, and whoever gives one gets what comes of it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reid.errors import InputError
from reid.live.admin.command_queue import CommandQueue


def serving(commands: CommandQueue, stop: threading.Event) -> threading.Thread:
    def serve() -> None:
        while not stop.wait(0.001):
            commands.serve()

    thread = threading.Thread(target=serve, name="server")
    thread.start()
    return thread


def test_the_server_does_them_in_order_and_errors_come_back() -> None:
    commands, stop, done = CommandQueue(), threading.Event(), list[tuple[int, str]]()
    thread = serving(commands, stop)

    def refuse() -> None:
        raise InputError("no")

    try:
        for number in range(5):
            commands.give(lambda number=number: done.append((number, threading.current_thread().name)))
        with pytest.raises(InputError, match="no"):
            commands.give(refuse)
        commands.give(lambda: done.append((5, "after an error")))
    finally:
        stop.set()
        thread.join()
    assert done == [*((number, "server") for number in range(5)), (5, "after an error")]


def test_nobody_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.live.admin.command_queue.PATIENCE_S", 0.05)
    commands, done = CommandQueue(), list[int]()
    with pytest.raises(InputError, match="too busy"):
        commands.give(lambda: done.append(1))
    commands.serve()
    assert done == []  # who was told that it failed must not find it done later


def test_an_order_that_is_being_done_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: what is done in the end is not said to have failed."""
    monkeypatch.setattr("reid.live.admin.command_queue.PATIENCE_S", 0.05)
    commands, begun, go_on = CommandQueue(), threading.Event(), threading.Event()

    def order() -> None:
        begun.set()
        go_on.wait(10)

    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(commands.give, order)
        served = pool.submit(lambda: serve_one(commands, begun))
        assert begun.wait(10)
        with pytest.raises(TimeoutError):
            asked.result(0.3)
        go_on.set()
        assert asked.result(10) is None
        served.result(10)


def serve_one(commands: CommandQueue, begun: threading.Event) -> None:
    while not begun.is_set():
        commands.serve()


def test_a_closed_queue_refuses_what_waits_and_what_comes() -> None:
    commands, done = CommandQueue(), list[int]()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(commands.give, lambda: done.append(1))
        while not commands._waiting.qsize():
            pass
        commands.close()
        with pytest.raises(InputError, match="the site stops"):
            waiting.result(10)
    with pytest.raises(InputError, match="the site stops"):
        commands.give(lambda: done.append(2))
    commands.serve()
    assert done == []
