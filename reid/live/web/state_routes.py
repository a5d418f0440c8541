"""Routes that read: the state, the events, the health, the metrics."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from reid.live.views.site_state import EVENTS, SiteState
from reid.live.web.answers import EventAnswer, HealthAnswer, StateAnswer
from reid.live.web.health import Watch
from reid.live.web.metrics import build_registry
from reid.live.web.state_json import CameraColours, state_answer
from reid.web.answers import REFUSALS, content


def build_looking(site_state: SiteState) -> APIRouter:
    """Build the routes that change nothing."""
    router = APIRouter(responses=REFUSALS)
    colours, watch, registry = CameraColours(), Watch(site_state), build_registry(site_state)

    @router.get("/api/state")
    def state() -> StateAnswer:
        """Cameras, people, receivers of events, and what does not work."""
        return state_answer(site_state, colours)

    @router.get("/api/events")
    def events(limit: Annotated[int, Query(ge=1, le=EVENTS)] = 100) -> list[EventAnswer]:
        """The latest events, newest first."""
        return [EventAnswer.model_validate(event.content()) for event in site_state.events()[:limit]]

    @router.get("/health", responses={503: {"model": HealthAnswer}})
    def health(response: Response) -> HealthAnswer:
        """Whether the site works. Needs no token."""
        condition = watch.look()
        response.status_code = 503 if condition.why else 200
        return HealthAnswer.model_validate(condition.content())

    @router.get("/metrics", response_class=Response, responses=content("text/plain"))
    def metrics() -> Response:
        """Counters and gauges as Prometheus reads them."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
