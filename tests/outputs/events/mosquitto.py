"""A real MQTT broker, a line to it that can be cut and clogged, and somebody who listens."""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.waiting import until

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """The broker as a process; `kill` and `start` may take turns."""

    def __init__(self, folder: Path, *settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", *(settings or ["allow_anonymous true"])]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.port)) == 0


class Line:
    """A port that leads to another one, unless it is cut; `deaf`: nothing comes back."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.open = True
        self.heard = threading.Event()  # set: what comes back is passed on
        self.heard.set()
        self.connections = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Hang up, and refuse."""
        self.open = False
        for one in self._sockets:
            _hang_up(one)
        self._sockets.clear()

    def close(self) -> None:
        self.cut()
        _hang_up(self._server)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to)) if self.open else None
            except OSError:
                far = None
            if far is None:
                _hang_up(near)
                continue
            self.connections += 1
            self._sockets += [near, far]
            for source, sink, back in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass_on, args=(source, sink, back), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        with suppress(OSError):  # either end may hang up
            while data := source.recv(65536):
                if back:
                    self.heard.wait()
                sink.sendall(data)
        _hang_up(source)
        _hang_up(sink)


class Listener:
    """Everything that is published below a topic."""

    def __init__(self, port: int, **login: str) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.got: list[tuple[str, bytes]] = []
        self.listening = threading.Event()  # also again, after the broker was away
        self._client = Client(CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(login["user"], login["password"])
        self._client.on_connect = lambda client, *_: client.subscribe("reid/#", qos=1)
        self._client.on_subscribe = lambda *_: self.listening.set()
        self._client.on_disconnect = lambda *_: self.listening.clear()
        self._client.on_message = lambda _client, _data, message: self.got.append(
            (message.topic, message.payload)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self.listening.wait(10)

    @property
    def status(self) -> str:
        """The last that was said of the program."""
        said = [payload.decode() for topic, payload in self.got if topic == "reid/status"]
        return said[-1] if said else ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for topic, payload in self.got if topic != "reid/status"]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(port: int, **login: str) -> Iterator[Listener]:
    listener = Listener(port, **login)
    try:
        yield listener
    finally:
        listener.close()


@contextmanager
def broker(folder: Path, *settings: str) -> Iterator[Mosquitto]:
    made = Mosquitto(folder, *settings)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@contextmanager
def line(to: int) -> Iterator[Line]:
    made = Line(to)
    try:
        yield made
    finally:
        made.heard.set()
        made.close()


def _hang_up(one: socket.socket) -> None:
    with suppress(OSError):  # it may be down already
        one.shutdown(socket.SHUT_RDWR)
    one.close()
