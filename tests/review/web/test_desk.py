"""The desk of review does calls in one thread, and leaves none waiting when it closes."""

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from starlette.exceptions import HTTPException

from reid.review.web.desk import Desk

PATIENCE_S = 10


def asked(desk: Desk, pool: ThreadPoolExecutor) -> "Future[int]":
    return pool.submit(desk.ask, threading.get_ident)


def test_calls_are_done_by_the_thread_that_works() -> None:
    desk = Desk()
    with ThreadPoolExecutor(2) as pool:
        answers = [asked(desk, pool) for _ in range(2)]
        desk.work(lambda: all(one.done() for one in answers))
        assert [one.result(PATIENCE_S) for one in answers] == [threading.get_ident()] * 2
        wrong = pool.submit(desk.ask, lambda: 1 // 0)
        with pytest.raises(HTTPException, match="the program stops"):
            wrong.result(PATIENCE_S)


def test_what_a_call_raises_is_raised_where_it_was_asked() -> None:
    desk = Desk()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(desk.ask, lambda: 1 // 0)
        desk.work(answer.done)
        with pytest.raises(ZeroDivisionError):
            answer.result(PATIENCE_S)


def test_no_call_waits_for_a_desk_that_closes_meanwhile() -> None:
    for _ in range(100):
        desk, rounds = Desk(), itertools.count()

        def until_refused(desk: Desk = desk) -> int:
            for done in itertools.count():
                try:
                    desk.ask(lambda: None)
                except HTTPException:
                    return done
            raise AssertionError

        with ThreadPoolExecutor(3) as pool:
            callers = [pool.submit(until_refused) for _ in range(3)]
            desk.work(lambda rounds=rounds: next(rounds) > 5)
            for caller in callers:
                assert caller.result(PATIENCE_S) >= 0


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, SystemExit])
def test_what_stops_a_call_refuses_it_and_those_behind_it(stopped_by: type[BaseException]) -> None:
    desk = Desk()

    def stop() -> None:
        raise stopped_by

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(desk.ask, stop) for _ in range(2)]
        with pytest.raises(stopped_by):
            desk.work(lambda: False)
        for answer in answers:
            with pytest.raises(HTTPException, match="the program stops"):
                answer.result(PATIENCE_S)
