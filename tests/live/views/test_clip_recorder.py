"""Films begin before their event, end after it, say who is in them, and can be found again to be deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.views.filmed import NOON, Camera


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path / "clips", width=320)


def test_some_seconds_before_and_after(camera: Camera) -> None:
    camera.run(5, 1)
    camera.event(1)
    camera.run(5, 1, 2, tracks=[7])
    camera.clips.close(20)
    (film,) = camera.films()
    assert film["seconds"] == pytest.approx(3, abs=0.15)
    assert film["begun_s"] == pytest.approx(NOON + 4, abs=0.15)
    assert (film["camera"], film["people"], film["width"]) == ("a", ["P0001", "P0002"], 320)
    assert (film["session"], film["tracks"]) == ("live-1", ["a/7"])
    assert [event["event"] for event in film["events"]] == ["seen"]


def test_events_that_follow_each_other_are_one_film_up_to_a_limit(camera: Camera) -> None:
    camera.run(1, 1)
    for _ in range(10):
        camera.event(1)
        camera.run(1, 1)
    camera.clips.close(20)
    first, second = camera.films()
    assert first["seconds"] == pytest.approx(6, abs=0.15)
    assert len(first["events"]) + len(second["events"]) == 10


def test_other_events_are_not_filmed(camera: Camera) -> None:
    camera.run(1, 1)
    camera.event(1, kind="left")
    camera.event(1, camera="b")
    camera.run(3, 1)
    camera.clips.close(20)
    assert camera.films() == []


def test_who_is_forgotten_is_in_no_film(camera: Camera) -> None:
    for person in (1, 2):
        camera.run(2, person)
        camera.event(person)
        camera.run(4, person)
    camera.run(2, 3)
    camera.event(2)  # a film that is being made: of 3, but told of 2
    camera.run(0.5, 3)
    assert camera.clips.forget(1) == 1
    assert [film["people"] for film in camera.films()] == [["P0002"]]
    camera.clips.forget(3)
    camera.run(3)
    camera.clips.close(20)
    assert [film["people"] for film in camera.films()] == [["P0002"]]


def test_what_is_being_filmed_may_only_tell_of_whom_one_forgets(camera: Camera) -> None:
    camera.run(2, 3)
    camera.event(3, runner_up="P0002")
    camera.clips.forget(2)
    camera.run(3, 3)
    camera.clips.close(20)
    assert camera.films() == []


def test_films_go_on_where_all_frames_were_forgotten(camera: Camera) -> None:
    camera.run(5, 1)
    camera.clips.forget(1)
    camera.event(1)
    camera.event(2)
    camera.run(3, 2)
    camera.clips.forget(4)
    (film,) = camera.films()
    assert film["people"] == ["P0002"]
    assert film["seconds"] == pytest.approx(2, abs=0.15)
    camera.run(1, 2)
    camera.clips.forget(2)
    camera.event(2)  # a film without a frame
    camera.clips.close(20)


# who is in a film turns out later ---


def moved(camera: Camera) -> None:
    """Re-clustering."""
    camera.event(5, kind="identity_changed", track="a/7", old=None, new="P0005", reason="moved")


def settled(camera: Camera) -> None:
    """An answer at last."""
    since = camera.since(6)
    camera.event(5, kind="identity_changed", track="a/7", since=since, old=None, new="P0005")


@pytest.mark.parametrize("turned_out", [moved, settled])
def test_a_film_on_the_disk_is_found_by_whom_its_tracks_turn_out_to_show(
    camera: Camera, turned_out: Callable[[Camera], None]
) -> None:
    camera.film(1, tracks=[7])
    turned_out(camera)
    camera.film(3)
    camera.clips.forget(6)
    assert [film["people"] for film in camera.films()] == [["P0001", "P0005"], ["P0003"]]
    camera.clips.forget(5)
    assert [film["people"] for film in camera.films()] == [["P0003"]]
    camera.event(5, kind="left", track="a/7")  # nothing is noted in a film that is gone
    camera.clips.close(20)
    assert [film["people"] for film in camera.films()] == [["P0003"]]


def test_what_turned_out_is_known_to_the_next_start_of_the_program(camera: Camera) -> None:
    camera.film(tracks=[7])
    moved(camera)
    camera.clips.close(20)
    later = Camera(camera.folder)
    later.clips.forget(5)
    assert later.films() == []


def test_tracks_have_their_numbers_anew_with_each_start(camera: Camera) -> None:
    camera.film(1, tracks=[7])
    camera.clips.close(20)
    later = Camera(camera.folder, session="live-2")
    later.film(2, tracks=[7])
    settled(later)
    later.clips.forget(5)
    assert [film["people"] for film in later.films()] == [["P0001"]]


def test_a_film_that_is_being_made_is_found_too(camera: Camera) -> None:
    camera.run(1, tracks=[7])
    camera.event(None)
    camera.run(0.5, tracks=[7])
    camera.run(1, 1)
    moved(camera)
    camera.clips.forget(5)
    camera.run(4, 1)
    camera.clips.close(20)
    assert camera.films() == []


def test_frames_that_would_begin_a_film_are_found_too(camera: Camera) -> None:
    camera.run(0.5, tracks=[7])
    camera.run(0.4, 1)
    moved(camera)
    camera.clips.forget(5)
    camera.event(1)
    camera.run(3, 1)
    camera.clips.close(20)
    (film,) = camera.films()
    assert film["begun_s"] == pytest.approx(NOON + 0.6, abs=0.01)
    assert (film["people"], film["tracks"]) == (["P0001"], [])


@pytest.mark.parametrize("kind", ["seen", "left"])
def test_a_track_that_had_no_number_yet_is_found_by_its_time(camera: Camera, kind: str) -> None:
    camera.film(1)
    camera.film(2, tracks=[None])
    camera.event(None, kind=kind, track="a/8", since=camera.since(2.5))
    camera.event(5, kind="identity_changed", track="a/8", old=None, new="P0005")
    camera.clips.forget(5)
    assert [film["people"] for film in camera.films()] == [["P0001"]]


def test_old_films_are_deleted(camera: Camera) -> None:
    for _ in range(2):
        camera.run(5, 1)
        camera.event(1)
        camera.run(5, 1)
    assert camera.clips.prune(NOON + 10) == 1
    assert [film["begun_s"] > NOON + 10 for film in camera.films()] == [True]
    camera.clips.close(20)
