"""The page as an ASGI application."""

import threading
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from reid import __version__, json_text
from reid.errors import ReidError
from reid.live.admin.control import Control
from reid.live.views.site_state import SiteState
from reid.live.web.access import Access
from reid.live.web.body import BoundedBody
from reid.live.web.command_routes import build_asking
from reid.live.web.preview_routes import build_previews
from reid.live.web.state_routes import build_looking

_HERE = Path(__file__).parent
# for the documentation alone: Access has checked the token, which may also come as a cookie
_BEARER = HTTPBearer(auto_error=False, description="the token, where the page was started with one")


class FiniteJson(JSONResponse):
    """JSON answer with null for nan and infinity, where starlette would fail."""

    def render(self, content: Any) -> bytes:
        return json_text.dumps(content).encode()


def build_app(
    site_state: SiteState,
    control: Control,
    *,
    token: str | None,
    local: bool = True,
    hosts: Collection[str] = (),
    stopping: threading.Event | None = None,
) -> FastAPI:
    """Build the application: all routes behind the access control.

    Args:
        token: a request with it may see and do all; None: every request may.
        local: served to this machine alone, hence asked for by its local names alone.
        hosts: further names that are right then, of a proxy.
        stopping: ends the streams of frames once it is set.
    """
    app = FastAPI(
        title="reid live",
        version=__version__,
        description="People in live cameras: what is known of them, and how it is corrected.",
        docs_url=None,  # they would fetch scripts from elsewhere
        redoc_url=None,
        default_response_class=FiniteJson,
        dependencies=[Depends(_BEARER)],
        generate_unique_id_function=lambda route: route.name,
    )
    app.include_router(build_looking(site_state))
    app.include_router(build_asking(control))
    app.include_router(build_previews(site_state, stopping or threading.Event()))
    app.mount("/static", StaticFiles(directory=_HERE / "static"))

    @app.get("/", response_class=HTMLResponse)
    def page() -> HTMLResponse:
        """The page itself."""
        return HTMLResponse(template("live.html.j2").render(version=__version__))

    app.add_exception_handler(ReidError, _sentence)
    app.add_exception_handler(HTTPException, _sentence)
    app.add_exception_handler(RequestValidationError, _sentence)
    login = template("login.html.j2")
    app.add_middleware(
        Access,
        token=token,
        hosts=frozenset(hosts) if local else None,
        login=lambda wrong: login.render(wrong=wrong),
    )
    app.add_middleware(BoundedBody)  # before all else
    return app


@cache
def template(name: str) -> jinja2.Template:
    """Load a template from beside this file; values are escaped, a missing one is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template(name)


def _refusal(found: Mapping[str, Any]) -> str:
    """The sentence on one thing that a request gets wrong."""
    place = ".".join(str(part) for part in found["loc"][1:])
    if found["loc"][0] == "body" and (not place or found["type"] == "json_invalid"):
        return "the body is no JSON object; send one, with the header Content-Type: application/json"
    return f"{place or 'body'}: {found['msg']}"


async def _sentence(_request: Request, error: Exception) -> Response:
    """Answer an error as JSON; the input is not repeated, for it may hold a password."""
    status, headers = 400, None
    if isinstance(error, HTTPException):
        status, headers, sentence = error.status_code, error.headers, str(error.detail)
    elif isinstance(error, RequestValidationError):
        sentence = "; ".join(_refusal(one) for one in error.errors())
    else:
        sentence = str(error)
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
