"""The application that every page is built on: access, errors as sentences, static files, the page itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
from reid.web.access import Access
from reid.web.body import MOST_BYTES, BoundedBody
from reid.web.roles import Role

NOTHING: Mapping[str, str | None] = {}
_HERE = Path(__file__).parent
# for the documentation alone: Access has checked the token, which may also come as a cookie
_BEARER = HTTPBearer(auto_error=False, description="the token, where the page was started with one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Access to an application: host names, token, login.

    Args:
        tokens: by role, what a request with them may do; none: every request may do all.
        local: served to this machine alone, hence asked for by its local names alone.
        hosts: further names that are right then, of a proxy.
    """

    tokens: Mapping[Role, str]
    local: bool = True
    hosts: Collection[str] = ()


class FiniteJson(JSONResponse):
    """JSON answer with null for nan and infinity, where starlette would fail."""

    def render(self, content: Any) -> bytes:
        return json_text.dumps(content).encode()


def base_app(
    name: str,
    description: str,
    *,
    folder: Path,
    entry: Entry | None,
    most_bytes: int = MOST_BYTES,
    shown: Mapping[str, str | None] = NOTHING,
) -> FastAPI:
    """Build an application without routes of its own: what it answers is behind the access control.

    Args:
        name: of the page, as live.
        entry: None: it is mounted in another application, which controls the access.
        shown: further values of the template.
        folder: where its template `NAME.html.j2` and its folder `static` are.
        most_bytes: of the body of a request.
    """
    app = FastAPI(
        title=f"reid {name}",
        version=__version__,
        description=description,
        docs_url=None,  # they would fetch scripts from elsewhere
        redoc_url=None,
        default_response_class=FiniteJson,
        dependencies=[Depends(_BEARER)],
        generate_unique_id_function=lambda route: route.name,
    )
    app.mount("/static", StaticFiles(directory=folder / "static", packages=[("reid.web", "static")]))

    @app.get("/", response_class=HTMLResponse)
    def page(request: Request) -> HTMLResponse:
        """The page itself, for the role of its caller."""
        role: Role = getattr(request.state, "role", "admin")
        return HTMLResponse(
            template(folder, f"{name}.html.j2").render(version=__version__, role=role, **shown)
        )

    app.add_exception_handler(ReidError, _sentence)
    app.add_exception_handler(HTTPException, _sentence)
    app.add_exception_handler(RequestValidationError, _sentence)
    if entry is None:
        return app
    login = template(_HERE, "login.html.j2")
    app.add_middleware(
        Access,
        name=name,
        tokens=entry.tokens,
        hosts=frozenset(entry.hosts) if entry.local else None,
        login=lambda wrong: login.render(name=name, wrong=wrong),
    )
    app.add_middleware(BoundedBody, most_bytes=most_bytes)  # before all else
    return app


@cache
def template(folder: Path, name: str) -> jinja2.Template:
    """Load a template of a folder; values are escaped, a missing one is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined
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
