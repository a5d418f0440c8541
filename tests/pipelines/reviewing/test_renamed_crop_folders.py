"""Folders of crops that change their names among each other: people whom the user keeps apart stay apart."""

import itertools
import random
from pathlib import Path

import pytest

from pipelines.reviewing.moved_crops import find_moved
from pipelines.reviewing.opening import open_site
from pipelines.reviewing.writing import write_again
from tests.pipelines.reviewing.results import make_results
from tests.pipelines.reviewing.test_moved_crops import RUN, move, took
from tests.pipelines.reviewing.test_writing import FIRST, QUIET, SEEN, opened, place, who


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_results(tmp_path / "day", SEEN)


def rename(root: Path, *names: tuple[str, str]) -> None:
    """Rename folders of crops, all at once."""
    crops = root / "crops"
    for old, new in names:
        (crops / old).rename(crops / f"{new}.new")
    for _, new in names:
        (crops / f"{new}.new").rename(crops / new)


def test_two_folders_that_change_their_names_are_two_people(root: Path) -> None:
    rename(root, ("P0001", "P0002"), ("P0002", "P0001"))
    with opened(root) as site:
        assert took(site) == (0, "")
        assert site.store.decisions() == []
        assert took(site) == (0, "")
        write_again(site.runs[0], site.store, QUIET)
    assert who(root) == FIRST


def test_a_chain_of_new_names_joins_only_what_ends_in_a_persons_folder(root: Path) -> None:
    for track in ("a/2", "b/1"):  # P0002
        move(root, track, "P0003")
    for track in ("a/1", "a/3"):  # P0001
        move(root, track, "P0002")
    with opened(root) as site:
        count, said = took(site)
        assert count == 1
        assert said.endswith("kept as 1 decision: P0002 is P0003")
        write_again(site.runs[0], site.store, QUIET)
    assert who(root) == FIRST | {"a/2": "P0003", "b/1": "P0003"}


def test_a_chain_the_other_way_round(root: Path) -> None:
    for track in ("a/2", "b/1"):  # P0002
        move(root, track, "P0001")
    for track in ("a/4", "b/2"):  # P0003
        move(root, track, "P0002")
    with opened(root) as site:
        assert took(site)[0] == 1
        write_again(site.runs[0], site.store, QUIET)
    assert who(root) == FIRST | {"a/2": "P0001", "b/1": "P0001"}


def test_a_name_and_a_number_that_became_free(root: Path) -> None:
    rename(root, ("P0001", "Ann"), ("P0002", "P0001"))
    with opened(root) as site:
        assert took(site)[0] == 1
        assert [one.label for one in site.store.people()] == ["Ann", None, None, None]


@pytest.mark.parametrize("first", ["P0001", "P0002"])
def test_an_import_that_was_interrupted_goes_on_as_it_began(root: Path, first: str) -> None:
    rename(root, ("P0001", "P0002"), ("P0002", "P0001"))
    with opened(root) as site:
        moved = find_moved(site.runs[0].run, {})
        site.runs[0].owned.note(moved_crops=[f"{key} {first}" for key in moved.folders[first]])
        assert took(site) == (0, "")
        assert site.store.decisions() == []


def test_people_whom_a_decision_keeps_apart_are_not_joined_by_a_chain(root: Path) -> None:
    with opened(root) as site:
        site.store.apart(1, 3)
        for track in ("a/2", "b/1"):
            move(root, track, "P0003")
        for track in ("a/1", "a/3"):
            move(root, track, "P0002")
        assert took(site)[0] == 1
        now = site.store.former_ids(RUN)
        assert now[place(site, "a/1")[1]] == 1
        assert now[place(site, "a/2")[1]] == now[place(site, "a/4")[1]] == 3


def test_a_decision_that_a_move_contradicts_is_told(root: Path) -> None:
    with opened(root) as site:
        site.store.apart(1, 2)
        move(root, "a/1", "P0002")
        count, said = took(site)
        assert count == 1
        assert "what was moved counts more than decision 1 of " in said
        assert "(P0002 is not P0001)" in said


def test_what_is_put_to_what_was_imported_before_is_the_same_person(root: Path) -> None:
    move(root, "a/1", "P0099")
    with opened(root) as site:
        assert took(site)[0] == 1
        move(root, "b/1", "P0099")
        assert took(site)[0] == 1
        now = site.store.former_ids(RUN)
        assert now[place(site, "a/1")[1]] == now[place(site, "b/1")[1]] == 5


@pytest.mark.parametrize("name", ["1", "p1", "P00001", "P0001 "])
def test_a_number_may_be_written_in_any_way(root: Path, name: str) -> None:
    move(root, "b/1", name)
    with opened(root) as site:
        assert took(site)[0] == 1
        assert site.store.former_ids(RUN)[place(site, "b/1")[1]] == 1
        assert took(site) == (0, "")


def test_what_a_decision_gave_to_a_person_is_not_named_twice(root: Path) -> None:
    with opened(root) as site:
        site.store.reassign(1, [place(site, "a/3")], 4)  # after the crops were written
        move(root, "b/3", "Ann")
        move(root, "a/3", "Bob")
        assert took(site)[0] == 3
        now, people = site.store.former_ids(RUN), {one.person_id: one.label for one in site.store.people()}
        assert people[now[place(site, "b/3")[1]]] == "Ann"
        assert people[now[place(site, "a/3")[1]]] == "Bob"


@pytest.mark.parametrize("known", [(1, 2), (1,), (2,)])
def test_known_people_change_places_in_one_run(tmp_path: Path, known: tuple[int, ...]) -> None:
    gallery = tmp_path / "site.db"
    yesterday = {"c": {number: number - 1 for number in known}}
    seen = {"a": {1: 0, 2: 1}, "b": {1: 0, 2: 1}}
    make_results(tmp_path / "yesterday", yesterday, gallery=gallery, run_id="f" * 24)
    root = make_results(tmp_path / "day", seen, gallery=gallery)
    names = dict.fromkeys(("a/1", "b/1"), "P0001") | dict.fromkeys(("a/2", "b/2"), "P0002")
    if known == (2,):  # was the first of all
        names = dict.fromkeys(("a/2", "b/2"), "P0001") | dict.fromkeys(("a/1", "b/1"), "P0002")
    assert who(root) == names
    rename(root, ("P0001", "P0002"), ("P0002", "P0001"))
    other = {"P0001": "P0002", "P0002": "P0001"}
    with open_site([root], QUIET) as site:
        took(site)
        write_again(site.runs[0], site.store, QUIET)
        now = who(root)
        assert now["a/1"] == now["b/1"] != now["a/2"] == now["b/2"]
        known_one = "P0001"
        assert now[next(key for key, name in names.items() if name == "P0002")] == known_one
        if len(known) == 2:
            assert now == {key: other[name] for key, name in names.items()}
        assert took(site) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_two_tracklets_are_one_person_where_they_lie_in_one_folder(root: Path, seed: int) -> None:
    """Whatever was moved, also once more after an import; or it is said that something is not kept."""
    rng = random.Random(seed)
    names = ["P0001", "P0002", "P0003", "P0004", "P0099", "Ann", "Bob"]
    where = dict(FIRST)
    with opened(root) as site:
        for _ in range(2):
            if rng.random() < 0.5:
                called = dict(zip(sorted(set(where.values())), rng.sample(names, len(names)), strict=False))
                where = {track: called[name] for track, name in where.items()}
            else:
                where = {
                    track: rng.choice(names) if rng.random() < 0.5 else name for track, name in where.items()
                }
            for track, name in where.items():
                move(root, track, f"{name}.new")
            for track, name in where.items():
                move(root, track, name)
            if "not kept" in took(site)[1]:
                return
            assert took(site) == (0, "")
            now = {str(key): person for key, person in site.store.former_ids(RUN).items()}
            for one, other in itertools.combinations(sorted(where), 2):
                assert (now[one] == now[other]) == (where[one] == where[other]), (one, other, where)
