"""Orders are done by the thread that serves them, and whoever gives one gets what comes of it."""

import threading

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
