"""A real RTSP camera on loopback, over TCP: H.264 with RTCP sender reports of a clock that may be wrong."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.blocks import FPS, film
from tests.rehearsals.access_units import write_units

NTP_S = 2_208_988_800  # from 1900 to 1970
TICKS = 90_000  # a second of the stream
MOST = 1400  # bytes of a packet
_SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=camera
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:v
"""


@dataclass(slots=True, kw_only=True)
class RtspCamera:
    """Plays a film in a loop to every client; frame n is taken when it is n / FPS s since the client came."""

    units: list[bytes]
    off_s: float = 0.0  # of its clock
    late_s: float = 0.0  # from taking a frame to sending it
    reports: bool = True
    report_after_s: float = 0.0
    port: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/video"

    def serve(self, client: socket.socket) -> None:
        with client, client.makefile("rwb") as file:
            while True:
                lines = list[str]()
                while (line := file.readline().decode().strip()) or not lines:
                    lines.append(line)
                sequence = next(one for one in lines if one.lower().startswith("cseq"))
                method, body = lines[0].split()[0], ""
                head = ["RTSP/1.0 200 OK", sequence, "Session: 1"]
                if method == "DESCRIBE":
                    body = _SDP.replace("\n", "\r\n")
                    head += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
                if method == "SETUP":
                    head.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
                file.write(("\r\n".join(head) + "\r\n\r\n" + body).encode())
                file.flush()
                if method == "PLAY":
                    return self._play(client)

    def _play(self, client: socket.socket) -> None:
        begun_s, number, reported_s = time.time(), 0, 0.0
        sequence = 0
        while not self._over.wait(max(0.0, begun_s + number / FPS + self.late_s - time.time())):
            taken_s = begun_s + number / FPS
            ticks = round(number * TICKS / FPS)
            due = time.time() - reported_s > 0.5 and number / FPS >= self.report_after_s
            if self.reports and due:
                reported_s = time.time()
                client.sendall(_framed(1, _report(taken_s + self.off_s, ticks)))
            for payload, last in _payloads(self.units[number % len(self.units)]):
                head = struct.pack(">BBHII", 0x80, 96 | (last << 7), sequence % 65536, ticks, 7)
                client.sendall(_framed(0, head + payload))
                sequence += 1
            number += 1


def _framed(channel: int, data: bytes) -> bytes:
    return struct.pack(">cBH", b"$", channel, len(data)) + data


def _report(at_s: float, ticks: int) -> bytes:
    seconds = at_s + NTP_S
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, int(seconds), int(seconds % 1 * 2**32), ticks, 0, 0)


def _payloads(unit: bytes) -> Iterator[tuple[bytes, bool]]:
    """Payloads of an access unit (Annex B) by RFC 6184, and whether it is the last one."""
    nals = [part.strip(b"\0") for part in unit.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if part]
    for nal in nals:
        end = nal is nals[-1]
        if len(nal) <= MOST:
            yield nal, end
            continue
        kind, rest = nal[0], nal[1:]
        for begin in range(0, len(rest), MOST):
            last = begin + MOST >= len(rest)
            mark = (0x80 if begin == 0 else 0) | (0x40 if last else 0) | (kind & 0x1F)
            yield bytes([(kind & 0xE0) | 28, mark]) + rest[begin : begin + MOST], end and last


def _units(path: Path) -> list[bytes]:
    data, at, found = path.read_bytes(), 8, []
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at + 1)
        found.append(data[at + 5 : at + 5 + size])
        at += 5 + size
    return found


@contextmanager
def serving(folder: Path, **settings: float | bool) -> Iterator[RtspCamera]:
    units = _units(write_units(film(folder / "film.mp4", 4, [0]), folder / "film.units"))
    camera = RtspCamera(units=units, **settings)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as server:
        camera.port = server.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:  # closed
                    return
                threading.Thread(target=_served, args=(camera, client), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield camera
        finally:
            camera._over.set()
            server.shutdown(socket.SHUT_RDWR)


def _served(camera: RtspCamera, client: socket.socket) -> None:
    try:
        camera.serve(client)
    except (OSError, StopIteration):  # it has hung up
        return
