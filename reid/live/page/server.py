"""Serves the page from a thread of its own. The web libraries are imported when it starts, not before."""

import errno
import ipaddress
import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reid.errors import InputError
from reid.live.board import Board
from reid.live.control import Control
from reid.live.page.config import PageConfig, split_listen

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Server

log = logging.getLogger(__name__)

_START_S = 10.0
_LINGER_S = 2  # for answers that are on their way when it stops
_SHORTEST = 8  # characters of a token


class PageServer:
    """The page of one site.

    Args:
        config: with an address to listen on.
        environment: where the token is.
    """

    def __init__(
        self,
        board: Board,
        control: Control,
        config: PageConfig,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._board, self._control, self._config, self._environment = board, control, config, environment
        self._stopping = threading.Event()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where the page is, for people; empty before it starts."""
        return self._url

    def start(self) -> None:
        """Serve from now on.

        Raises:
            InputError: the address is taken or none of this machine's, or open to others without a token.
        """
        if self._config.listen is None:
            raise ValueError("there is no page to serve: listen is null")
        host, port = split_listen(self._config.listen)
        token = self._token()
        listener, local = _bind(self._config.listen, host, port)
        try:
            if not local and token is None:
                raise InputError(
                    f"page.listen: {self._config.listen} is open to other machines, so the page needs a token: "
                    f"put one into the environment variable {self._config.token_env}, or listen on 127.0.0.1:{port}"
                )
            self._server = _server(self._app(token, local))
        except InputError:
            listener.close()
            raise
        name = f"[{host}]" if ":" in host else host
        self._url = f"http://{name}:{listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="page", daemon=True)
        self._thread.start()
        self._wait(self._server, self._thread)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Close all connections; whether that was done in time."""
        self._stopping.set()
        if self._server is None or self._thread is None:
            return True
        self._server.should_exit = True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _token(self) -> str | None:
        token = self._environment.get(self._config.token_env, "").strip()
        if token and len(token) < _SHORTEST:
            raise InputError(
                f"the token in {self._config.token_env} has {len(token)} characters; take {_SHORTEST} at least"
            )
        return token or None

    def _app(self, token: str | None, local: bool) -> "FastAPI":
        from reid.live.page.app import build_app

        return build_app(
            self._board,
            self._control,
            token=token,
            local=local,
            hosts=self._config.hosts,
            stopping=self._stopping,
        )

    def _wait(self, server: "Server", thread: threading.Thread) -> None:
        until = time.monotonic() + _START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError(f"the page at {self._url} did not start; the log has why")
            time.sleep(0.01)
        log.info("the page is at %s", self._url)


def _server(app: "FastAPI") -> "Server":
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,  # addresses may hold the token once
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_LINGER_S,
    )
    return uvicorn.Server(config)


def _bind(listen: str, host: str, port: int) -> tuple[socket.socket, bool]:
    """A socket that listens, and whether only this machine reaches it."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
    except OSError as error:
        raise InputError(f"page.listen: {listen} is no address: {error.strerror}") from error
    try:
        if os.name == "posix":  # else the port of a program that has just ended stays taken for a minute
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"page.listen: {listen} is in use by another program; choose another port, as in {host}:{port + 1}"
            ) from error
        raise InputError(f"page.listen: {listen} cannot be listened on: {error.strerror}") from error
    return listener, ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback
