"""Streams of previews: they deliver, and end with their clients."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import httpx
import numpy as np
import pytest

from reid.live.views.site_state import SiteState
from tests.live.web.page_site import camera, serving, shaded_jpeg
from tests.waiting import until


@contextmanager
def drawing(site_state: SiteState, name: str) -> Iterator[None]:
    """Draws frames of a camera while somebody looks, as the site does."""
    over = threading.Event()

    def draw() -> None:
        for shade in range(10_000):
            if over.wait(0.05):
                return
            if site_state.watched(name):
                site_state.set_preview(name, shaded_jpeg(shade % 200))

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def decoded(jpeg: bytes) -> tuple[int, ...]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return tuple(image.shape)


def parts(stream: Iterator[bytes]) -> Iterator[bytes]:
    """The frames of a multipart stream, as a browser splits it."""
    held = b""
    for piece in stream:
        held += piece
        while held.count(b"--frame\r\n") >= 2:
            _, part, rest = held.split(b"--frame\r\n", 2)
            held = b"--frame\r\n" + rest
            head, _, body = part.partition(b"\r\n\r\n")
            length = int(head.split(b"Content-Length: ")[1])
            assert body[length:] == b"\r\n"
            yield body[:length]


def test_a_stream_delivers_and_lets_go() -> None:
    with serving() as site, drawing(site.site_state, "door"):
        assert not site.site_state.watched("door")
        with site.client.stream("GET", "/cameras/door.mjpg") as stream:
            assert stream.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            assert stream.headers["cache-control"] == "no-store"
            frames = parts(stream.iter_raw())
            first, second = next(frames), next(frames)
            assert first != second
            assert decoded(first) == decoded(second) == (48, 64, 3)
            assert site.site_state.watched("door")
        until(lambda: not site.site_state.watched("door"))


def test_a_client_that_goes_while_nothing_is_drawn_is_let_go_too() -> None:
    with serving() as site:
        with site.client.stream("GET", "/cameras/door.mjpg"):
            until(lambda: site.site_state.watched("door"))
        until(lambda: not site.site_state.watched("door"))


def test_no_frame_comes_twice() -> None:
    with serving() as site:
        site.site_state.set_preview("door", shaded_jpeg(1))
        with site.client.stream("GET", "/cameras/door.mjpg") as stream:
            frames = parts(stream.iter_raw())
            assert next(frames) == shaded_jpeg(1)
            threading.Timer(0.3, site.site_state.set_preview, ("door", shaded_jpeg(2))).start()
            assert next(frames) == shaded_jpeg(2)


def test_a_camera_that_is_removed_ends_its_stream() -> None:
    with serving() as site, site.client.stream("GET", "/cameras/door.mjpg") as stream:
        site.site_state.set_cameras([camera("hall")])
        assert list(parts(stream.iter_raw())) == []


def test_stopping_does_not_wait_for_who_looks() -> None:
    with serving() as site, site.client.stream("GET", "/cameras/door.mjpg") as stream:
        begun = time.monotonic()
        assert site.server.stop(5.0)
        assert time.monotonic() - begun < 1.5
        assert list(parts(stream.iter_raw())) == []
    assert not site.site_state.watched("door")


def test_all_cameras_over_one_connection() -> None:
    with serving() as site, drawing(site.site_state, "door"), drawing(site.site_state, "hall"):
        with site.client.stream("GET", "/api/previews") as stream:
            seen: set[str] = set()
            held = b""
            for piece in stream.iter_raw():
                held += piece
                while b"\n" in held:
                    line, _, rest = held.partition(b"\n")
                    head = json.loads(line)
                    if len(rest) < head["bytes"]:
                        break
                    assert decoded(rest[: head["bytes"]]) == (48, 64, 3)
                    held = rest[head["bytes"] :]
                    seen.add(head["camera"])
                if seen == {"door", "hall"}:
                    break
        until(lambda: not site.site_state.watched("door") and not site.site_state.watched("hall"))


@pytest.mark.slow
def test_many_streams_leave_room_for_questions() -> None:
    """More than there are threads in the pool: none of them holds one."""
    with serving() as site, httpx.Client(base_url=site.server.url, limits=httpx.Limits()) as many:
        streams = [many.stream("GET", "/cameras/door.mjpg") for _ in range(45)]
        for stream in streams:
            stream.__enter__()
        assert site.client.get("/api/state").status_code == 200
        for stream in streams:
            stream.__exit__(None, None, None)
        until(lambda: not site.site_state.watched("door"))


@pytest.mark.slow
def test_a_single_frame_is_drawn_for_who_asks() -> None:
    with serving() as site, drawing(site.site_state, "door"):
        site.site_state.set_preview("door", shaded_jpeg(255))
        answer = site.client.get("/cameras/door.jpg")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content != shaded_jpeg(255), "the old one was drawn before"
        assert not site.site_state.watched("door")
        assert site.client.get("/cameras/hall.jpg").status_code == 404, "nothing to show"
