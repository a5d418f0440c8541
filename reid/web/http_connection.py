"""One connection to the page, with the time-outs and the limit of connections that uvicorn lacks.

Who connects and says nothing, or very little, holds a file descriptor that a camera may need.
"""

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0  # for a request to arrive, head and body
ANSWER_S = 20.0  # for a client that takes nothing, as a laptop that sleeps
_INCOMPLETE = (h11.IDLE, h11.SEND_BODY)  # what a client is at that has not said all yet
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedConnection(H11Protocol):
    """HTTP/1.1 connection of uvicorn that counts `limit_concurrency` when it is made.

    Beyond the limit the connection goes that has waited longest without a whole request; where all are being
    answered, the new one does.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._incomplete: asyncio.TimerHandle | None = None  # until the request is whole
        self._taking: asyncio.TimerHandle | None = None  # until the client takes what was written
        self._since_s = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or close it where there is no room."""
        super().connection_made(transport)
        self._expect()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if self.conn.their_state not in _INCOMPLETE:
            self._arrived()
        elif self._incomplete is None:
            self._expect()

    def handle_events(self) -> None:
        """Handle requests as uvicorn does; garbage that comes while an answer is written ends the connection."""
        try:
            super().handle_events()
        except h11.LocalProtocolError:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Note that the client takes nothing at this moment."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(ANSWER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the client takes bytes again."""
        super().resume_writing()
        self._taken()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place of a closed connection back."""
        self._arrived()
        super().connection_lost(exc)
        self._taken()

    @property
    def waits(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete or self.conn.their_state in _INCOMPLETE

    def _expect(self) -> None:
        self._since_s = self.loop.time()
        self._incomplete = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _arrived(self) -> None:
        if self._incomplete is not None:
            self._incomplete.cancel()
            self._incomplete = None

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _make_room(self) -> None:
        others = [cast(BoundedConnection, one) for one in self.connections if one is not self]
        waiting = [one for one in others if one.waits]
        if waiting:
            oldest = min(waiting, key=lambda one: one._since_s)
            self.connections.discard(oldest)  # now: the transport says so a little later
            oldest.transport.abort()
        else:
            self.transport.write(_FULL)
            self.transport.close()
