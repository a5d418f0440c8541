"""Damaged recordings: all that can be decoded is delivered, and a sentence says what is missing."""

import math
import random
import wave
from itertools import pairwise
from pathlib import Path

import av
import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.video.health import Clock
from reid.video.reader import probe
from tests.video.media import camera, make_video, number, numbered, packet_spans, read_all, times


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_cut_off_file_is_read_up_to_the_cut(tmp_path: Path, suffix: str) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 100)
    data = path.read_bytes()
    path.write_bytes(data[: packet_spans(path)[60][0] + 10])
    after = make_video(tmp_path / "b.mp4", 5, first=500)
    frames, damage = read_all(camera(path, after))
    numbers = [number(frame.image) for frame in frames]
    assert numbers[:60] == list(range(60))
    assert numbers[-5:] == [500, 501, 502, 503, 504]
    assert len(damage) == 1
    assert damage[0].startswith(f"{path}: damaged:")
    assert "it ends at 2.4 s, 1.6 s before its stated end" in damage[0]
    assert sorted(set(times(frames))) == times(frames)


def test_stopping_before_the_cut_is_no_damage(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", 100)
    path.write_bytes(path.read_bytes()[: packet_spans(path)[60][0]])
    frames, damage = read_all(camera(path), end_s=2.0)
    assert (len(frames), damage) == (50, [])


def test_packets_that_cannot_be_decoded_are_skipped_and_counted(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", 60, gop=1)
    data = bytearray(path.read_bytes())
    for index in (10, 11, 30):
        start, size = packet_spans(path)[index]
        data[start : start + size] = random.Random(0).randbytes(size)
    path.write_bytes(data)
    frames, damage = read_all(camera(path))
    whole = [frame for frame in frames if number(frame.image) == frame.index]
    assert len(whole) == 57
    assert {10, 11, 30}.isdisjoint(frame.index for frame in frames)  # numbers stay those of the source
    assert len(damage) == 1
    assert "3 packets could not be decoded, from 0.4 s" in damage[0]


def test_repeated_timestamps_are_repaired_once_told(tmp_path: Path) -> None:
    source, path = make_video(tmp_path / "source.mkv", 10, gop=1), tmp_path / "a.mkv"
    with av.open(str(source)) as container, av.open(str(path), "w") as target:
        stream = container.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.size:
                packet.pts = packet.dts = packet.pts // 80 * 80  # every time twice
                packet.stream = copy
                target.mux(packet)
    frames, damage = read_all(camera(path))
    assert len(frames) == 10
    assert times(frames)[:4] == [0.0, 0.001, 0.08, 0.081]
    assert len(damage) == 1
    assert "5 timestamps did not ascend and were repaired, from 0.0 s" in damage[0]


def test_a_restarted_clock_continues_after_the_last_frame() -> None:
    clock = Clock(frame_s=0.1, origin_s=50.0)
    assert [round(clock.time_s(stamp), 6) for stamp in (50.0, 50.1, 3.0, 3.1, 3.2)] == [0, 0.1, 0.2, 0.3, 0.4]
    assert clock.repaired == 1


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1), st.floats(0.001, 10))
def test_times_ascend_whatever_the_timestamps(stamps: list[float | None], frame_s: float) -> None:
    clock = Clock(frame_s, stamps[0])
    seconds = [clock.time_s(stamp) for stamp in stamps]
    assert all(math.isfinite(second) and second >= 0 for second in seconds)
    assert all(later > earlier for earlier, later in pairwise(seconds))


def test_a_broken_frame_keeps_its_place_in_time(tmp_path: Path) -> None:
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), numbered(index))
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    (tmp_path / "2.png").write_bytes(b"")
    frames, damage = read_all(camera(tmp_path), image_folder_fps=10)
    assert [frame.index for frame in frames] == [0, 3]
    assert times(frames) == [0.0, 0.3]
    assert [sentence.split(":")[0] for sentence in damage] == [
        str(tmp_path / name) for name in ("1.png", "2.png")
    ]


def test_a_folder_of_nothing_but_broken_frames_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no frame")
    for use in (lambda: read_all(camera(tmp_path)), lambda: probe(camera(tmp_path), SourceConfig())):
        with pytest.raises(InputError, match="can be decoded"):
            use()


def unusable(folder: Path) -> dict[str, Path]:
    """Files that are no videos, each in another way."""
    video = make_video(folder / "video.mp4", 20)
    data = video.read_bytes()
    names = [
        "noise.mp4",
        "empty.mp4",
        "cut.mp4",
        "text.txt",
        "codec.mp4",
        "bare.mp4",
        "sound.wav",
        "image.mp4",
    ]
    files = {name: folder / name for name in names}
    files["noise.mp4"].write_bytes(random.Random(0).randbytes(9000))
    files["empty.mp4"].write_bytes(b"")
    files["cut.mp4"].write_bytes(data[:28])
    files["text.txt"].write_text("hello there\n" * 50)
    files["codec.mp4"].write_bytes(data.replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    files["bare.mp4"].write_bytes(data[: packet_spans(video)[0][0]])
    with wave.open(str(files["sound.wav"]), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    files["image.mp4"].write_bytes(cv2.imencode(".jpg", numbered(0))[1].tobytes())
    return files


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("noise.mp4", "not a video that FFmpeg knows"),
        ("empty.mp4", "an empty file"),
        ("cut.mp4", "an MP4 cut off before its index was written"),
        ("text.txt", "not a video but text"),
        ("codec.mp4", "its video codec is unknown"),
        ("bare.mp4", "not one frame of it can be decoded"),
        ("sound.wav", "has no video stream"),
        ("image.mp4", "an image, not a video"),
    ],
)
def test_what_is_no_video_is_told_apart(tmp_path: Path, name: str, sentence: str) -> None:
    path = unusable(tmp_path)[name]
    for use in (lambda: read_all(camera(path)), lambda: probe(camera(path), SourceConfig())):
        with pytest.raises(InputError, match=sentence) as raised:
            use()
        assert str(raised.value).startswith(str(path))
