"""Server of a page, in a thread of its own. The web libraries are imported when it starts, not before."""

import errno
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reid.errors import InputError
from reid.web.config import WebConfig, split_listen
from reid.web.descriptors import room_for
from reid.web.roles import tokens

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Server

    from reid.web.app import Entry

_START_S = 10.0
_LINGER_S = 2  # for answers that are on their way when it stops
_BACKLOG = 64  # that many connections are taken at a stroke, before they can be counted


class WebServer:
    """Server of one page; takes its address at once, so that a bad one is known before networks are loaded.

    Args:
        listen: address and port.
        environment: where the token is.
        setting: what the address is called in messages.

    Raises:
        InputError: the address is taken or none of this machine's, or open to others without a token.
    """

    def __init__(
        self,
        listen: str,
        config: WebConfig,
        environment: Mapping[str, str] = os.environ,
        *,
        setting: str = "page.listen",
    ) -> None:
        self._config = config
        host, port = split_listen(listen)
        self._tokens = tokens(config.token_env, environment)
        self._listener, self._local = _bind(listen, host, port, setting)
        if not self._local and not self._tokens:
            self._listener.close()
            raise InputError(
                f"{setting}: {listen} is open to other machines, so the page needs a token: put one into the "
                f"environment variable {config.token_env}, or listen on 127.0.0.1:{port}"
            )
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._listener.getsockname()[1]}/"  # where the page is, for people
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def serve(self, build: "Callable[[Entry], FastAPI]") -> None:
        """Serve an application from now on."""
        from reid.web.app import Entry

        entry = Entry(tokens=self._tokens, local=self._local, hosts=self._config.hosts)
        self._server = _server(build(entry), room_for(self._config.connections))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listener],), name="page", daemon=True
        )
        self._thread.start()
        self._wait(self._server, self._thread)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Close all connections; whether that was done in time."""
        if self._server is None or self._thread is None:
            self._listener.close()
            return True
        self._server.should_exit = True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _wait(self, server: "Server", thread: threading.Thread) -> None:
        until = time.monotonic() + _START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError(f"the page at {self.url} did not start; the log has why")
            time.sleep(0.01)


def _server(app: "FastAPI", most: int) -> "Server":
    """Make a server of at most `most` connections."""
    import uvicorn

    from reid.web.http_connection import BoundedConnection

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="error",  # uvicorn warns of every caller that sends garbage
        access_log=False,  # addresses may hold the token once
        lifespan="off",
        http=BoundedConnection,
        limit_concurrency=most + 1,  # uvicorn's own limit is one too many
        backlog=_BACKLOG,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_LINGER_S,
    )
    return uvicorn.Server(config)


def _bind(listen: str, host: str, port: int, setting: str) -> tuple[socket.socket, bool]:
    """Open a socket that listens; also says whether only this machine reaches it."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
    except OSError as error:
        raise InputError(f"{setting}: {listen} is no address: {error.strerror}") from error
    try:
        if os.name == "posix":  # else the port of a program that has just ended stays taken for a minute
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"{setting}: {listen} is in use by another program; choose another port, as in {host}:{port + 1}"
            ) from error
        raise InputError(f"{setting}: {listen} cannot be listened on: {error.strerror}") from error
    return listener, ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback
