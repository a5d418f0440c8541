"""Paths that run.json records, names of crops, and tables of tracklets."""

from pathlib import Path

import pytest

from reid.results_files import crop_of, recorded_path, table_rows


def test_a_path_as_typed_is_looked_for_where_it_may_have_been_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "site" / "day"
    root.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    absolute = tmp_path / "gone.db"
    assert recorded_path(root, absolute) == absolute
    assert recorded_path(root, Path("a.db")) == tmp_path / "work" / "a.db", "it is nowhere"
    for folder in (root, root.parent, tmp_path / "work"):  # the later ones go before
        (folder / "a.db").write_bytes(b"")
        assert recorded_path(root, Path("a.db")) == folder / "a.db"


def test_a_site_that_was_moved_or_copied_has_its_own_files(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for site in (old, new):
        (site / "day").mkdir(parents=True)
        (site / "site.db").write_bytes(b"")
    (old / "a.mp4").write_bytes(b"")
    output = old / "day"
    assert recorded_path(old / "day", old / "site.db", output) == old / "site.db"
    assert recorded_path(new / "day", old / "site.db", output) == new / "site.db", (
        "not of the site it came from"
    )
    assert recorded_path(new / "day", old / "a.mp4", output) == old / "a.mp4", "was not copied"
    (old / "a.mp4").unlink()
    assert recorded_path(new / "day", old / "a.mp4", output) == old / "a.mp4", "is told as it was recorded"


def test_a_path_as_typed_counts_from_the_folder_that_was_typed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "site" / "out" / "day"
    root.mkdir(parents=True)
    (tmp_path / "site" / "site.db").write_bytes(b"")
    (tmp_path / "site.db").write_bytes(b"of another site")
    monkeypatch.chdir(tmp_path)
    assert recorded_path(root, Path("site.db"), Path("out/day")) == tmp_path / "site" / "site.db"
    assert recorded_path(root, Path("site.db"), tmp_path / "elsewhere") == tmp_path / "site.db"


@pytest.mark.parametrize(
    ("stem", "found"),
    [
        ("door_3_1", ("door", 3)),
        ("front door_12_4", ("front door", 12)),
        ("a_b_3_1 (2)", ("a_b", 3)),
        ("door_3", None),
        ("door_x_1", None),
    ],
)
def test_crops_are_known_by_their_names(stem: str, found: tuple[str, int] | None) -> None:
    assert crop_of(stem) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("track_id\n1\n", "KeyError"),
        ("camera,track_id\na\n", "TypeError"),
        (f"camera,track_id\n{'a' * 200_000},1\n", "field larger than field limit"),
    ],
)
def test_what_is_no_table_of_tracklets_is_a_value_error(tmp_path: Path, text: str, why: str) -> None:
    table = tmp_path / "tracklets.csv"
    table.write_text("camera,track_id\na,1\nb,2\n")
    assert table_rows(table, lambda row: (row["camera"], int(row["track_id"]))) == [("a", 1), ("b", 2)]
    table.write_text(text)
    with pytest.raises(ValueError, match=why):
        table_rows(table, lambda row: (row["camera"], int(row["track_id"])))
