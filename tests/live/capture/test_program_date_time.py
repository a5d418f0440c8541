"""Which segment of an HLS playlist was taken when, and what FFmpeg needs to read one alone."""

from pathlib import Path

import pytest

from reid.live.capture.program_date_time import dated_zero_s, segments
from tests.live.capture.hls_camera import serving
from tests.loopback import QuietHandler, listening


def test_segments_of_a_playlist() -> None:
    text = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="head.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-27T10:00:00.500+01:00
#EXTINF:4.0,
a.m4s?x=1
#EXT-X-KEY:METHOD=AES-128,URI="../key"
#EXTINF:3.5,title, with a comma
b.m4s
#EXT-X-DISCONTINUITY
#EXTINF:4,
http://other/c.m4s
"""
    found = segments(text, "http://camera/live/index.m3u8")
    begin_s = 1795770000.5
    assert [(one.number, one.at_s) for one in found] == [(7, begin_s), (8, begin_s + 4), (9, None)]
    assert [one.url for one in found] == [
        "http://camera/live/a.m4s?x=1",
        "http://camera/live/b.m4s",
        "http://other/c.m4s",
    ]
    assert found[1].playlist().splitlines()[3:] == [
        "#EXT-X-MEDIA-SEQUENCE:8",
        '#EXT-X-MAP:URI="http://camera/live/head.mp4"',
        '#EXT-X-KEY:METHOD=AES-128,URI="http://camera/key"',
        "#EXTINF:3.5,title, with a comma",
        "http://camera/live/b.m4s",
        "#EXT-X-ENDLIST",
    ]


@pytest.mark.slow
def test_second_0_of_a_stream_by_its_playlist(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=3, each_s=0.5, dated="first") as camera:
        found = dated_zero_s(camera.url, 3.0)
        assert found == pytest.approx(camera.began_s, abs=0.01)  # whatever segment is the last but one
        camera.dated = "none"
        assert dated_zero_s(camera.url, 3.0) is None
        camera.dated, place = "all", camera.url

        class Handler(QuietHandler):  # a playlist of playlists, which the address leads to in the end
            def do_GET(self) -> None:
                moved = self.path == "/moved.m3u8"
                text = b"" if moved else f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{place}\n".encode()
                self.send_response(302 if moved else 200)
                self.send_header("Location", "/all.m3u8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        server = listening(Handler)
        found = dated_zero_s(f"http://127.0.0.1:{server.server_port}/moved.m3u8", 3.0)
        assert found == pytest.approx(camera.began_s, abs=0.01)
        server.shutdown()
        server.server_close()
