"""Seconds of a site as times in the world."""

from datetime import datetime

import pytest

from reid.errors import InputError
from reid.outputs.timeline import Moments, axis, midnight_s
from reid.wall_clock import WallClock, zone_of
from tests.outputs.scenes import tracklet


def clock(iso: str, zone: str | None) -> WallClock:
    return WallClock(zero_s=datetime.fromisoformat(iso).timestamp(), zone=zone)


@pytest.mark.parametrize(
    ("zone", "later", "iso"),
    [
        ("UTC", 0, "2026-10-25T00:30:00.000+00:00"),
        ("+01:00", 15.4, "2026-10-25T01:30:15.400+01:00"),
        ("-0330", 0, "2026-10-24T21:00:00.000-03:30"),
        ("Europe/Berlin", 0, "2026-10-25T02:30:00.000+02:00"),
        ("Europe/Berlin", 3600, "2026-10-25T02:30:00.000+01:00"),  # summer time ends in between
        ("UTC", 0.0004, "2026-10-25T00:30:00.000+00:00"),
    ],
)
def test_moments_are_written_in_their_zone(zone: str, later: float, iso: str) -> None:
    assert clock("2026-10-25T00:30:00Z", zone).iso(later) == iso


def test_this_machines_zone_is_that_of_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    own = clock("2026-10-25T00:30:00Z", None)
    assert datetime.fromisoformat(own.iso(3600)) == datetime.fromisoformat("2026-10-25T01:30:00Z")
    assert (
        datetime.fromisoformat(own.iso(0)).utcoffset()
        == datetime.fromtimestamp(own.zero_s).astimezone().utcoffset()
    )


@pytest.mark.parametrize("name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "+25:00", "1:00", "\0"])
def test_what_is_no_zone_gets_a_sentence(name: str) -> None:
    with pytest.raises(
        InputError, match="no time zone that is known here; write a name such as Europe/Berlin"
    ):
        zone_of(name)


def test_the_report_says_a_day_once_and_several_at_every_time() -> None:
    items = [tracklet("a", 1, range(11)), tracklet("a", 2, range(300, 311))]  # to 31 s
    noon = clock("2026-11-26T11:00:03Z", "+01:00")
    one_day = Moments(noon, axis(items))
    assert (one_day(65.26), one_day(0, tenths=False)) == ("12:01:08.3", "12:00:03")
    assert one_day.head(0) == "2026-11-26, UTC+01:00"
    night = clock("2026-11-26T22:59:50Z", "+01:00")
    two_days = Moments(night, axis(items))
    assert (two_days(0), two_days(10)) == ("2026-11-26 23:59:50.0", "2026-11-27 00:00:00.0")
    assert two_days.head(0) == "UTC+01:00"
    assert Moments(None).head(0) is None
    assert Moments(None)(65.26) == "1:05.3"


def test_the_axis_has_its_marks_at_round_times_of_the_day() -> None:
    items = [tracklet("a", 1, range(11)), tracklet("a", 2, range(300, 311))]
    began = clock("2026-11-26T11:00:03Z", "UTC")
    marks = axis(items, midnight_s=midnight_s(began)).ticks
    assert [Moments(began)(mark, tenths=False) for mark in marks[:3]] == ["11:00:00", "11:00:05", "11:00:10"]
