"""Access control of the page: the token, the host's name, and no requests from other web sites."""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reid.web.guesses import Guesses
from reid.web.roles import MAY, ROLES, Role, allows, needed

HEADER = "X-Reid"  # with any value: pages of other sites cannot send it without being asked, and we never are
_PUBLIC = frozenset({"/health", "/static/base.css", "/static/icon.svg"})
_SAFE = frozenset({"GET", "HEAD"})
_LONGEST_LOGIN = 4096  # bytes
_KEPT_S = 30 * 24 * 3600  # a browser need not log in again for so long
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under no-referrer browsers hide the origin of our own login form
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Access:
    """Middleware that lets allowed requests through and answers the others.

    Args:
        name: of the page, as live; pages of one machine keep cookies apart by it and by the token.
        tokens: by role; none: every request may do all.
        hosts: names that requests may be for, beside this machine's own; None: any.
        login: makes the page that asks for the token; given why the last one did not do, or nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        name: str,
        tokens: Mapping[Role, str],
        hosts: frozenset[str] | None,
        login: Callable[[str], str],
    ) -> None:
        self._app, self._hosts, self._login = app, hosts, login
        self._tokens = {role: token.encode() for role, token in tokens.items()}
        # not the token itself: what a browser keeps opens this page, and nothing else that has the same token
        self._passes = {
            role: hmac.new(token, f"reid {name}".encode(), hashlib.sha256).hexdigest()
            for role, token in self._tokens.items()
        }
        # pages of one machine share cookies, whatever their port
        self._cookies = {role: f"reid_{name}_{own[:8]}" for role, own in self._passes.items()}
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._refusal(request) or await self._entrance(request)

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers[name] = value
            await send(message)

        await (answer or self._app)(scope, receive, secured)

    def _refusal(self, request: Request) -> Response | None:
        """Refusal of what no token allows; None: it is allowed."""
        if self._hosts is not None and not _is_local(request.headers, self._hosts):
            return _error(
                403, "this page answers to localhost and 127.0.0.1 alone; other names go into page.hosts"
            )
        if _comes_from_elsewhere(request):
            return _error(403, "another web site may not ask this")
        changes = request.method not in _SAFE and request.scope["path"] != "/login"
        if changes and HEADER not in request.headers:
            return _error(403, f"a request that changes something needs the header {HEADER}, with any value")
        return None

    async def _entrance(self, request: Request) -> Response | None:
        """Answer to a request that lacks the token or brings it now; None: let it in."""
        path = request.scope["path"]  # not request.url, which fails where the header Host is no host
        if not self._tokens:
            return RedirectResponse("/", 303) if path == "/login" else None
        if path in _PUBLIC:
            return None
        given, wait_s = await self._given(request), 0
        if given is not None:
            wait_s = self._guesses.wait_s(_caller(request))
            role = None if wait_s else self._role_of(given)
            if role is not None:
                return self._let_in(request, role)
            self._guesses.wrong(_caller(request))
        # a browser's pass cannot be guessed, so it counts also where many tokens were
        if not _logs_in(request) and (role := self._role_by_pass(request)) is not None:
            return RedirectResponse("/", 303) if path == "/login" else _not_allowed(request, role)
        reads = _logs_in(request) or "text/html" in request.headers.get("accept", "")
        if wait_s:
            sentence, later = f"too many wrong tokens came from there; try again in {wait_s} s", str(wait_s)
            if reads:
                return HTMLResponse(self._login(f"T{sentence[1:]}."), 429, {"Retry-After": later})
            return _error(429, sentence, {"Retry-After": later})
        if reads:
            return HTMLResponse(self._login("That is not the token." if _logs_in(request) else ""), 401)
        sentence = "the token is missing or wrong; send it as Authorization: Bearer TOKEN"
        return _error(401, sentence, {"WWW-Authenticate": "Bearer"})

    async def _given(self, request: Request) -> str | None:
        """Token of a request, given in any of the ways; None: without one."""
        if _logs_in(request):
            return parse_qs(await _short_body(request)).get("token", [""])[0]
        if request.method == "GET" and (asked := request.query_params.get("token")) is not None:
            return asked
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        return given.strip() if kind.lower() == "bearer" else None

    def _role_of(self, given: str) -> Role | None:
        """Role of a token; all are compared, so that the time tells nothing."""
        right = [
            role
            for role, token in self._tokens.items()
            if hmac.compare_digest(given.encode(errors="replace"), token)
        ]
        return right[0] if right else None

    def _let_in(self, request: Request, role: Role) -> Response | None:
        """Let a request with a right token in, or lead it to the address without the token."""
        if _logs_in(request):
            return self._welcome(request, "/", role)
        if "token" in request.query_params:
            return self._welcome(request, _without_token(request), role)
        return _not_allowed(request, role)

    def _role_by_pass(self, request: Request) -> Role | None:
        """The highest role that the browser's cookies open."""
        try:
            cookies = SimpleCookie(request.headers.get("cookie", ""))
        except CookieError:
            return None
        for role in reversed(ROLES):
            if role not in self._passes:
                continue
            cookie = cookies.get(self._cookies[role])
            if cookie is not None and hmac.compare_digest(cookie.value.encode(), self._passes[role].encode()):
                return role
        return None

    def _welcome(self, request: Request, where: str, role: Role) -> Response:
        """Redirect with the cookie; Lax, so that links from other sites lead here, and their images do not.

        A browser that enters with another role leaves the former one.
        """
        answer = RedirectResponse(where, 303)
        secure = request.scope["scheme"] == "https"
        for other, name in self._cookies.items():
            if other != role:
                answer.delete_cookie(name)
        answer.set_cookie(
            self._cookies[role],
            self._passes[role],
            max_age=_KEPT_S,
            httponly=True,
            samesite="lax",
            secure=secure,
        )
        return answer


def _is_local(headers: Headers, further: frozenset[str]) -> bool:
    """Whether a request is for a name of this machine, and not for one that a stranger let point here."""
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in {host.lower() for host in further}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether another origin's page makes the request. Following a link to here is allowed."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        follows = request.method in _SAFE and request.headers.get("sec-fetch-mode") == "navigate"
        return site in ("cross-site", "same-site") and not follows
    # browsers say nothing of sites to addresses that are neither https nor localhost
    try:
        return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:  # no browser's
        return True


def _without_token(request: Request) -> str:
    """Where the request was going, always on this host."""
    query = request.scope["query_string"].decode("latin-1")
    left = [(name, value) for name, value in parse_qsl(query) if name != "token"]
    path = "/" + quote(request.scope["path"].lstrip("/\\"))
    return f"{path}?{urlencode(left)}" if left else path


async def _short_body(request: Request) -> str:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_LOGIN:
            return ""
    return body.decode("utf-8", errors="replace")


def _not_allowed(request: Request, role: Role) -> Response | None:
    """Refusal of what the role may not; None: it may."""
    wanted = needed(request.method, request.scope["path"])
    request.state.role = role  # for the page, which shows no more than the role may do
    if allows(role, wanted):
        return None
    article = "an" if wanted == "admin" else "a"
    return _error(
        403, f"this token is a {role}'s, which may {MAY[role]}; this needs the token of {article} {wanted}"
    )


def _logs_in(request: Request) -> bool:
    return request.method == "POST" and request.scope["path"] == "/login"


def _caller(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
