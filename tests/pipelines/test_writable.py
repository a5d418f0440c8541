"""What cannot be written is found out at once."""

from pathlib import Path

import pytest

from pipelines.writable import check_file, check_folder
from reid.errors import InputError


def test_what_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    check_file(tmp_path / "a.json", ".json")
    check_file(tmp_path / "new" / "b.json", ".json")
    check_folder(tmp_path / "results")
    assert (tmp_path / "a.json").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.json", "new", "results"]


@pytest.mark.parametrize("name", ["folder", "a.png", "file/b.json"])
def test_what_cannot(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--output "):
        check_file(tmp_path / name, ".json")
    with pytest.raises(InputError, match="name another folder"):
        check_folder(tmp_path / "file")
