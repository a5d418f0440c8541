"""Callers of the page that are slow, large, many, or talk nonsense: against the real server."""

import logging
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from reid.web import descriptors
from reid.web import http_connection as connection
from reid.web.guesses import Guesses
from tests.live.web.page_site import TOKEN, Site, serving
from tests.waiting import until

STATE = b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def called(site: Site, said: bytes = b"", patience_s: float = 5.0) -> Iterator[socket.socket]:
    host, port = site.client.base_url.host, site.client.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=patience_s) as caller:
        caller.sendall(said)
        yield caller


def heard(caller: socket.socket) -> bytes:
    """All that the page says until it hangs up, in whichever way."""
    said = b""
    try:
        while piece := caller.recv(65536):
            said += piece
    except ConnectionError:
        pass
    return said


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X"),
        (b"POST /api/cameras HTTP/1.1\r\nHost: localhost\r\nX-Reid: 1\r\nContent-Length: 999\r\n\r\n", b" "),
        (STATE + b"GET / HTTP/1.1\r\n", b"X"),  # the second one over the same connection
    ],
    ids=["nothing", "slow headers", "slow body", "slow second request"],
)
def test_who_does_not_finish_a_request_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, begin: bytes, drip: bytes
) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 0.3)
    with serving() as site, called(site, begin) as caller:
        begun = time.monotonic()
        caller.settimeout(0.03)
        while time.monotonic() - begun < 4:
            try:
                if not caller.recv(65536):
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            try:
                caller.sendall(drip)
            except ConnectionError:
                break
        assert 0.2 < time.monotonic() - begun < 2
        assert site.client.get("/api/state").status_code == 200
    assert caplog.text == ""


def test_who_takes_no_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_S", 0.2)
    with serving() as site:
        site.site_state.set_preview("door", b"x" * 20_000_000)  # more than the buffers between the two take
        with called(site, b"GET /cameras/door.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            until(lambda: site.site_state.watched("door"))
            site.site_state.set_preview("door", b"x" * 20_000_000)
            until(lambda: not site.site_state.watched("door"))


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_large_body_is_refused_before_it_is_read(token: str | None) -> None:
    piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    post = b"POST /api/people/1/rename HTTP/1.1\r\nHost: localhost\r\nX-Reid: 1\r\n"
    length, chunked = (
        post + b"Content-Length: 629145600\r\n\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\n",
    )
    with serving(token=token) as site:
        for begin in (length, chunked):
            sent = 0
            with called(site, begin) as caller:
                try:
                    while sent < 32 * 2**20:
                        sent += caller.send(piece)
                except ConnectionError:
                    pass
            assert sent < 16 * 2**20, "what fits into the sockets' buffers, and no more"
        for begin in (length, chunked + piece * 3):
            with called(site, begin) as caller:
                answer = heard(caller)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"at most 64 KiB" in answer
            assert b"connection: close" in answer.lower()


def test_idle_connections_make_room_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many more than may be there: each new one costs the oldest that waits, and none of those being answered."""
    with serving() as site, ExitStack() as stack:
        stream = stack.enter_context(site.client.stream("GET", "/cameras/door.mjpg"))
        for _ in range(150):
            stack.enter_context(called(site))
        assert site.client.get("/api/state").status_code == 200
        server = site.server._server
        assert server is not None
        until(lambda: len(server.server_state.connections) <= 100)
        assert site.site_state.watched("door")
        stream.close()


def test_where_all_are_being_answered_the_new_one_is_refused() -> None:
    watch = b"GET /cameras/door.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serving(connections=4) as site, ExitStack() as stack:
        for _ in range(4):
            caller = stack.enter_context(called(site, watch))
            assert caller.recv(100).startswith(b"HTTP/1.1 200 ")
        with called(site, STATE) as fifth:
            assert heard(fifth).startswith(b"HTTP/1.1 503 ")


def test_the_page_leaves_files_to_the_cameras(caplog: pytest.LogCaptureFixture) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(hard, 1024)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
        assert descriptors.room_for(100) == 100
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert raised == (max(low, min(hard, descriptors.WANTED)), hard)
        assert descriptors.room_for(10**6) == raised[0] // 4
        assert f"takes {raised[0] // 4} connections instead of 1000000" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def body(text: bytes, path: bytes = b"/api/people/1/rename", head: bytes = b"") -> bytes:
    size = str(len(text)).encode()
    begin = (
        b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nX-Reid: 1\r\nContent-Type: application/json\r\n"
    )
    return begin + head + b"Content-Length: " + size + b"\r\nConnection: close\r\n\r\n" + text


NONSENSE = {
    "broken JSON": (body(b'{"label": '), 400),
    "no UTF-8": (body(b'{"label": "\xff\xfe"}'), 400),
    "half a pair in a name": (body(b'{"label": "\\ud800"}'), 400),
    "half a pair in a key": (body(b'{"\\ud800": 1}'), 400),
    "deep": (body(b"[" * 60_000), 400),
    "a number without end": (body(b'{"into": ' + b"9" * 5000 + b"}", b"/api/people/1/merge"), 400),
    "beyond 64 bits": (body(b'{"into": 99999999999999999999}', b"/api/people/1/merge"), 400),
    "beyond 64 bits in the path": (body(b"", b"/api/people/99999999999999999999/forget"), 400),
    "not a number": (body(b'{"into": NaN}', b"/api/people/1/merge"), 400),
    "odd origin": (body(b'{"label": "a"}', head=b"Origin: http://[::1\r\n"), 403),
    "odd charset": (body(b'{"label": "a"}', head=b"Content-Type: application/json; charset=no\r\n"), 204),
    "odd method": (b"BREW / HTTP/1.1\r\nHost: localhost\r\nX-Reid: 1\r\nConnection: close\r\n\r\n", 405),
    "odd escapes": (
        b"GET /cameras/%ff%00%zz.jpg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        404,
    ),
    "static": (b"GET /static/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    "static, long": (
        b"GET /static/" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        404,
    ),
    "static, up": (b"GET /static/../app.py HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Reid: 1\r\n\r\n", 404),
    "upgrade": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        200,
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "bad chunk": (
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
    "garbage after a whole request": (STATE + b"\xff\x00 garbage\r\n\r\n", 200),
    "long address of a camera": (body(b'{"address": "' + b"a" * 30_000 + b'"}', b"/api/cameras"), 400),
}


def test_nonsense_is_answered_and_leaves_no_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    found = {}
    with serving() as site:
        for named, (said, _) in NONSENSE.items():
            with called(site, said) as caller:
                answer = heard(caller)
            assert answer.startswith(b"HTTP/1.1 "), named
            found[named] = int(answer.split()[1])
        assert site.client.get("/api/state").status_code == 200
    assert found == {named: status for named, (_, status) in NONSENSE.items()}
    assert caplog.text == ""


def test_who_hangs_up_amid_an_answer_leaves_no_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as site:
        for path in (b"/api/state", b"/cameras/door.mjpg", b"/metrics", b"/static/live.js", b"/api/previews"):
            with called(site, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n") as caller:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        assert site.client.get("/api/state").status_code == 200
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_wrong_tokens_are_slowed_down_and_browsers_that_are_in_stay_in() -> None:
    with serving(token=TOKEN) as site:
        assert site.client.post("/login", data={"token": TOKEN}).status_code == 303
        passed = dict(site.client.cookies)
        site.client.cookies.clear()
        for number in range(10):
            wrong = {"Authorization": f"Bearer wrong{number}"}
            assert site.client.get("/api/state", headers=wrong).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        answers = [
            site.client.get("/api/state", headers=right),
            site.client.get("/", params={"token": TOKEN}),
            site.client.post("/login", data={"token": TOKEN}),
        ]
        assert [answer.status_code for answer in answers] == [429, 429, 429]
        assert 0 < int(answers[0].headers["retry-after"]) <= 60
        assert "error" in answers[0].json()
        assert 'role="alert">Too many wrong tokens came from there; try again in' in answers[2].text
        assert site.client.get("/health").status_code == 200
        assert site.client.get("/api/state").status_code == 401, "without a token nothing is guessed"
        site.client.cookies.update(passed)
        assert site.client.get("/api/state").status_code == 200


def test_guesses_count_by_address_and_by_network() -> None:
    guesses = Guesses(2)
    for host in ("10.0.0.1", "10.0.0.1", "2001:db8::1", "2001:db8::2"):
        guesses.wrong(host)
    assert guesses.wait_s("10.0.0.1") > 0
    assert guesses.wait_s("2001:db8::ffff") > 0
    assert guesses.wait_s("10.0.0.2") == guesses.wait_s("2001:db8:0:1::1") == guesses.wait_s("") == 0
