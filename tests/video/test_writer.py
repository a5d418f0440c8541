from pathlib import Path

import av
import numpy as np
import pytest

from reid.errors import InputError
from reid.video.writer import VideoWriter
from tests.video.media import camera, number, numbered, read_all, times


def test_times_and_frames_come_back(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    stamps = [7.0, 7.04, 7.5, 7.51, 9.0]
    with VideoWriter(path) as writer:
        for index, stamp in enumerate(stamps):
            writer.write(numbered(index), stamp)
        assert not path.exists()
    frames, damage = read_all(camera(path))
    assert times(frames) == [0.0, 0.04, 0.5, 0.51, 2.0]
    assert [number(frame.image) for frame in frames] == list(range(5))
    assert np.abs(frames[0].image[-4, 10].astype(int) - (0, 0, 255)).max() < 20
    assert damage == []
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]


def test_browsers_can_play_it(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as writer:
        writer.write(numbered(0), 0.0)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.colorspace) == ("h264", "yuv420p", 6)


@pytest.mark.parametrize("size", [(161, 64), (160, 65), (161, 65), (1, 1), (2, 3)])
def test_odd_sizes_become_even(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as writer:
        for index in range(3):
            writer.write(np.full((size[1], size[0], 3), 200, np.uint8), index / 10)
    frames, _ = read_all(camera(path))
    assert [frame.image.shape for frame in frames] == [(size[1] + size[1] % 2, size[0] + size[0] % 2, 3)] * 3
    assert all(np.abs(frame.image.astype(int) - 200).max() < 8 for frame in frames)


def test_another_size_on_the_way_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as writer:
        writer.write(numbered(0), 0.0)
        writer.write(numbered(1, 320, 128), 0.1)
        writer.write(numbered(2, 100, 40), 0.2)
    frames, _ = read_all(camera(path))
    assert [frame.image.shape[:2] for frame in frames] == [(64, 160)] * 3
    assert [number(frame.image) for frame in frames] == [0, 1, 2]


def test_times_that_do_not_ascend_are_moved(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as writer:
        for stamp in (0.0, 0.1, 0.1, 0.05, 0.2):
            writer.write(numbered(0), stamp)
    frames, _ = read_all(camera(path))
    assert len(frames) == 5
    assert times(frames)[-1] == 0.2


def test_an_error_leaves_nothing_behind_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"before")

    def fail_on_the_way() -> None:
        with VideoWriter(path) as writer:
            writer.write(numbered(0), 0.0)
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail_on_the_way()
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"before"]


def test_no_frame_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_costs_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "out.mp4"
    with VideoWriter(path) as writer, pytest.raises(InputError, match=r"out\.mp4: cannot be written"):
        writer.write(numbered(0), 0.0)
