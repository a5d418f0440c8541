"""Who may ask what."""

import re
import socket
from http.client import HTTPConnection
from urllib.parse import urlencode

import httpx
import pytest

from reid.errors import InputError
from reid.live.web.page_config import PageConfig
from reid.live.web.server import PageServer
from tests.live.web.page_site import ASKS, TOKEN, serving

PATHS = [
    "/",
    "/api/state",
    "/api/events",
    "/metrics",
    "/openapi.json",
    "/people/1.jpg",
    "/cameras/door.jpg",
    "/cameras/door.mjpg",
]
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("path", [*PATHS, "/api/previews", "/static/live.js", "/nothing"])
def test_nothing_without_the_token(path: str) -> None:
    with serving(token=TOKEN) as site:
        (cookie,) = httpx.get(site.client.base_url, params={"token": TOKEN}).cookies
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Cookie": f"{cookie}=wrong"},
            {"Cookie": "="},
        ):
            assert site.client.get(path, headers=headers).status_code == 401
        assert site.client.post("/api/people/1/forget", headers=ASKS).status_code == 401
        assert site.control.asked == []


def test_health_needs_none() -> None:
    with serving(token=TOKEN) as site:
        assert site.client.get("/health").status_code == 200


def test_the_token_opens() -> None:
    with serving(token=TOKEN) as site:
        assert site.client.get("/api/state", headers=BEARER).status_code == 200
        assert site.client.post("/api/people/1/forget", headers=BEARER | ASKS).status_code == 204


def test_the_token_in_the_address_becomes_a_cookie_and_is_gone() -> None:
    with serving(token=TOKEN) as site:
        answer = site.client.get("/api/events", params={"token": TOKEN, "limit": "5"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/api/events?limit=5")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert TOKEN not in cookie
        assert site.client.get(answer.headers["location"]).status_code == 200
        assert site.client.get("/api/state").status_code == 200
    with serving(token="another, of another day") as other:
        other.client.cookies = site.client.cookies
        assert other.client.get("/api/state").status_code == 401


def test_pages_of_one_machine_do_not_log_each_other_out() -> None:
    """Browsers send cookies of one port to the others too."""
    jar = httpx.Cookies()
    with serving(token=TOKEN) as site, serving(token="of another page") as other:
        for page, token in ((site, TOKEN), (other, "of another page")):
            page.client.cookies = jar
            jar.update(page.client.get("/api/state", params={"token": token}).cookies)
        assert len(jar) == 2
        for page in (site, other):
            page.client.cookies = jar
            assert page.client.get("/api/state").status_code == 200


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/%5Cevil.example", "/\\evil.example", "///evil.example"]
)
def test_the_token_leads_nowhere_else(path: str) -> None:
    with serving(token=TOKEN) as site:
        connection = HTTPConnection(site.client.base_url.netloc.decode())
        connection.request("GET", f"{path}?{urlencode({'token': TOKEN})}")
        location = connection.getresponse().headers["location"]
        connection.close()
    assert re.match(r"/evil\.example", location)


def test_the_login_form() -> None:
    with serving(token=TOKEN) as site:
        page = site.client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 401
        assert 'action="/login"' in page.text
        wrong = site.client.post("/login", data={"token": "<b>wrong</b>"})
        assert wrong.status_code == 401
        assert "not the token" in wrong.text
        assert "<b>" not in wrong.text.split("<form")[1]
        assert site.client.post("/login", data={"token": "x" * 10_000}).status_code == 401
        right = site.client.post("/login", data={"token": TOKEN})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert site.client.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        ASKS | {"Origin": "http://evil.example"},
        ASKS | {"Origin": "null"},
        ASKS | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        ASKS | {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_in_the_same_browser_changes_nothing(headers: dict[str, str]) -> None:
    with serving() as site:
        answer = site.client.post("/api/people/1/forget", headers=headers)
        assert answer.status_code == 403
        assert site.control.asked == []
        assert not [name for name in answer.headers if name.startswith("access-control")]
        allowed = site.client.options(
            "/api/people/1/forget", headers=ASKS | {"Origin": "http://evil.example"}
        )
        assert allowed.status_code >= 400


def test_another_site_shows_no_frames_of_ours() -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    with serving() as site:
        assert site.client.get("/people/1.jpg", headers=elsewhere).status_code == 403
        link = elsewhere | {"Sec-Fetch-Mode": "navigate"}
        assert site.client.get("/", headers=link).status_code == 200, "a link leads here"
        own = {"Sec-Fetch-Site": "same-origin", "Origin": site.server.url.rstrip("/")}
        assert site.client.post("/api/people/1/forget", headers=ASKS | own).status_code == 204


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200), ("127.0.0.1", 200), ("[::1]:9", 200), ("LOCALHOST", 200), ("reid.lan", 200),
        ("evil.example", 403), ("localhost.evil.example", 403), ("10.0.0.1", 403), ("", 403), ("[", 403),
    ],
)  # fmt: skip
def test_only_names_of_this_machine(host: str, status: int) -> None:
    with serving(hosts=("reid.lan",)) as site:
        assert site.client.get("/api/state", headers={"Host": host}).status_code == status


def test_headers_everywhere() -> None:
    with serving(token=TOKEN) as site:
        for path in (*PATHS[:-2], "/static/live.js", "/nothing"):
            for headers in (BEARER, {}):
                answer = site.client.get(path, headers=headers)
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["cache-control"] == "no-store"
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                assert "http" not in answer.headers["content-security-policy"]
                assert "server" not in answer.headers


def page(listen: str, **environment: str) -> PageServer:
    return PageServer(listen, PageConfig(listen=listen), environment)


def test_open_to_others_only_with_a_token() -> None:
    for listen in ("0.0.0.0:0", "[::]:0"):
        with pytest.raises(InputError, match="environment variable REID_TOKEN"):
            page(listen)
    with pytest.raises(InputError, match="has 3 characters"):
        page("0.0.0.0:0", REID_TOKEN="abc")
    with serving(token=TOKEN, listen="0.0.0.0:0") as site:
        assert site.client.get("/api/state").status_code == 401
        assert site.client.get("/api/state", headers=BEARER | {"Host": "camera-pc.lan"}).status_code == 200


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"{listen} is in use"):
            page(listen)


def test_an_address_that_is_none() -> None:
    with pytest.raises(InputError, match=r"no-such-host\.invalid:80 is no address"):
        page("no-such-host.invalid:80")
    for listen in ("8080", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:80"):
        with pytest.raises(ValueError, match="listen is address:port"):
            PageConfig(listen=listen)


def test_it_starts_and_stops_and_starts_again_on_its_port() -> None:
    with serving() as site:
        url = site.server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with serving(listen=url.removeprefix("http://").rstrip("/")) as again:
        assert again.client.get("/health").status_code == 200
