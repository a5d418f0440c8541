"""Routes that change something. Each call blocks until it is done, hence `def`: in a thread of the pool."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field, ValidationError

from reid.errors import InputError
from reid.live.admin.control import Control
from reid.live.web.answers import DecisionAnswer, decision_answer
from reid.text_file import first_complaint
from reid.web.answers import REFUSALS
from reid.web.bodies import Body, DecisionBody, MergeBody, PersonId, RenameBody, asks
from reid.zone_config import Point, Purpose, ZoneConfig


class SplitBody(Body):
    appearances: list[Annotated[str, Field(min_length=1, max_length=300)]] = Field(
        min_length=1, max_length=1000, description="ids of stays, as events name them: lobby/4"
    )


class CameraBody(Body):
    address: str = Field(min_length=1, max_length=2000)


class ZoneBody(Body):
    name: str = Field(min_length=1, max_length=80)
    purpose: Purpose
    polygon: list[Point] = Field(default=[], max_length=1000, description="corners of a zone")
    line: list[Point] = Field(default=[], max_length=1000, description="points of a line")

    def zone(self) -> ZoneConfig:
        """Check what was drawn.

        Raises:
            InputError: it cannot be drawn so.
        """
        try:
            return ZoneConfig.model_validate(self.model_dump())
        except ValidationError as error:
            raise InputError(first_complaint(error)) from None


def build_asking(control: Control) -> APIRouter:
    """Build the routes that change something; each answers nothing where it could be done."""
    router = APIRouter(prefix="/api", dependencies=[Depends(asks)], responses=REFUSALS)

    @router.post("/people/{person_id}/forget", status_code=204)
    def forget(person_id: Annotated[PersonId, Path()]) -> None:
        """Erase everything that is kept about a person: vectors, crops, events."""
        control.forget(person_id)

    @router.post("/people/{person_id}/rename", status_code=204)
    def rename(person_id: Annotated[PersonId, Path()], body: RenameBody) -> None:
        """Give a person a name, or take it away (null)."""
        control.decisions.rename(person_id, body.name)

    @router.post("/people/{person_id}/merge", status_code=204)
    def merge(person_id: Annotated[PersonId, Path()], body: MergeBody) -> None:
        """Make a person part of another one: both are the same."""
        control.decisions.merge(person_id, body.into, instead=True)

    @router.post("/people/{person_id}/split", status_code=204)
    def split(person_id: Annotated[PersonId, Path()], body: SplitBody) -> None:
        """Make some stays of a person, of the last minutes, those of a new person."""
        control.decisions.split_stays(person_id, body.appearances)

    @router.post("/people/{person_id}/confirm", status_code=204)
    def confirm(person_id: Annotated[PersonId, Path()]) -> None:
        """Keep that all stays of a person show that person."""
        control.decisions.confirm(person_id)

    @router.post("/people/{person_id}/ignore", status_code=204)
    def ignore(person_id: Annotated[PersonId, Path()]) -> None:
        """Keep that what was taken for a person is none: a poster, a plant."""
        control.decisions.ignore(person_id)

    @router.post("/decisions/undo")
    def undo(body: DecisionBody | None = None) -> DecisionAnswer:
        """Take back a decision; what it was."""
        return decision_answer(control.decisions.undo(None if body is None else body.number))

    @router.post("/decisions/redo")
    def redo(body: DecisionBody | None = None) -> DecisionAnswer:
        """Put back the decision that was undone last, or the one of a number; what it is."""
        return decision_answer(control.decisions.redo(None if body is None else body.number))

    @router.post("/cameras", status_code=204)
    def add(body: CameraBody) -> None:
        """Begin to read a camera: an address, or name=address."""
        control.add_camera(body.address.strip())

    @router.delete("/cameras/{name}", status_code=204)
    def remove(name: str) -> None:
        """Stop reading a camera."""
        control.remove_camera(name)

    @router.post("/cameras/{name}/pause", status_code=204)
    def pause(name: str) -> None:
        """Take no frames of a camera."""
        control.pause_camera(name, True)

    @router.post("/cameras/{name}/resume", status_code=204)
    def resume(name: str) -> None:
        """Take frames of a paused camera again."""
        control.pause_camera(name, False)

    @router.post("/cameras/{name}/zones", status_code=204)
    def add_zone(name: str, body: ZoneBody) -> None:
        """Add a zone (a polygon) or a line to a camera; points are shares of the frame's width and height."""
        control.add_zone(name, body.zone())

    @router.delete("/cameras/{name}/zones/{zone}", status_code=204)
    def remove_zone(name: str, zone: str) -> None:
        """Remove a zone or a line that was added so."""
        control.remove_zone(name, zone)

    @router.post("/retention/confirm", status_code=204)
    def confirm_clock() -> None:
        """Take the clock for right, where retention waits for that: what is old by it is erased."""
        control.confirm_clock()

    return router
