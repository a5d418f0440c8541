"""A real HLS server on loopback: a playlist that grows, and segments that are there whole or not at all."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import av

from tests.live.blocks import FPS, film
from tests.loopback import QuietHandler, listening

FIRST = 3  # segments that are there at the beginning
WINDOW = 4  # in the playlist at most


@dataclass(slots=True, kw_only=True)
class HlsCamera:
    """A film in segments of `each_s`, of which another one is there every `each_s`."""

    segments: list[bytes]
    each_s: float
    over: bool = False  # all are there, and no more will come
    slow: dict[int, float] = field(default_factory=dict)  # segments whose data takes so many seconds to come
    dated: str = "none"  # which segments of the playlist have a date: all, the first, none
    off_s: float = 0.0  # of the clock that dates
    port: int = 0
    _begun_s: float = field(default_factory=time.monotonic)
    _began_s: float = field(default_factory=time.time)

    @property
    def began_s(self) -> float:
        """When the first frame of the film was taken: a segment is there as soon as its last one was."""
        return self._began_s - FIRST * self.each_s

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/index.m3u8"

    def playlist(self) -> str:
        since_s = time.monotonic() - self._begun_s
        there = len(self.segments) if self.over else FIRST + math.floor(since_s / self.each_s)
        shown = range(0 if self.over else max(0, there - WINDOW), min(there, len(self.segments)))
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{math.ceil(self.each_s)}",
            f"#EXT-X-MEDIA-SEQUENCE:{shown[0]}",
        ]
        for number in shown:
            if self.dated == "all" or (self.dated == "first" and number == shown[0]):
                at = datetime.fromtimestamp(self.began_s + number * self.each_s + self.off_s, UTC)
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{at.isoformat(timespec='milliseconds')}")
            lines += [f"#EXTINF:{self.each_s:.6f},", f"{number}.ts"]
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if self.over else [])]) + "\n"

    def serve(self, request: QuietHandler) -> None:
        name = request.path.strip("/").removesuffix(".ts")
        data = self.playlist().encode()
        if name.isdecimal():
            data = self.segments[int(name)]
            time.sleep(self.slow.get(int(name), 0.0))
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


def cut(folder: Path, seconds: float, each_s: float) -> list[bytes]:
    """Somebody walks for so long, as MPEG-TS with times that go on from segment to segment."""
    where = {"hls_time": str(each_s), "hls_list_size": "0"}
    with (
        av.open(str(film(folder / "film.mp4", seconds, [0]))) as source,
        av.open(str(folder / "cut.m3u8"), "w", format="hls", options=where) as target,
    ):
        how = {"preset": "ultrafast", "tune": "zerolatency", "g": str(round(each_s * FPS))}
        stream = target.add_stream("libx264", rate=FPS, options=how)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for frame in source.decode(video=0):
            frame.pict_type = 0  # the encoder's choice, so that segments begin where they should
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    count = len(list(folder.glob("cut*.ts")))
    return [(folder / f"cut{number}.ts").read_bytes() for number in range(count)]


@contextmanager
def serving(
    folder: Path, seconds: float, each_s: float, *, over: bool = False, dated: str = "none"
) -> Iterator[HlsCamera]:
    camera = HlsCamera(segments=cut(folder, seconds, each_s), each_s=each_s, over=over, dated=dated)

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            camera.serve(self)

    server = listening(Handler)
    camera.port = server.server_address[1]
    try:
        yield camera
    finally:
        server.shutdown()
        server.server_close()
