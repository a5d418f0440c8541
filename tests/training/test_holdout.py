"""People held out: never shared with training, and searched for by Market-1501's protocol."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.datasets.records import Split
from reid.errors import InputError
from reid.training.holdout import Held, hold_out, renumbered, usual

How = Literal["last", "random"]


def split_of(rows: list[tuple[int, int]], names: dict[int, str] | None = None, cameras: int = 5) -> Split:
    """Images by person and camera."""
    persons, seen = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    prefix = "x/" if names else ""
    return Split(
        name="made up",
        paths=tuple(Path(f"/{row}.jpg") for row in range(len(rows))),
        persons=persons,
        cameras=seen,
        tracklets=np.arange(len(rows)),
        camera_names=tuple(f"{prefix}c{camera}" for camera in range(cameras)),
        person_names=names or {},
    )


def held_people(split: Split, held: Held) -> list[int]:
    """Numbers in the whole of those who are not trained on."""
    return sorted({*held.query.persons.tolist(), *held.gallery.persons.tolist()})


def hold(split: Split, people: int | None, how: How = "last", seed: int = 0, of: Sequence[str] = ()) -> Held:
    return hold_out(split, people, how, np.random.default_rng(seed), of=of)


def everywhere(*people: int, images: int = 2) -> list[tuple[int, int]]:
    return [(person, camera) for person in people for camera in (0, 1) for _ in range(images)]


def test_the_last_by_number() -> None:
    split = split_of(everywhere(9, 2, 4, 30, 7, 11))
    held = hold(split, 2)
    assert held_people(split, held) == [11, 30]
    assert held.train.name == "train"
    assert held.train.persons[::4].tolist() == [3, 0, 1, 2]
    assert dict(held.train.person_names) == {0: "2", 1: "4", 2: "7", 3: "9"}
    assert held.notes == ()


def test_the_last_of_each_source_in_proportion() -> None:
    names = {person: f"{'north' if person < 12 else 'south'}/{person}" for person in range(18)}
    split = split_of(everywhere(*range(18)), names)
    assert held_people(split, hold(split, 6)) == [8, 9, 10, 11, 16, 17]
    assert held_people(split, hold(split, 6, of=["south"])) == [12, 13, 14, 15, 16, 17]
    assert held_people(split, hold(split, 3, of=["north"])) == [9, 10, 11]
    assert held_people(split, hold(split, None, of=["south"])) == [16, 17], "a third of six, not of eighteen"
    assert held_people(split, hold(split, 6, of=["south", "north"])) == [8, 9, 10, 11, 16, 17]
    assert held_people(split, hold(split, 2)) == [11, 17], "1.33 and 0.67: the larger remainder is rounded up"
    assert held_people(split, hold(split, 16)) == [*range(1, 12), *range(13, 18)]
    assert set(held_people(split, hold(split, 4, "random", of=["south"]))) < set(range(12, 18))


@pytest.mark.parametrize(
    ("people", "of", "why"),
    [
        (
            7,
            ["south"],
            "data.held_out is 7, but south (data.hold_out_of) together show 6 people; hold out fewer",
        ),
        (2, ["west"], "data.hold_out_of: no source is called 'west'; choose of north, south"),
    ],
)
def test_sources_that_do_not_do(people: int, of: list[str], why: str) -> None:
    names = {person: f"{'north' if person < 12 else 'south'}/{person}" for person in range(18)}
    with pytest.raises(InputError, match=re.escape(why)):
        hold(split_of(everywhere(*range(18)), names), people, of=of)
    with pytest.raises(InputError, match="there is only one source, so leave it out"):
        hold(split_of(everywhere(*range(18))), 2, of=["south"])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5).filter(lambda sizes: sum(sizes) > 2), st.data())
def test_shares_of_sources(sizes: list[int], data: st.DataObject) -> None:
    """Never more than one person off the exact share."""
    whole = sum(sizes)
    people = data.draw(st.integers(1, whole - 2))
    owner = [source for source, size in enumerate(sizes) for _ in range(size)]
    split = split_of(everywhere(*range(whole)), {person: f"{of}/{person}" for person, of in enumerate(owner)})
    found = held_people(split, hold(split, people))
    assert len(found) == people
    for source, size in enumerate(sizes):
        own = [person for person in range(whole) if owner[person] == source]
        count = sum(owner[person] == source for person in found)
        assert abs(count - people * size / whole) < 1
        assert [person for person in found if owner[person] == source] == own[size - count :]


def test_random_people_follow_the_generator() -> None:
    split = split_of(everywhere(*range(40)))
    drawn = [held_people(split, hold(split, 10, "random", seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != list(range(30, 40))


ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4)), min_size=1, max_size=60)


@given(rows=ROWS, how=st.sampled_from(["last", "random"]), seed=st.integers(0, 9), data=st.data())
def test_nobody_is_shared_and_every_image_is_somewhere(
    rows: list[tuple[int, int]], how: How, seed: int, data: st.DataObject
) -> None:
    if how == "random":  # then anybody may be the only one held out, and must have two images
        rows = rows * 2
    split = split_of([*rows, *everywhere(9, 10, 11, images=1)])  # the last one can be searched for
    people = data.draw(st.integers(1, split.people - 2))
    held = hold(split, people, how, seed)
    parts = (held.train, held.query, held.gallery)
    assert sorted(path for part in parts for path in part.paths) == sorted(split.paths)
    person_of = dict(zip(split.paths, split.persons.tolist(), strict=True))
    trained = {person_of[path] for path in held.train.paths}
    assert len(trained) == split.people - people >= 2
    assert not trained & {person_of[path] for part in parts[1:] for path in part.paths}
    assert set(held.train.persons.tolist()) == set(range(len(trained)))
    for path, person in zip(held.train.paths, held.train.persons.tolist(), strict=True):
        assert held.train.person_name(person) == str(person_of[path])
    for part in parts[1:]:
        assert part.persons.tolist() == [person_of[path] for path in part.paths]
    gallery = list(zip(held.gallery.persons.tolist(), held.gallery.cameras.tolist(), strict=True))
    queries = list(zip(held.query.persons.tolist(), held.query.cameras.tolist(), strict=True))
    assert len(set(queries)) == len(queries) > 0, "one query of a person in a camera"
    for person, camera in queries:
        assert any(one == person and other != camera for one, other in gallery), "nothing to find"


@given(rows=ROWS, seed=st.integers(0, 9))
def test_as_market_divides(rows: list[tuple[int, int]], seed: int) -> None:
    """With two images in every camera: a query in each camera of whoever is seen by two, the rest gallery."""
    split = split_of([*rows, *rows, *everywhere(9, 10, 11)])
    held = hold(split, split.people - 2, seed=seed)
    shown = np.isin(split.persons, held_people(split, held))
    pairs = set(zip(split.persons[shown].tolist(), split.cameras[shown].tolist(), strict=True))
    cameras = Counter(person for person, _ in pairs)
    expected = sorted((person, camera) for person, camera in pairs if cameras[person] > 1)
    assert sorted(zip(held.query.persons.tolist(), held.query.cameras.tolist(), strict=True)) == expected
    assert len(held.gallery) == shown.sum() - len(expected)


def test_queries_are_any_image() -> None:
    split = split_of(everywhere(*range(6), images=3))
    drawn = {hold(split, 4, seed=seed).query.paths for seed in range(5)}
    assert len(drawn) == 5
    assert hold(split, 4, seed=3).query.paths in drawn


def test_a_single_image_in_either_camera() -> None:
    """Both as queries would leave nothing to find: one is the query, the other the gallery."""
    held = hold(split_of(everywhere(*range(6), images=1)), 4)
    assert sorted(held.query.persons.tolist()) == held.gallery.persons.tolist() == [2, 3, 4, 5]
    assert held.notes == ()


def test_who_is_in_one_camera_only_is_never_asked_for() -> None:
    held = hold(split_of([*everywhere(0, 1, 2, 3), (4, 0), (4, 0), (5, 3)]), 4)
    assert sorted(set(held.query.persons.tolist())) == [2, 3]
    assert sorted(set(held.gallery.persons.tolist())) == [2, 3, 4, 5]
    assert held.notes == ("2 of 4 people held out are in one camera, so they are in the gallery only",)


def test_nobody_in_two_cameras() -> None:
    rows = [(person, person % 2) for person in range(6) for _ in range(3)]
    held = hold(split_of([*rows, (6, 0)]), 4)
    assert held.query.persons.tolist() == [3, 4, 5]
    assert held.gallery.persons.tolist() == [3, 3, 4, 4, 5, 5, 6]
    cameras = [*held.query.cameras.tolist(), *held.gallery.cameras.tolist()]
    assert len(set(cameras)) == 10, "a camera for every image"
    assert held.train.camera_names == ("c0", "c1", "c2", "c3", "c4")
    first, second = held.notes
    assert "every image of them counts as a camera of its own" in first
    assert second == "1 of 4 people held out are with one image, so they are in the gallery only"


@pytest.mark.parametrize(
    ("rows", "people", "why"),
    [
        ([], 2, "the sources show 0 people, and 4 are needed"),
        (everywhere(1), 2, "the sources show 1 person, and 4 are needed: 2 to learn from"),
        (everywhere(1, 2, 3), 2, "the sources show 3 people, and 4 are needed"),
        (
            everywhere(*range(9)),
            8,
            "data.held_out is 8, but the sources show 9 people, .* hold out at most 7",
        ),
        ([(person, 0) for person in range(9)], 3, "none of the 3 people held out has two images"),
    ],
)
def test_what_cannot_be_divided(rows: list[tuple[int, int]], people: int, why: str) -> None:
    for how in ("last", "random"):
        with pytest.raises(InputError, match=why):
            hold_out(split_of(rows), people, how, np.random.default_rng(0))


def test_renumbered_after_a_person_is_lost() -> None:
    split = renumbered(renumbered(split_of(everywhere(2, 5, 9))).select([0, 1, 8, 9]))
    assert split.persons.tolist() == [0, 0, 1, 1]
    assert dict(split.person_names) == {0: "2", 1: "9"}


def test_wrong_use() -> None:
    for rows, people in ((everywhere(1, 2, 3), 0), ([*everywhere(1, 2, 3), (-1, 0)], 1)):
        with pytest.raises(ValueError, match="people must be at least 1, without distractors"):
            hold(split_of(rows), people)


@pytest.mark.parametrize(
    ("people", "held_out"), [(4, 2), (9, 3), (30, 10), (60, 10), (250, 25), (751, 75), (5_000, 100)]
)
def test_how_many_where_nobody_says(people: int, held_out: int) -> None:
    assert usual(people) == held_out
