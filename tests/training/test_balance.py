"""How evenly people are shown, compared with counting by hand."""

import re
from collections import Counter
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.datasets.records import DISTRACTOR, Split
from reid.training.balance import balance, describe, warnings


def split_of(rows: list[tuple[int, int]]) -> Split:
    persons, cameras = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return Split(
        name="made up",
        paths=tuple(Path(f"/{row}.jpg") for row in range(len(rows))),
        persons=persons,
        cameras=cameras,
        tracklets=np.arange(len(rows)),
        camera_names=("door", "yard", "gate"),
    )


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=40))
def test_counts(rows: list[tuple[int, int]]) -> None:
    found = balance(split_of([*rows, (DISTRACTOR, 2)]))
    images = Counter(person for person, _ in rows)
    cameras = {person: {camera for one, camera in rows if one == person} for person in images}
    assert (found.people, found.images) == (len(images), len(rows))
    assert found.cameras == len({camera for _, camera in rows})
    assert found.one_image == sum(count == 1 for count in images.values())
    assert found.one_camera == sum(len(seen) == 1 for seen in cameras.values())
    assert (found.least, found.most) == (min(images.values()), max(images.values()))
    assert found.median == median(images.values())
    names = ("door", "yard", "gate")
    assert dict(found.by_camera) == Counter(names[camera] for _, camera in rows)


def test_table() -> None:
    rows = [(0, 0)] * 1000 + [(0, 1)] * 500 + [(1, 1)] * 4 + [(2, 1)]
    assert describe(balance(split_of(rows))) == [
        ("people", "3, 1 with one image, 2 in one camera"),
        ("images", "1,505"),
        ("images of a person", "1 to 1,500, median 4"),
        ("cameras", "2"),
        ("images of a camera", "505 (yard) to 1,000 (door)"),
    ]
    assert describe(balance(split_of([(0, 0), (0, 0)])))[-1] == ("cameras", "1")


EVEN = [(person, camera) for person in range(4) for camera in (0, 1) for _ in range(2)]


def test_nothing_to_warn_of() -> None:
    assert warnings(balance(split_of(EVEN)), images=4) == []


@pytest.mark.parametrize(
    ("rows", "images", "said"),
    [
        ([*EVEN, (4, 0), (5, 1)], None, "2 people have one image: nothing can be pulled together"),
        ([*EVEN, (4, 0)], 4, "1 person has one image"),
        (
            [(person, person % 2) for person in range(4) for _ in range(4)],
            4,
            "no person is seen by two cameras",
        ),
        (
            [*EVEN, *[(person, 0) for person in range(4, 9)] * 4],
            4,
            "5 of 9 people are seen by one camera only",
        ),
        (EVEN, 5, "batch.images is 5, but half of the people have 4 or fewer images, .*; 4 would do"),
        (
            EVEN * 30 + [(0, 2)] * 4,
            4,
            r"1 camera has less than 1% of the images: gate \(4\); people are hardly",
        ),
    ],
)
def test_what_is_warned_of(rows: list[tuple[int, int]], images: int | None, said: str) -> None:
    (sentence,) = warnings(balance(split_of(rows)), images=images)
    assert re.match(said, sentence)


def test_a_split_of_nobody() -> None:
    with pytest.raises(ValueError, match="must show a person"):
        balance(split_of([(DISTRACTOR, 0)]))
