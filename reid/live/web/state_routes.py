"""What is to be read: the state, the events, the health, the metrics."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from reid.live.views.site_state import EVENTS, SiteState
from reid.live.web.health import Watch
from reid.live.web.metrics import build_registry
from reid.live.web.state_json import CameraColours, state_content


def build_looking(board: SiteState) -> APIRouter:
    """The routes that change nothing."""
    router = APIRouter()
    colours, watch, registry = CameraColours(), Watch(board), build_registry(board)

    @router.get("/api/state")
    def state() -> dict[str, Any]:
        return state_content(board, colours)

    @router.get("/api/events")
    def events(limit: Annotated[int, Query(ge=1, le=EVENTS)] = 100) -> list[dict[str, Any]]:
        return [event.content() for event in board.events()[:limit]]

    @router.get("/health")
    def health(response: Response) -> dict[str, Any]:
        condition = watch.look()
        response.status_code = 503 if condition.why else 200
        return condition.content()

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
