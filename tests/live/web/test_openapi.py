"""`/openapi.json`: every route with what it takes and answers, behind the token like everything else."""

import json
import re
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from reid.live.web.app import build_app
from reid.web.app import Entry
from tests.live.web.page_site import ASKS, TOKEN, Recorder, filled, serving, shaded_jpeg

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@cache
def documented() -> dict[str, Any]:
    with serving() as site:
        content: dict[str, Any] = site.client.get("/openapi.json").json()
    return content


def routes() -> list[APIRoute]:
    """Of the application, and of the routers that it includes, which newer versions of FastAPI keep apart."""
    app = build_app(filled(), Recorder(), entry=Entry(tokens={}))
    found = [route for route in app.routes if isinstance(route, APIRoute)]
    for included in (route for route in app.routes if not isinstance(route, APIRoute)):
        inner = getattr(getattr(included, "original_router", None), "routes", ())
        found += [route for route in inner if isinstance(route, APIRoute)]
    return found


def test_it_needs_the_token() -> None:
    with serving(token=TOKEN) as site:
        refused = site.client.get("/openapi.json")
        assert (refused.status_code, list(refused.json())) == (401, ["error"])
        assert site.client.get("/openapi.json", headers=BEARER).json()["info"]["title"] == "reid live"
        assert site.client.get("/docs", headers=BEARER).status_code == 404, "which would fetch from elsewhere"


def test_every_route_is_named_with_what_it_answers() -> None:
    paths = documented()["paths"]
    asked = {(method.lower(), route.path) for route in routes() for method in route.methods}
    told = {(method, path) for path, methods in paths.items() for method in methods}
    assert ("post", "/api/people/{person_id}/rename") in asked
    assert len(asked) == 25
    assert told == asked
    operations = [operation for methods in paths.values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert operation["description"], operation["operationId"]
        answers = operation["responses"]
        assert "422" not in answers, "what is wrong is answered with 400 and a sentence"
        assert "204" in answers or answers["200"]["content"]
    for path in (path for path in paths if path.startswith("/api/") and "get" not in paths[path]):
        for operation in paths[path].values():
            assert "X-Reid" in [parameter["name"] for parameter in operation["parameters"]]


def test_every_reference_leads_somewhere() -> None:
    content = documented()
    schemas = content["components"]["schemas"]
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(content)))
    assert {"StateAnswer", "EventAnswer", "HealthAnswer", "ErrorAnswer", "RenameBody"} <= used
    assert used == set(schemas)
    assert not [name for name in schemas if name.startswith("_") or "__" in name]


@pytest.mark.parametrize("path", ["/api/state", "/health"])
def test_an_answer_has_the_fields_that_are_documented(path: str) -> None:
    content = documented()
    schemas = content["components"]["schemas"]

    def compare(value: object, schema: dict[str, Any], where: str) -> None:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        for choice in schema.get("anyOf", ()):
            if choice.get("type") != "null" and value is not None:
                compare(value, choice, where)
        if schema.get("properties"):
            assert isinstance(value, dict)
            assert set(value) == set(schema["properties"]), where
            for name, own in schema["properties"].items():
                compare(value[name], own, f"{where}.{name}")
        for item in value if isinstance(value, list) and "items" in schema else ():
            compare(item, schema["items"], where)

    with serving() as site:
        answer = site.client.get(path).json()
    answered = content["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    compare(answer, answered, path)


@pytest.mark.slow
def test_answers_have_the_types_that_are_documented() -> None:
    paths = documented()["paths"]
    with serving() as site:
        site.site_state.set_preview("door", shaded_jpeg(9))
        for path in (path for path, methods in paths.items() if "get" in methods):
            (documented_type,) = paths[path]["get"]["responses"]["200"]["content"]
            address = path.format(name="door", person_id=1, number=1)
            with site.client.stream("GET", address) as answer:
                assert answer.status_code == 200, address
                assert answer.headers["content-type"].partition(";")[0] == documented_type, address


def test_what_is_refused_is_an_error_with_a_sentence() -> None:
    with serving() as site:
        post = site.client.post
        refused: list[httpx.Response] = [
            post("/api/people/1/forget"),
            post("/api/people/7/forget", headers=ASKS),
            post("/api/people/1/rename", headers=ASKS, json={"label": "x" * 81}),
            post("/api/people/1/rename", headers=ASKS, json={}),
            site.client.get("/people/99.jpg"),
        ]
    assert [answer.status_code for answer in refused] == [403, 400, 400, 400, 404]
    for answer in refused:
        assert list(answer.json()) == ["error"]
