"""When recordings began, how long they are, and where the files of a camera stand in time."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.video.name_time import time_in_name
from reid.video.reader import probe
from reid.video.source import Source, parse_sources
from reid.video.starts import Placed, place
from tests.video.media import camera, make_video, read_all, times

CASES = Path(__file__).parents[1] / "cases"


def film(path: Path, seconds: float, created: str | None = None) -> Path:
    """A tiny recording, one frame a second, with or without a creation time."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as container:
        if created:
            container.metadata["creation_time"] = created
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        image = av.VideoFrame.from_ndarray(np.zeros((16, 32, 3), np.uint8), format="bgr24")
        for _ in range(round(seconds)):
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    return path


def placed(*arguments: str | Path, **settings: object) -> Placed:
    config = SourceConfig.model_validate({"timezone": "UTC"} | settings)
    return place(parse_sources([str(one) for one in arguments], config.offset_s), config)


def starts(site: Placed) -> dict[str, tuple[float, str | None]]:
    return {one.camera_id: (one.start_s, site.kinds[one.camera_id]) for one in site.sources}


def zero(site: Placed) -> str | None:
    return None if site.clock is None else site.clock.iso(0)


@pytest.mark.parametrize(
    ("stem", "iso"),
    [
        ("cam2_20261126_100000", "2026-11-26T10:00:00"),
        ("2026-11-26_10-00-00", "2026-11-26T10:00:00"),
        ("2026-11-26T10:00:00Z", "2026-11-26T10:00:00+00:00"),
        ("20261126T100000+0100", "2026-11-26T10:00:00+01:00"),
        ("20261126T100000-0500", "2026-11-26T10:00:00-05:00"),
        ("20261126_100000-0500", "2026-11-26T10:00:00"),  # a counter, outside ISO 8601
        ("NVR_ch1_main_20261126100000_20261126110000", "2026-11-26T10:00:00"),
        ("vlc-record-2026-11-26-10h00m00s-rtsp", "2026-11-26T10:00:00"),
        ("Screen Recording 2026-11-26 at 10.00.00 PM", "2026-11-26T22:00:00"),
        ("lobby 2026.11.26 10.00.00.250", "2026-11-26T10:00:00.250000"),
        ("26-11-2026_10-00-00", "2026-11-26T10:00:00"),
        ("11-26-2026_10-00-00", "2026-11-26T10:00:00"),
        ("07.07.2026 10.00.00", "2026-07-07T10:00:00"),
        ("20261399_100000 20261126_100000", "2026-11-26T10:00:00"),  # the first that is a date
    ],
)
def test_names_tell_when_a_recording_began(stem: str, iso: str) -> None:
    said = time_in_name(stem)
    assert said is not None
    assert said.at == datetime.fromisoformat(iso)


@pytest.mark.parametrize(
    "stem",
    [
        "lobby",
        "2026-11-26",
        "20261126_1000",
        "120261126_100000",
        "20261301_100000",
        "2026-11-26_25-00-00",
        "GH010123",
    ],
)
def test_other_names_tell_nothing(stem: str) -> None:
    assert time_in_name(stem) is None


def test_a_day_that_may_be_a_month_is_not_guessed(tmp_path: Path) -> None:
    said = time_in_name("05-06-2026_10-00-00")
    assert said is not None
    assert said.at is None
    site = placed(film(tmp_path / "05-06-2026_10-00-00.mp4", 5), film(tmp_path / "20260605_100000.mp4", 5))
    assert zero(site) is None
    assert "'05-06-2026_10-00-00' in its name may be day or month first" in site.warnings[0]


def test_files_stand_at_their_times_by_time_and_with_their_gap() -> None:
    one, two = CASES / "cam2_20261126_100000.mp4", CASES / "cam2_20261126_100015.mp4"
    site = placed(f"cam2={two}", f"cam2={one}")
    assert site.sources == (Source(camera_id="cam2", files=(one, two), begins_s=(0.0, 15.0)),)
    assert (zero(site), site.kinds) == ("2026-11-26T10:00:00.000+00:00", {"cam2": "container"})
    assert site.warnings == (
        f"cam2: its files are played in the order of their times, not as given: {one.name}, {two.name}",
    )
    frames, damage = read_all(site.sources[0])
    assert times(frames)[58:62] == pytest.approx([58 / 12, 59 / 12, 15, 15 + 1 / 12], abs=1e-3)
    assert [frame.index for frame in frames] == list(range(120))
    assert damage == []
    # a part that begins in the second file, and one that ends in the gap
    late, _ = read_all(site.sources[0], start_s=16)
    assert ([f.index for f in late], times(late)[0]) == (list(range(72, 120)), 16.0)
    assert len(read_all(site.sources[0], end_s=12)[0]) == 60
    sampled, _ = read_all(site.sources[0], fps=1)
    assert times(sampled) == [0, 1, 2, 3, 4, 15, 16, 17, 18, 19]


def test_a_last_frame_of_hours_is_shown_as_long_as_the_others() -> None:
    one, two = CASES / "segment-with-absurd-duration.mp4", CASES / "next-segment.mp4"
    frames, damage = read_all(camera(one, two))
    assert times(frames) == pytest.approx([index / 12 for index in range(96)], abs=1e-3)
    assert damage == []
    info = probe(camera(one, two), SourceConfig())
    assert (info.duration_s, info.frames) == (pytest.approx(8.0, abs=0.1), 96)
    assert info.usual_fps == pytest.approx(12)


def test_pauses_do_not_make_a_recording_sparse(tmp_path: Path) -> None:
    stamps = [*range(0, 1000, 40), *range(600_000, 601_000, 40)]  # 25 a second, and ten minutes of nothing
    info = probe(camera(make_video(tmp_path / "a.mp4", 50, times_ms=stamps)), SourceConfig())
    assert info.fps < 0.1
    assert info.usual_fps == pytest.approx(25)
    assert info.duration_s == pytest.approx(601, abs=0.1)


@pytest.mark.parametrize(
    ("gap_s", "begins"),
    [(0.4, 20.0), (-0.4, 20.0), (7.0, 27.0)],  # within the whole seconds of names it follows right behind
)
def test_a_file_about_a_second_off_follows_right_behind(tmp_path: Path, gap_s: float, begins: float) -> None:
    parts = [make_video(tmp_path / f"{number}.mp4", 20, fps=1) for number in range(2)]
    source = Source(camera_id="cam", files=tuple(parts), begins_s=(0.0, 20 + gap_s))
    frames, damage = read_all(source)
    assert times(frames)[20] == begins
    assert damage == []


def test_a_file_that_begins_before_the_last_one_ends_is_put_behind_it_and_told(tmp_path: Path) -> None:
    one, two = (film(tmp_path / f"lobby_20261126_1000{second}.mp4", 20) for second in ("00", "15"))
    site = placed(f"lobby={one}", f"lobby={two}")
    frames, damage = read_all(site.sources[0])
    assert times(frames) == list(range(40))
    assert damage == [
        f"{two}: begins 5.0 s before {one.name} ends, by its own time; it is put right behind it"
    ]


def test_starts_that_are_given_win_and_the_offset_comes_after(tmp_path: Path) -> None:
    one = film(tmp_path / "a_20261126_100000.mp4", 5)
    two = film(tmp_path / "b_20261126_100003.mp4", 5)
    given = {"b": "2026-11-26T12:00:02+01:00", "a": "2026-11-26T11:00:00.500Z"}
    site = placed(f"a={one}", f"b={two}", started_at=given, offset_s={"b": -0.25}, timezone=None)
    assert starts(site) == {"a": (0.0, "source.started_at"), "b": (1.5, "source.started_at")}
    assert [source.shift_s for source in site.sources] == [0.0, 1.25]
    assert zero(site) == "2026-11-26T12:00:00.500+01:00"  # in the zone of the first that is given
    assert site.warnings == ()


def test_names_place_cameras_on_one_clock(tmp_path: Path) -> None:
    one, two = film(tmp_path / "a_20261126_100000.mp4", 5), film(tmp_path / "b_20261126_100003.mp4", 5)
    site = placed(f"a={one}", f"b={two}", offset_s={"b": -0.5}, timezone="+01:00")
    assert starts(site) == {"a": (0.0, "file name"), "b": (3.0, "file name")}
    assert zero(site) == "2026-11-26T10:00:00.000+01:00"
    assert times(read_all(site.sources[1])[0]) == [2.5, 3.5, 4.5, 5.5, 6.5]


def test_names_without_a_zone_are_in_this_machines(tmp_path: Path) -> None:
    site = placed(film(tmp_path / "20260726_100000.mp4", 5), timezone=None)
    assert site.clock is not None
    assert site.clock.zero_s == datetime(2026, 7, 26, 10).timestamp()
    assert site.clock.iso(0).startswith("2026-07-26T10:00:00.000")


def exports(folder: Path, stems: Sequence[str], created: Sequence[str]) -> list[str]:
    made = zip("abc", stems, created, strict=False)
    return [f"{name}={film(folder / name / f'{stem}.mp4', 5, when)}" for name, stem, when in made]


def test_times_of_exports_are_not_used(tmp_path: Path) -> None:
    late = ["2026-11-26T12:00:00Z", "2026-11-26T12:10:00Z"]
    site = placed(*exports(tmp_path, ["one", "two"], late))
    assert starts(site) == {"a": (0.0, None), "b": (0.0, None)}
    assert zero(site) is None
    assert len(site.warnings) == 1
    assert (
        "by their own times the cameras do not overlap: a 2026-11-26 12:00:00 UTC (container)"
        in site.warnings[0]
    )


def test_names_count_where_containers_hold_times_of_exports(tmp_path: Path) -> None:
    late = ["2026-11-26T12:00:00Z", "2026-11-26T12:10:00Z"]
    site = placed(*exports(tmp_path, ["20261126_100000", "20261126_100002"], late))
    assert starts(site) == {"a": (0.0, "file name"), "b": (2.0, "file name")}
    assert zero(site) == "2026-11-26T10:00:00.000+00:00"
    assert [warning.split(";")[1] for warning in site.warnings] == [" the file name counts"] * 2


def test_a_camera_without_a_time_makes_all_begin_together(tmp_path: Path) -> None:
    one, two = film(tmp_path / "20261126_100000.mp4", 5), film(tmp_path / "yard.mp4", 5)
    site = placed(f"a={one}", two)
    assert starts(site) == {"a": (0.0, None), "yard": (0.0, None)}
    assert "a says when it began (file name), yard does not; so all cameras" in site.warnings[0]
    assert placed(two, film(tmp_path / "hall.mp4", 5)).warnings == ()
    with pytest.raises(
        InputError, match=r"names a, but nothing says when yard began; .* --started-at yard=TIME"
    ):
        placed(f"a={one}", two, started_at={"a": "2026-11-26T10:00:00Z"})


def test_files_of_one_camera_that_lie_over_each_other_follow_as_given(tmp_path: Path) -> None:
    made = [
        film(tmp_path / f"{name}.mp4", 20, f"2026-11-26T12:00:0{second}Z")
        for name, second in (("b", 0), ("a", 4))
    ]
    site = placed(*(f"hall={path}" for path in made))
    assert (site.sources[0].files, site.sources[0].begins_s, zero(site)) == (tuple(made), (), None)
    assert "its files lie over each other, as those of exports do" in site.warnings[0]


def test_a_name_and_a_container_that_disagree_are_told_of(tmp_path: Path) -> None:
    path = film(tmp_path / "20261126_100000.mp4", 5, "2026-11-26T10:00:00Z")
    site = placed(f"a={path}", timezone="Europe/Berlin")
    assert zero(site) == "2026-11-26T11:00:00.000+01:00"
    assert (
        "was recorded 2026-11-26 09:00:00 UTC by its name and 2026-11-26 10:00:00 UTC by" in site.warnings[0]
    )
    assert placed(f"a={path}").warnings == ()


def test_clocks_that_were_never_set_say_nothing(tmp_path: Path) -> None:
    assert zero(placed(film(tmp_path / "a.mp4", 5, "1970-01-01T00:00:10Z"))) is None


def test_facts_and_frames_are_of_the_stream_that_was_chosen_wherever_its_file_stands(tmp_path: Path) -> None:
    late, early = (tmp_path / f"dash_20261126_1000{second}.mkv" for second in ("20", "00"))
    for path in (late, early):
        with av.open(str(path), "w") as container:
            streams = [container.add_stream("mpeg4", rate=rate) for rate in (1, 5)]
            for stream, width in zip(streams, (32, 160), strict=True):
                stream.width, stream.height, stream.pix_fmt = width, 16, "yuv420p"
            for stream, count, value in zip(streams, (6, 20), (40, 200), strict=True):
                image = np.full((16, stream.width, 3), value, np.uint8)
                for _ in range(count):
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
                container.mux(stream.encode())
    given = (f"rear={late}#1", f"rear={early}#0", f"front={early}#1")
    site = placed(*given)
    rear, front = site.sources
    assert rear.files == (early, late)
    assert [rear.streams[path] for path in rear.files] == [0, 1]
    frames, sentences = read_all(rear)
    assert sentences == []
    assert [(f.image.shape[1], round(f.image.mean(), -1)) for f in frames] == [(32, 40)] * 6 + [
        (160, 200)
    ] * 20
    assert frames[6].timestamp_s == 20.0
    info = probe(front, SourceConfig())
    assert (info.width, info.fps, info.step_s) == (160, 5, pytest.approx(0.2))
    assert [probe(one, SourceConfig()).fps for one in parse_sources([f"{early}#0"], {})] == [1]


def test_frames_begin_when_the_first_ones_name_says(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"door_20261126_1000{number:02d}.jpg").write_bytes(b"x")
    site = placed(tmp_path)
    assert zero(site) == "2026-11-26T10:00:00.000+00:00"
    assert site.sources[0].begins_s == ()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"started_at": {"hal": "2026-11-26T10:00:00Z"}}, "no camera is called 'hal'; did you mean 'hall'"),
        ({"started_at": {"hall": "2026-11-26T10:00:00"}}, "must name its zone, as in 2026-11-26T10:00:00"),
        ({"started_at": {"hall": "1764151200"}}, "must be a time such as 2026-11-21T08:00:00"),
        ({"started_at": {"hall": "9999-12-31T23:59:59-12:00"}}, "must be a time such as"),
        (
            {"started_at": {"hall": "2026-11-26T10:00:00Z"}, "offset_s": {"hall": 1e15}},
            "offset_s: 1e.15 for 'hall' is over a century",
        ),
        ({"timezone": "Europe/Berln"}, "'Europe/Berln' is no time zone"),
        ({"timezone": "+99:00"}, "is no time zone"),
    ],
)
def test_bad_times_cost_a_sentence(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    path = film(tmp_path / "hall.mp4", 2)
    with pytest.raises(ValueError, match=sentence):
        placed(path, **settings)
