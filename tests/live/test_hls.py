"""HLS from a real web server: a playlist and its segments."""

import functools
import random
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av

from reid.live.address import parse_cameras
from reid.live.camera import LivePicture
from reid.live.cameras import Cameras
from reid.live.config import SupervisionConfig
from reid.live.slots import Slots
from tests.live.blocks import film


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def playlist(folder: Path) -> Path:
    """A film as HLS, in segments of a second."""
    path = folder / "index.m3u8"
    with (
        av.open(str(film(folder / "film.mp4", 4, [0]))) as source,
        av.open(str(path), "w", format="hls", options={"hls_time": "1", "hls_list_size": "0"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


def test_pictures_come_and_the_end_is_a_loss(tmp_path: Path) -> None:
    playlist(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    slots = Slots[LivePicture]()
    levels: list[str] = []
    cameras = Cameras(
        config=SupervisionConfig(first_wait_s=0.2),
        slots=slots,
        on_change=lambda now: levels.append(now.state.level),
        rng=random.Random(0),
    )
    (address,) = parse_cameras([f"gate=http://127.0.0.1:{server.server_port}/index.m3u8"])
    assert address.kind == "hls"
    cameras.add(address)
    begun, pictures = time.monotonic(), list[LivePicture]()
    while not (pictures and cameras.check()[0].connects >= 2):
        assert time.monotonic() - begun < 20
        pictures += [picture for _, picture in slots.take(1, timeout_s=0.05, max_age_s=5)]
    assert pictures[0].frame().image.shape == (180, 320, 3)
    assert "online" in levels
    assert not cameras.over  # a stream that ends is one that is lost
    assert cameras.stop(5) == []
    server.shutdown()
