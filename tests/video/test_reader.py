from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.video.reader import SourceInfo, probe, read
from reid.video.seek import find_jump
from tests.video.media import camera, make_video, number, numbered, read_all, times

SETTINGS = SourceConfig.model_validate({})


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "mov", "flv"])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_every_container_gives_all_frames_in_order(tmp_path: Path, suffix: str, b_frames: int) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 30, b_frames=b_frames)
    frames, damage = read_all(camera(path, offset_s=100.0))
    assert [number(frame.image) for frame in frames] == list(range(30))
    assert [frame.index for frame in frames] == list(range(30))
    assert np.allclose(times(frames), [100 + index / 25 for index in range(30)], atol=0.001)
    assert frames[0].image.shape == (64, 160, 3)
    assert frames[0].image.flags.c_contiguous
    assert damage == []


def test_colours_are_bgr(tmp_path: Path) -> None:
    frames, _ = read_all(camera(make_video(tmp_path / "a.mp4", 1)))
    blue, green, red = frames[0].image[-4, 10].tolist()
    assert red > 230
    assert max(blue, green) < 25


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_variable_frame_rate_keeps_the_containers_times(tmp_path: Path, suffix: str) -> None:
    stamps = [0, 40, 500, 510, 2000, 2100]
    path = make_video(tmp_path / f"a.{suffix}", 6, times_ms=stamps, b_frames=2)
    frames, _ = read_all(camera(path))
    assert times(frames) == [stamp / 1000 for stamp in stamps]
    assert [number(frame.image) for frame in frames] == list(range(6))


def test_time_begins_at_the_first_frame(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", 3, times_ms=[5000, 5100, 5200])
    frames, _ = read_all(camera(path))
    assert times(frames) == [0.0, 0.1, 0.2]


def test_frames_cut_by_an_edit_list_are_not_shown(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", 30, gop=30, b_frames=2)
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size:
                packet.pts -= round(0.4 / packet.time_base)  # 10 frames before zero: an edit list hides them
                packet.dts -= round(0.4 / packet.time_base)
                packet.stream = copy
                target.mux(packet)
    frames, damage = read_all(camera(cut))
    assert [number(frame.image) for frame in frames] == list(range(10, 30))
    assert (frames[0].index, frames[0].timestamp_s, damage) == (0, 0.0, [])


@pytest.mark.parametrize(("rotation", "red_corner"), [(90, (-4, -4)), (180, (4, -4)), (-90, (4, 4))])
def test_rotated_video_is_delivered_upright(
    tmp_path: Path, rotation: int, red_corner: tuple[int, int]
) -> None:
    if not hasattr(av.VideoFrame, "rotation") or not hasattr(av.stream.Stream, "set_display_rotation"):
        pytest.importorskip("av", minversion="18")
    source = camera(make_video(tmp_path / "a.mp4", 2, rotation=rotation))
    frames, _ = read_all(source)
    image = frames[0].image
    assert image.shape == ((64, 160, 3) if rotation == 180 else (160, 64, 3))
    assert image[red_corner][2] > 230  # the block at the lower left, turned counterclockwise
    assert image[red_corner][0] < 25
    info = probe(source, SETTINGS)
    assert (info.height, info.width) == image.shape[:2]


@pytest.mark.parametrize("fps", [12, 30])
def test_raw_streams_take_their_rate_from_the_codecs_header(tmp_path: Path, fps: int) -> None:
    source = camera(make_video(tmp_path / "a.264", 10, fps=fps, kind="h264", b_frames=2))
    frames, damage = read_all(source, image_folder_fps=7)
    assert times(frames) == [round(index / fps, 4) for index in range(10)]
    assert damage == []
    info = probe(source, SETTINGS)
    assert (info.fps, info.frames, info.duration_s, info.fps_from) == (fps, None, None, "its codec's header")


def test_raw_streams_take_their_rate_from_the_setting_where_there_is_one(tmp_path: Path) -> None:
    source = camera(make_video(tmp_path / "a.264", 10, kind="h264", b_frames=2))
    frames, damage = read_all(source, raw_fps=10)
    assert times(frames) == [index / 10 for index in range(10)]
    assert [number(frame.image) for frame in frames] == list(range(10))
    assert damage == []
    info = probe(source, SourceConfig.model_validate({"raw_fps": 10}))
    assert (info.fps, info.frames, info.duration_s) == (10, None, None)


def test_files_of_one_camera_follow_each_other(tmp_path: Path) -> None:
    parts = [make_video(tmp_path / f"{part}.mp4", 10, first=10 * part) for part in range(3)]
    frames, _ = read_all(camera(*parts))
    assert [number(frame.image) for frame in frames] == list(range(30))
    assert [frame.index for frame in frames] == list(range(30))
    assert np.allclose(times(frames), np.arange(30) / 25)
    frames, _ = read_all(camera(*parts), start_s=0.6, end_s=1.0)
    assert [number(frame.image) for frame in frames] == list(range(15, 25))
    frames, _ = read_all(camera(*parts), end_s=0.4)
    assert len(frames) == 10


@pytest.mark.parametrize(
    ("fps", "expected"),
    [(25, list(range(20))), (50, list(range(20))), (12.5, list(range(0, 20, 2))), (5, [0, 5, 10, 15])],
)
def test_sampling_takes_each_frame_at_most_once(tmp_path: Path, fps: float, expected: list[int]) -> None:
    frames, _ = read_all(camera(make_video(tmp_path / "a.mkv", 20)), fps=fps)
    assert [frame.index for frame in frames] == expected
    assert [number(frame.image) for frame in frames] == expected


def test_sampling_is_nearest_to_the_grid_when_times_jitter(tmp_path: Path) -> None:
    stamps = [0, 38, 83, 118, 161, 198, 243, 279]  # 25 a second, give or take 3 ms
    path = make_video(tmp_path / "a.mkv", 8, times_ms=stamps)
    frames, _ = read_all(camera(path), fps=12.5)
    assert [frame.index for frame in frames] == [0, 2, 4, 6]


def test_sampling_does_not_invent_frames_in_a_gap(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", 4, times_ms=[0, 100, 1900, 2000])
    frames, _ = read_all(camera(path), fps=10)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize("start_s", [3.0, 11.02, 17.5, 19.98, 25.0])
def test_a_start_gives_the_same_frames_as_reading_from_the_beginning(
    tmp_path: Path, suffix: str, start_s: float
) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 200, fps=10, b_frames=3, gop=25)
    whole, _ = read_all(camera(path))
    part, damage = read_all(camera(path), start_s=start_s)
    expected = [frame for frame in whole if frame.timestamp_s >= start_s]
    assert [frame.index for frame in part] == [frame.index for frame in expected]
    assert [number(frame.image) for frame in part] == [frame.index for frame in expected]
    assert np.allclose(times(part), times(expected), atol=1e-4)
    assert damage == []


def test_a_late_start_counts_on_over_files_of_variable_frame_rate(tmp_path: Path) -> None:
    stamps = [index * 100 + index % 3 * 7 for index in range(150)]
    parts = [make_video(tmp_path / f"{n}.mp4", 150, times_ms=stamps, b_frames=2, gop=20) for n in range(2)]
    whole, _ = read_all(camera(*parts))
    part, _ = read_all(camera(*parts), start_s=27.0)
    assert [frame.index for frame in part] == [f.index for f in whole if f.timestamp_s >= 27.0]
    assert times(part) == [time for time in times(whole) if time >= 27.0]
    assert [number(frame.image) for frame in part] == [frame.index - 150 for frame in part]


def test_a_size_change_on_the_way_is_delivered_as_it_is(tmp_path: Path) -> None:
    small = make_video(tmp_path / "s.264", 5, kind="h264")
    large = make_video(tmp_path / "l.264", 5, kind="h264", size=(320, 128), first=5)
    both = tmp_path / "both.264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    frames, _ = read_all(camera(both))
    assert [frame.image.shape[:2] for frame in frames] == [(64, 160)] * 5 + [(128, 320)] * 5
    assert [number(frame.image) for frame in frames] == list(range(10))


def test_odd_sizes_are_contiguous(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", 2, size=(161, 65), codec="mjpeg")
    frames, _ = read_all(camera(path))
    assert frames[0].image.shape == (65, 161, 3)
    assert frames[0].image.flags.c_contiguous


def test_decoder_threads_change_nothing(tmp_path: Path) -> None:
    source = camera(make_video(tmp_path / "a.mp4", 30, b_frames=2))
    one, two = (list(read(source, SETTINGS, pytest.fail, threads)) for threads in (1, 2))
    assert times(one) == times(two)
    assert all((a.image == b.image).all() for a, b in zip(one, two, strict=True))


def test_frames_of_any_depth_become_bgr(tmp_path: Path) -> None:
    image = numbered(3)
    cv2.imwrite(str(tmp_path / "f1.png"), image)
    cv2.imwrite(str(tmp_path / "f2.png"), image.astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "f3.png"), cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    cv2.imwrite(str(tmp_path / "f4.png"), cv2.cvtColor(image, cv2.COLOR_BGR2BGRA))
    cv2.imwrite(str(tmp_path / "f10.tif"), image)
    source = camera(tmp_path)
    frames, damage = read_all(source, image_folder_fps=4)
    assert [(f.image.shape, f.image.dtype) for f in frames] == [((64, 160, 3), np.uint8)] * 5
    assert [number(frame.image) for frame in frames] == [3] * 5
    assert np.abs(frames[1].image.astype(int) - image).max() <= 1
    assert times(frames) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert damage == []
    assert [f.index for f in read_all(source, image_folder_fps=4, fps=2, start_s=0.5)[0]] == [2, 4]


def test_probe_describes_a_recording(tmp_path: Path) -> None:
    parts = [make_video(tmp_path / f"{part}.mp4", 50) for part in range(2)]
    info = probe(camera(*parts), SETTINGS)
    assert info == SourceInfo(
        width=160, height=64, fps=25.0, frames=100, duration_s=4.0, codec="h264", step_s=0.04
    )
    cv2.imwrite(str(tmp_path / "f1.png"), numbered(0))
    info = probe(camera(tmp_path), SETTINGS)
    assert (info.fps, info.frames, info.duration_s, info.codec) == (25.0, 1, 0.04, "images")


def test_reading_needs_no_network_and_no_other_file(tmp_path: Path) -> None:
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(InputError, match=r"a\.m3u8"):
        read_all(camera(playlist))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_late_start_is_reached_by_a_seek(tmp_path: Path, suffix: str) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 200, fps=10, b_frames=3, gop=25)
    jump = find_jump(path, 17.5)
    assert jump is not None
    assert 130 <= jump.index <= 165


def test_where_packets_carry_no_times_nothing_is_sought(tmp_path: Path) -> None:
    assert find_jump(make_video(tmp_path / "a.264", 60, kind="h264"), 2.0) is None
