"""Posters and coats."""

import numpy as np
import pytest

from reid.distance import unit
from reid.tracking.static import split_static
from reid.types import Array, Tracklet
from tests.tracklets import towards, tracklet

BOX = np.array([100, 100, 150, 220], dtype=np.float32)


def walking(count: int, step: float) -> Array:
    return (BOX + np.arange(count)[:, None] * np.array([step, 0, step, 0])).astype(np.float32)


def tracks(tracklets: list[Tracklet]) -> list[int]:
    return [t.track_id for t in tracklets]


def turning(count: int, distance: float) -> Array:
    """Vectors of which the first and the last are `distance` apart."""
    angles = np.linspace(0, np.arccos(1 - distance), count)
    rows = np.zeros((count, 8), dtype=np.float32)
    rows[:, 0], rows[:, 1] = np.cos(angles), np.sin(angles)
    return unit(rows)


def test_one_poster_among_people() -> None:
    poster = tracklet(track=1, frames=range(300), box=BOX, vectors=towards(0, count=5))
    walker = tracklet(track=2, frames=range(300), box=walking(300, 1), vectors=towards(1, count=5))
    waiting = tracklet(track=3, frames=range(300), box=BOX + 200, vectors=turning(5, 0.2))
    short = tracklet(track=4, frames=range(100), box=BOX + 300, vectors=towards(2, count=5))
    moving, static = split_static([poster, walker, waiting, short], static_s=20)
    assert (tracks(moving), tracks(static)) == ([2, 3, 4], [1])


def test_detector_noise_is_no_movement() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (300, 4)).astype(np.float32)
    poster = tracklet(frames=range(300), box=BOX + noise, vectors=towards(0, spread=0.02, count=5))
    assert tracks(split_static([poster], static_s=20)[1]) == [1]


@pytest.mark.parametrize(("static_s", "dropped"), [(10, [1, 2, 3]), (40, [1, 2, 3]), (41, [])])
def test_pieces_of_one_poster_count_together(static_s: float, dropped: list[int]) -> None:
    """Lost and found again: no piece is long enough, from first to last they are."""
    pieces = [
        tracklet(track=1, frames=range(51), box=BOX),
        tracklet(track=2, frames=range(200, 251), box=BOX + 1),
        tracklet(track=3, frames=range(350, 401), box=BOX - 1),
    ]
    moving, static = split_static(pieces, static_s)
    assert tracks(static) == dropped
    assert sorted(tracks(moving) + tracks(static)) == [1, 2, 3]


def test_two_people_who_stand_in_one_place_are_not_one_poster() -> None:
    pieces = [
        tracklet(track=1, frames=range(51), box=BOX, vectors=towards(0)),
        tracklet(track=2, frames=range(350, 401), box=BOX, vectors=towards(1)),
    ]
    assert split_static(pieces, static_s=20)[1] == []


def test_nothing() -> None:
    assert split_static([], static_s=20) == ([], [])
    single = tracklet(frames=[3])
    assert tracks(split_static([single], static_s=20)[0]) == [1]
