"""Frames as they are shown: pixels that are not square, files with several streams, frames that are too large."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.stills import TooLarge
from reid.types import Image
from reid.video.content import content_key
from reid.video.reader import probe
from reid.video.source import Source, parse_sources
from tests.video.media import FAST, make_video, numbered, read_all

CASES = Path(__file__).parents[1] / "cases"
SQUEEZED = CASES / "anamorphic-sar2.mp4"
PREVIEW = CASES / "preview-stream-first.mkv"


def with_aspect(path: Path, aspect: Fraction, size: tuple[int, int] = (160, 64)) -> Path:
    """One numbered frame whose pixels are said to be `aspect` times as wide as high."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=FAST)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for packet in stream.encode(av.VideoFrame.from_ndarray(numbered(5, *size), format="bgr24")):
            container.mux(packet)
        container.mux(stream.encode())
    return path


def two_streams(path: Path, sizes: tuple[tuple[int, int], ...], *, count: int = 5, fps: int = 25) -> Path:
    """Streams of which none is marked default; each one's frames are 50 brighter than the one's before it."""
    with av.open(str(path), "w") as container:
        streams = []
        for size in sizes:
            stream = container.add_stream("libx264", rate=fps, options=FAST)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.gop_size = 4
            streams.append(stream)
        for _ in range(count):
            for number, (stream, (width, height)) in enumerate(zip(streams, sizes, strict=True)):
                image = np.full((height, width, 3), 50 + 50 * number, dtype=np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        for stream in streams:
            container.mux(stream.encode())
    return path


def one(path: Path, **settings: object) -> Image:
    (source,) = parse_sources([f"cam={path}"], {})
    frames, sentences = read_all(source, **settings)
    assert sentences == []
    return frames[0].image


def test_a_squeezed_recording_is_read_as_it_is_shown() -> None:
    (source,) = parse_sources([str(SQUEEZED)], {})
    frames, sentences = read_all(source, fps=1)
    assert sentences == []
    assert {frame.image.shape for frame in frames} == {(360, 640, 3)}
    info = probe(source, SourceConfig())
    assert (info.width, info.height) == (640, 360)
    with av.open(str(SQUEEZED)) as container:
        raw = next(container.decode(video=0)).to_ndarray(format="bgr24")
    assert raw.shape == (360, 320, 3)
    stretched = cv2.resize(raw, (640, 360), interpolation=cv2.INTER_CUBIC)
    assert np.abs(frames[0].image.astype(int) - stretched).mean() < 2


@pytest.mark.parametrize(
    ("aspect", "shape"),
    [
        (Fraction(2), (64, 320, 3)),
        (Fraction(1, 2), (128, 160, 3)),  # grows in height: no column is lost
        (Fraction(12, 11), (64, 175, 3)),
        (Fraction(1), (64, 160, 3)),
    ],
)
def test_the_stated_aspect_is_applied(tmp_path: Path, aspect: Fraction, shape: tuple[int, ...]) -> None:
    for suffix in ("mp4", "ts"):
        assert one(with_aspect(tmp_path / f"a.{suffix}", aspect)).shape == shape


def test_an_absurd_aspect_is_told_and_not_believed(tmp_path: Path) -> None:
    (source,) = parse_sources([str(with_aspect(tmp_path / "a.mp4", Fraction(20)))], {})
    frames, (sentence,) = read_all(source)
    assert frames[0].image.shape == (64, 160, 3)
    assert "states that its pixels are 20 times as wide as high; taken for square" in sentence


def test_a_setting_says_it_for_recorders_that_do_not(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", 2)
    (tmp_path / "stills").mkdir()
    cv2.imwrite(str(tmp_path / "stills" / "1.png"), numbered(1))
    arguments = [f"door={tmp_path / 'a.mp4'}", f"hall={tmp_path / 'stills'}", f"yard={SQUEEZED}"]
    door, hall, yard = parse_sources(arguments, {}, {"door": 2.0, "hall": 0.5, "yard": 1.0})
    shapes = [read_all(source)[0][0].image.shape for source in (door, hall, yard)]
    assert shapes == [(64, 320, 3), (128, 160, 3), (360, 320, 3)]
    sizes = [(i.width, i.height) for i in (probe(source, SourceConfig()) for source in (door, hall, yard))]
    assert sizes == [(320, 64), (160, 128), (320, 360)]
    with pytest.raises(InputError, match="pixel_aspect: no camera is called 'dor'; did you mean 'door'"):
        parse_sources(arguments, {}, {"dor": 2.0})


def test_a_turned_frame_is_stretched_before_it_is_turned(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", 2, rotation=90)
    (source,) = parse_sources([f"a={path}"], {}, {"a": 2.0})
    assert read_all(source)[0][0].image.shape == (320, 64, 3)
    info = probe(source, SourceConfig())
    assert (info.width, info.height) == (64, 320)


def test_the_stream_marked_default_is_read_and_the_others_are_named() -> None:
    (source,) = parse_sources([str(PREVIEW)], {})
    frames, (sentence,) = read_all(source, fps=1)
    assert frames[0].image.shape == (360, 640, 3)
    assert sentence == (
        f"{PREVIEW}: holds 2 video streams; #1 (640 x 360) is read, not #0 (128 x 72); choose with name=PATH#NUMBER"
    )


def test_without_a_default_the_largest_stream_is_read(tmp_path: Path) -> None:
    path = two_streams(tmp_path / "a.mkv", ((64, 48), (320, 64), (160, 64)))
    (source,) = parse_sources([str(path)], {})
    frames, (sentence,) = read_all(source)
    assert frames[0].image.shape == (64, 320, 3)
    assert "#1 (320 x 64) is read, not #0 (64 x 48), #2 (160 x 64)" in sentence


def test_a_stream_can_be_chosen_and_two_of_a_file_are_two_cameras(tmp_path: Path) -> None:
    path = two_streams(tmp_path / "dash.mkv", ((160, 64), (160, 64)))
    front, rear = parse_sources([f"front={path}#0", f"rear={path}#1"], {})
    assert (front.files, rear.files) == ((path,), (path,))
    for source, brightness in ((front, 50), (rear, 100)):
        frames, sentences = read_all(source)
        assert sentences == []
        assert abs(frames[0].image.mean() - brightness) < 10
    assert len({content_key(front), content_key(rear), content_key(Source("x", (path,)))}) == 3
    unnamed = parse_sources([f"{path}#0", f"{path}#1"], {})
    assert [source.camera_id for source in unnamed] == ["dash-0", "dash-1"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{p}#2"], "has no video stream #2; there is #0 to #1"),
        (["a={p}#1", "b={p}#1"], "#1: given twice; name every recording once"),
        (["a={p}", "b={p}#1"], "given with and without the number of a stream; give each its own"),
        (["a={p}#0", "a={p}#1"], "has one stream a camera; give #0 and #1 two camera names"),
        (["a={d}#0"], "single images have no streams; leave #0 out"),
        (["a={p}#first"], "no such file"),
    ],
)
def test_streams_that_cannot_be_chosen(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    stills = tmp_path / "stills"
    stills.mkdir()
    cv2.imwrite(str(stills / "1.png"), numbered(1))
    given = [text.format(p=PREVIEW, d=stills) for text in arguments]
    with pytest.raises(InputError, match=sentence):
        [probe(source, SourceConfig()) for source in parse_sources(given, {})]


def test_a_file_of_that_whole_name_wins(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", 2)
    hashed = make_video(tmp_path / "a.mp4#1", 2, size=(320, 64), kind="mp4")
    assert one(hashed).shape == (64, 320, 3)


def test_a_late_start_is_in_the_chosen_stream(tmp_path: Path) -> None:
    path = two_streams(tmp_path / "dash.mkv", ((160, 64), (160, 64)), count=80, fps=5)
    (rear,) = parse_sources([f"rear={path}#1"], {})
    frames, _ = read_all(rear, start_s=12.0)  # reached by a seek
    assert frames[0].index == 60
    assert abs(frames[0].image.mean() - 100) < 10


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "libx264"), ("h264", "libx264"), ("avi", "mjpeg")])
def test_a_video_that_declares_too_many_pixels_is_refused(tmp_path: Path, suffix: str, codec: str) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 3, codec=codec)
    (source,) = parse_sources([str(path)], {})
    config = SourceConfig(max_megapixels=0.01)
    with pytest.raises(
        TooLarge, match=rf"a\.{suffix}: declares 160 x 64 pixels, more than source.max_megap"
    ) as e:
        probe(source, config)
    assert "(0.01) megapixels, and is not decoded; make it smaller, or raise source.max_megapixels" in str(
        e.value
    )
    with pytest.raises(TooLarge):
        read_all(source, max_megapixels=0.01)
    with pytest.raises(TooLarge, match="declares 320 x 64"):  # as shown
        probe(Source("a", (path,), pixel_aspect=2.0), SourceConfig(max_megapixels=0.015))
