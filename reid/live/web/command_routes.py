"""What the page may ask of the site. Each call blocks until it is done, hence `def`: in a thread of the pool."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from reid.live.admin.control import Control

PersonId = Annotated[int, Field(ge=0, le=2**63 - 1)]  # what a gallery can hold


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Rename(_Body):
    label: str | None = Field(max_length=80)


class _Merge(_Body):
    into: PersonId


class _Add(_Body):
    address: str = Field(min_length=1, max_length=2000)


def build_asking(control: Control) -> APIRouter:
    """The routes that change something; each answers nothing where it could be done."""
    router = APIRouter(prefix="/api")

    @router.post("/people/{person_id}/forget", status_code=204)
    def forget(person_id: Annotated[PersonId, Path()]) -> None:
        control.forget(person_id)

    @router.post("/people/{person_id}/rename", status_code=204)
    def rename(person_id: Annotated[PersonId, Path()], body: _Rename) -> None:
        label = " ".join((body.label or "").split())
        control.rename(person_id, label or None)

    @router.post("/people/{person_id}/merge", status_code=204)
    def merge(person_id: Annotated[PersonId, Path()], body: _Merge) -> None:
        control.merge(person_id, body.into)

    @router.post("/cameras", status_code=204)
    def add(body: _Add) -> None:
        control.add_camera(body.address.strip())

    @router.delete("/cameras/{name}", status_code=204)
    def remove(name: str) -> None:
        control.remove_camera(name)

    @router.post("/cameras/{name}/pause", status_code=204)
    def pause(name: str) -> None:
        control.pause_camera(name, True)

    @router.post("/cameras/{name}/resume", status_code=204)
    def resume(name: str) -> None:
        control.pause_camera(name, False)

    @router.post("/retention/confirm", status_code=204)
    def confirm_clock() -> None:
        control.confirm_clock()

    return router
