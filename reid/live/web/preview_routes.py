"""Routes of previews and crops: single ones, a stream of one camera, and a stream of all for the page."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from reid import json_text
from reid.live.views.site_state import SiteState
from reid.web.answers import REFUSALS, content

_LOOK_S = 0.03  # between looks; waiting inside the site state would take a thread for every client
_FIRST_S = 2.0  # for the first frame that is drawn because of the request
_MULTIPART = "multipart/x-mixed-replace; boundary=frame"
_BOUNDARY = b"--frame\r\n"
_Wrap = Callable[[str, bytes], bytes]


def build_previews(site_state: SiteState, stopping: threading.Event) -> APIRouter:
    """Build the routes of previews and crops; streams end once `stopping` is set."""
    router = APIRouter(default_response_class=Response, responses=REFUSALS)

    @router.get("/cameras/{name}.mjpg", responses=content("multipart/x-mixed-replace"))
    async def stream(name: str) -> Response:
        """Every new annotated frame of a camera, as MJPEG."""
        _known(site_state, name)
        return _FrameStream(site_state, name, stopping, _part, _MULTIPART, _BOUNDARY)

    @router.get("/api/previews", responses=content("application/octet-stream"))
    async def previews() -> Response:
        """Every new annotated frame of all cameras: a line of JSON with `camera` and `bytes`, then the JPEG."""
        return _FrameStream(site_state, None, stopping, _line_and_frame, "application/octet-stream", b"")

    @router.get("/cameras/{name}.jpg", responses=content("image/jpeg"))
    async def preview(name: str) -> Response:
        """The newest annotated frame of a camera."""
        _known(site_state, name)
        jpeg = await _newest(site_state, name)
        if jpeg is None:
            raise HTTPException(404, f"camera {name} has shown no frame yet")
        return Response(jpeg, media_type="image/jpeg")

    @router.get("/cameras/{name}/things/{number}.jpg", responses=content("image/jpeg"))
    def thing(name: str, number: int) -> Response:
        """The crop of a static thing that a camera has left out."""
        _known(site_state, name)
        things = site_state.things(name)
        if not 1 <= number <= len(things):
            raise HTTPException(404, f"camera {name} has left out {len(things)} static things, not {number}")
        return Response(things[number - 1].crop, media_type="image/jpeg")

    @router.get("/people/{person_id}.jpg", responses=content("image/jpeg"))
    def crop(person_id: int) -> Response:
        """The crop of a person's latest appearance."""
        for person in site_state.people():
            if person.person_id == person_id and person.crop is not None:
                return Response(person.crop, media_type="image/jpeg")
        raise HTTPException(404, f"there is no crop of person {person_id}")

    return router


def _names(site_state: SiteState) -> list[str]:
    return [one.snapshot.camera_id for one in site_state.cameras()]


def _known(site_state: SiteState, name: str) -> None:
    if name not in _names(site_state):
        raise HTTPException(404, f"there is no camera {name}")


async def _newest(site_state: SiteState, name: str) -> bytes | None:
    """JPEG of a frame drawn from now on; where none comes, as of a camera that is offline, the last."""
    number, jpeg = site_state.preview(name) or (0, None)
    with site_state.watching(name):
        for _ in range(round(_FIRST_S / _LOOK_S)):
            if (fresh := site_state.preview(name, number)) is not None:
                return fresh[1]
            await asyncio.sleep(_LOOK_S)
    return jpeg


def _part(_name: str, jpeg: bytes) -> bytes:
    """One part of MJPEG, with the boundary after it: browsers show an image only when they see its end."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
    return b"".join([head, jpeg, b"\r\n", _BOUNDARY])


def _line_and_frame(name: str, jpeg: bytes) -> bytes:
    head = json_text.dumps({"camera": name, "bytes": len(jpeg)})
    return head.encode() + b"\n" + jpeg


class _FrameStream(StreamingResponse):
    """Stream of every new preview of one camera or of all; while it lasts, they count as watched."""

    def __init__(
        self,
        site_state: SiteState,
        only: str | None,
        stopping: threading.Event,
        wrap: _Wrap,
        media_type: str,
        begin: bytes,
    ) -> None:
        super().__init__(self._pieces(), media_type=media_type)
        self._site_state, self._only, self._stopping, self._wrap, self._begin = (
            site_state,
            only,
            stopping,
            wrap,
            begin,
        )
        self._watches = ExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._watches:  # not in the generator: one that is abandoned between pieces ends when it pleases
            await super().__call__(scope, receive, send)

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield self._begin
        shown: dict[str, int] = {}
        while not self._stopping.is_set():
            names = [name for name in _names(self._site_state) if self._only in (None, name)]
            if self._only is not None and not names:
                return
            shown = {name: number for name, number in shown.items() if name in names}
            for name in names:
                if name not in shown:
                    self._watches.enter_context(self._site_state.watching(name))
                number, jpeg = self._site_state.preview(name, shown.get(name, 0)) or (
                    shown.get(name, 0),
                    None,
                )
                shown[name] = number
                if jpeg is not None:
                    yield self._wrap(name, jpeg)
            await asyncio.sleep(_LOOK_S)
