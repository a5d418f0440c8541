"""Reading and writing MOTChallenge text."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import InputError
from reid.evaluation.mot import TrackTable, first_repeat, read_mot, table, write_mot


def written(folder: Path, text: str) -> Path:
    path = folder / "cam.txt"
    path.write_text(text)
    return path


def test_reads_all_nine_columns(tmp_path: Path) -> None:
    tracks = read_mot(written(tmp_path, "1,3,342,114,20,63,1,1,0.25\n\n2,3,342.5,114,20,63,0,1,1\n"))
    assert tracks.frames.tolist() == [1, 2]
    assert tracks.ids.tolist() == [3, 3]
    np.testing.assert_array_equal(tracks.boxes[1], [342.5, 114, 362.5, 177])
    assert tracks.boxes.dtype == np.float32
    assert tracks.confidences.tolist() == [1, 0]
    assert tracks.visibilities.tolist() == [0.25, 1]
    assert tracks.classes.tolist() == [1, 1]
    (tmp_path / "cam.txt").write_text(
        "1,1,0,0,9,9,1,3\n1,2,0,0,9,9,1,-1,1\n1,3,0,0,9,9\n1,4,0,0,9,9,1,8.0,1\n"
    )
    assert read_mot(tmp_path / "cam.txt").classes.tolist() == [3, 1, 1, 8]


@pytest.mark.parametrize("line", ["1,2,3,4,5,6", "1,2,3,4,5,6,1", "1.0, 2, 3, 4, 5, 6, 1, -1, -1, -1"])
def test_trailing_columns_may_be_missing_or_unknown(tmp_path: Path, line: str) -> None:
    tracks = read_mot(written(tmp_path, line))
    assert (tracks.confidences.tolist(), tracks.visibilities.tolist()) == ([1], [1])


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "cam.txt").write_bytes(b"\xef\xbb\xbf1,2,3,4,5,6\r\n2,2,3,4,5,6\r\n")
    assert len(read_mot(tmp_path / "cam.txt")) == 2


def test_empty_file_is_a_camera_without_boxes(tmp_path: Path) -> None:
    assert len(read_mot(written(tmp_path, ""))) == 0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1,2,3", "3 comma-separated columns in '1,2,3', at least 6"),
        ("1 2 3 4 5 6 7", "1 comma-separated columns"),
        ("frame,id,left,top,w,h", "frame is 'frame', expected a number"),
        ("1,2,3,x,5,6", "top is 'x', expected a number"),
        ("1,2,3,nan,5,6", "top is nan, expected a number below"),
        ("1,2,3,4,5,1e300", "height is 1e300, expected a number below"),
        ("0,2,3,4,5,6", "frame is 0, expected a whole number of at least 1 (frames count from 1)"),
        ("1.5,2,3,4,5,6", "frame is 1.5, expected a whole number"),
        (
            "1,-1,3,4,5,6",
            "id is -1, expected a whole number of at least 0 (boxes without ids cannot be scored)",
        ),
        ("1,2,3,4,5,6,1,1.5", "class is 1.5, expected a whole number: 1 is a person, -1 unknown"),
        ("1,2,3,4,-5,6", "width is -5, expected 0 or more pixels"),
        ("1,9,3,4,5,6", "frame 1 has id 9 in line 1 already"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, f"1,9,0,0,1,1\n\n{line}\n")
    with pytest.raises(InputError) as error:
        read_mot(path)
    assert f"{path}, line 3: " in str(error.value)
    assert complaint in str(error.value)


def test_missing_file_folder_and_binary_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_mot(tmp_path / "nobody.txt")
    with pytest.raises(InputError, match="is a folder; expected MOTChallenge text"):
        read_mot(tmp_path)
    (tmp_path / "video.txt").write_bytes(b"\xff\xfe\x80\x81")
    with pytest.raises(InputError, match=r"is not a text file in UTF-8 .byte 0."):
        read_mot(tmp_path / "video.txt")


def test_writes_results_by_frame_then_id(tmp_path: Path) -> None:
    write_mot(
        tmp_path / "cam.txt",
        table(
            [2, 1, 1], [5, 7, 3], [[0, 0, 1, 1], [1.234, 2, 4, 8], [0, 0, 2, 2]], confidences=[0.5, 1, 0.987]
        ),
    )
    assert (tmp_path / "cam.txt").read_text().splitlines() == [
        "1,3,0.00,0.00,2.00,2.00,0.99,-1,-1,-1",
        "1,7,1.23,2.00,2.77,6.00,1.00,-1,-1,-1",
        "2,5,0.00,0.00,1.00,1.00,0.50,-1,-1,-1",
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 9), *[st.integers(0, 4000)] * 4),
        unique_by=lambda row: row[:2],
    )
)
def test_writing_and_reading_is_the_identity(tmp_path: Path, rows: list[tuple[int, ...]]) -> None:
    rows.sort()
    boxes = np.array([(x, y, x + w, y + h) for _, _, x, y, w, h in rows], dtype=np.float32).reshape(-1, 4) / 4
    before = table([row[0] for row in rows], [row[1] for row in rows], boxes)
    write_mot(tmp_path / "cam.txt", before)
    after = read_mot(tmp_path / "cam.txt")
    np.testing.assert_array_equal(after.frames, before.frames)
    np.testing.assert_array_equal(after.ids, before.ids)
    np.testing.assert_allclose(after.boxes, before.boxes, atol=0.011)


def test_repeat_is_the_first_row_seen_before() -> None:
    assert first_repeat(np.array([1, 1, 2, 2, 1]), np.array([4, 5, 4, 4, 4])) == (2, 3)
    assert first_repeat(np.array([1, 1, 2]), np.array([4, 5, 4])) is None


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match=r"TrackTable.ids must have shape \(2,\), got \(1,\)"):
        TrackTable(
            frames=np.array([1, 2]),
            ids=np.array([1]),
            boxes=np.zeros((2, 4), np.float32),
            confidences=np.ones(2, np.float32),
            visibilities=np.ones(2, np.float32),
            classes=np.ones(2, np.int64),
        )
