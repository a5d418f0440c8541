import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reid.types import Image
from reid.video.draw import Mark, annotate, clock_text, person_colour, person_colour_hex

GREY = np.full((360, 640, 3), 90, dtype=np.uint8)


def drawn(*marks: Mark, image: Image = GREY) -> Image:
    return annotate(image, marks, camera="lobby", time_s=12.34)


def mark(*box: float, person_id: int | None = 7, trail: object = None) -> Mark:
    path = None if trail is None else np.array(trail, dtype=np.float32).reshape(-1, 2)
    return Mark(box=np.array(box, dtype=np.float32), person_id=person_id, trail=path)


def has(image: Image, colour: tuple[int, int, int]) -> bool:
    return bool((image == np.array(colour)).all(axis=2).any())


def test_a_person_has_one_colour_and_neighbours_another() -> None:
    colours = [person_colour(person) for person in range(1, 25)]
    assert colours == [person_colour(person) for person in range(1, 25)]
    distances = [np.abs(np.subtract(a, b)).sum() for i, a in enumerate(colours) for b in colours[:i]]
    assert min(distances) > 25
    nearby = [np.abs(np.subtract(a, b)).sum() for a, b in pairwise(colours)]
    assert min(nearby) > 120


@given(st.integers(0, 10**6))
def test_colours_are_bright_and_the_same_in_html(person_id: int) -> None:
    blue, green, red = person_colour(person_id)
    assert 0.114 * blue + 0.587 * green + 0.299 * red > 0.44 * 255
    assert re.fullmatch("#[0-9a-f]{6}", person_colour_hex(person_id))
    assert person_colour_hex(person_id) == f"#{red:02x}{green:02x}{blue:02x}"


def test_boxes_labels_and_trails_are_drawn_on_a_copy() -> None:
    before = GREY.copy()
    image = drawn(mark(100, 100, 200, 300, trail=[(10, 340), (80, 350), (150, 300)]))
    assert (before == GREY).all()
    colour = person_colour(7)
    assert has(image[295:305, 140:160], colour)  # the box's lower edge
    assert has(image[80:100, 100:130], colour)  # the label above it
    assert (image[335:352, 10:80] != 90).any()  # the trail
    assert (image[150:250, 130:170] == 90).all()  # nothing inside


def test_unknown_people_are_thin_and_grey_without_a_label() -> None:
    image = drawn(mark(100, 100, 200, 300, person_id=None))
    rows, columns = np.nonzero((image[60:] != 90).any(axis=2))
    assert rows.min() + 60 >= 97  # no label above
    assert np.ptp(image[60:][rows, columns], axis=1).max() == 0  # grey


def test_labels_stay_inside_the_image() -> None:
    at_top, at_right = drawn(mark(300, -5, 400, 200)), drawn(mark(630, 100, 639, 300))
    assert has(at_top[0:30, 300:340], person_colour(7))
    assert has(at_right[70:100, 560:639], person_colour(7))


def test_the_caption_tells_camera_and_time() -> None:
    assert (drawn()[:40, :200] != 90).any()
    other = annotate(GREY, [], camera="lobby", time_s=12.44)
    assert (drawn() != other).any()


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0, "00:00:00.0"),
        (59.96, "00:01:00.0"),
        (3725.25, "01:02:05.2"),
        (-1.5, "-00:00:01.5"),
        (-0.01, "00:00:00.0"),
    ],
)
def test_clock(time_s: float, text: str) -> None:
    assert clock_text(time_s) == text


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    box=arrays(np.float32, 4, elements=st.floats(width=32)),
    trail=st.none()
    | arrays(np.float32, st.tuples(st.integers(0, 4), st.just(2)), elements=st.floats(width=32)),
    person_id=st.none() | st.integers(0, 99999),
    camera=st.text(max_size=5),
    time_s=st.floats(-1e6, 1e6),
)
def test_nothing_to_draw_makes_it_fail(
    size: tuple[int, int], box: object, trail: object, person_id: int | None, camera: str, time_s: float
) -> None:
    image = np.zeros((*size, 3), dtype=np.uint8)
    someone = Mark(
        box=np.asarray(box), person_id=person_id, trail=None if trail is None else np.asarray(trail)
    )
    result = annotate(image, [someone], camera=camera, time_s=time_s)
    assert (result.shape, result.dtype) == (image.shape, np.uint8)


def test_a_view_that_is_not_contiguous_can_be_drawn_on() -> None:
    assert drawn(mark(5, 5, 50, 50), image=GREY[::2, ::-1]).shape == (180, 640, 3)
