"""Several sources as one data set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.datasets.records import DISTRACTOR, Split
from reid.datasets.sources import ImageSource, combine, open_sources, sites
from reid.errors import InputError
from tests.datasets.test_sources import table
from tests.datasets.trees import touch


def test_one_source_keeps_its_names(tmp_path: Path) -> None:
    touch(tmp_path / "crops", ["0010_c10s1_1.jpg", "0010_c2s1_1.jpg", "0002_c2s1_1.jpg", "0002_c2s2_1.jpg"])
    split = combine(open_sources([str(tmp_path / "crops")]))
    assert split.name == "crops"
    assert dict(split.person_names) == {0: "0002", 1: "0010"}
    assert split.camera_names == ("c2", "c10")
    assert split.persons.tolist() == [0, 0, 1, 1]
    assert split.cameras.tolist() == [0, 0, 1, 0]
    assert len(set(split.tracklets.tolist())) == 4
    assert sites(split, np.arange(2)) == ["", ""]


def test_people_and_cameras_of_several_sources_are_kept_apart(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "crops", ["2/door_1.jpg", "10/door_1.jpg"])
    touch(tmp_path / "b" / "crops", ["2/door_1.jpg", "2/door_2.jpg"])
    split = combine(open_sources([str(tmp_path / "a" / "crops"), str(tmp_path / "b" / "crops")]))
    assert split.name == "crops + crops (2)"
    assert dict(split.person_names) == {0: "crops/2", 1: "crops/10", 2: "crops (2)/2"}
    assert split.camera_names == ("crops/door", "crops (2)/door")
    assert split.persons.tolist() == [1, 0, 2, 2]
    assert split.tracklets[2] == split.tracklets[3]
    assert len(set(split.tracklets.tolist())) == 3
    assert sites(split, np.arange(3)) == ["crops", "crops", "crops (2)"]


def test_slashes_in_names_are_no_sources(tmp_path: Path) -> None:
    (source,) = open_sources([str(table(tmp_path / "t.csv", "a.jpg,x/1,door", "b.jpg,y/1,door"))])
    assert sites(combine([source]), np.arange(2)) == ["", ""]


def test_what_is_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "crops", ["Ann/door_1.jpg", "Bob/door_1.jpg"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"\./crops/\.\./crops: given twice"):
        open_sources(["./crops/../crops", "crops"])
    both = open_sources(["crops", str(table(tmp_path / "t.csv", "crops/Ann/door_1.jpg,Ann,door"))])
    with pytest.raises(InputError, match=r"door_1\.jpg: given twice, in crops and in t; take it out once"):
        combine(both)
    rows = ("crops/Ann/door_1.jpg,Ann,door", "./crops/Ann/door_1.jpg,Bob,door")
    with pytest.raises(InputError, match="given twice, in twin and in twin"):
        combine(open_sources([str(table(tmp_path / "twin.csv", *rows))]))
    (tmp_path / "crops" / "Bob" / "link_1.jpg").symlink_to(tmp_path / "crops" / "Bob" / "door_1.jpg")
    with pytest.raises(InputError, match=r"link_1\.jpg: given twice"):
        combine(open_sources(["crops"]))


def test_nothing_to_combine() -> None:
    with pytest.raises(ValueError, match="there must be a source"):
        combine([])


LABELS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=30
)


def made_up(number: int, rows: Sequence[tuple[int, int, int]], site: str) -> ImageSource:
    persons, cameras, tracklets = np.array(rows, dtype=np.int64).T
    split = Split(
        name=f"source {number}",
        paths=tuple(Path(f"/{number}/{row}.jpg") for row in range(len(rows))),
        persons=persons,
        cameras=cameras,
        tracklets=tracklets,
        camera_names=("door", "yard", "c2", "c10", "/"),
        person_names={3: "Ann", 4: "b/c"},
    )
    return ImageSource(name=split.name, kind="folder", path=Path(f"/{number}"), split=split, site=site)


@given(st.lists(st.tuples(LABELS, st.sampled_from(["", "north", "south"])), min_size=1, max_size=4))
def test_combining_keeps_people_apart(parts: list[tuple[list[tuple[int, int, int]], str]]) -> None:
    """Images show one person in the whole if, and only if, they do in one source, or in sources of one site."""
    sources = [made_up(at, rows, site or f"source {at}") for at, (rows, site) in enumerate(parts)]
    split = combine(sources)
    whole = list(zip(split.persons.tolist(), split.cameras.tolist(), split.tracklets.tolist(), strict=True))
    before = [
        ((source.site, row[0]), (source.site, row[1]), (source.name, row[2]))
        for source, (rows, _) in zip(sources, parts, strict=True)
        for row in rows
    ]
    assert split.paths == tuple(path for source in sources for path in source.split.paths)
    for column in range(3):
        pairs = {(old[column], new[column]) for old, new in zip(before, whole, strict=True)}
        assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
    assert set(split.persons.tolist()) == set(range(split.people)) == set(split.person_names)
    assert DISTRACTOR not in split.persons
    assert len({source.site for source in sources}) == 1 or sites(split, split.persons) == [
        person[0] for person, _, _ in before
    ]
