"""Bound on the size of requests: each is read whole before anything else looks at it."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024  # the longest that the live page sends is an address of a camera
HEARD_BYTES = (
    4 * 1024 * 1024
)  # up to these the rest is read, as a client that still sends may not hear the refusal


class BoundedBody:
    """Middleware that reads the whole body and refuses one that is too large at once."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app, self._most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if len(declared) > 12 or int(declared) > self._most_bytes:  # h11 lets digits through alone
            if len(declared) <= 12 and int(declared) <= HEARD_BYTES:
                await _leave_out(receive)
            await self._too_large(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most_bytes:
                await self._too_large(scope, receive, send)
                return
        await self._app(scope, _again(bytes(body), receive), send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse and close the connection: the server would read the rest to its end otherwise."""
        sentence = f"a request has at most {self._most_bytes // 1024} KiB here; send less at a time"
        answer = JSONResponse({"error": sentence}, 413, {"Connection": "close", "Cache-Control": "no-store"})
        await answer(scope, receive, send)


async def _leave_out(receive: Receive) -> None:
    """Read a body to its end, or to the end of the connection, and keep nothing of it."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


def _again(body: bytes, receive: Receive) -> Receive:
    """Replay the body that was read, then receive from the connection."""
    said = False

    async def receive_again() -> Message:
        nonlocal said
        if said:
            return await receive()
        said = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
