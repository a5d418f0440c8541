"""Only what the list names is replaced or deleted; links are never followed."""

import logging
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.outputs import atomic
from reid.owned_files import LIST, OwnedFiles


def written(files: OwnedFiles, *names: str) -> list[Path]:
    paths = [files.root / name for name in names]
    files.claim(*paths)
    for path in paths:
        atomic.write_text(path, "ours")
    return paths


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")} - {LIST}


def test_what_was_claimed_is_known_after_a_restart_and_goes_with_its_folders(tmp_path: Path) -> None:
    written(OwnedFiles(tmp_path), "a.txt", "video/lobby.mp4", "crops/P0001/x.jpg")
    again = OwnedFiles(tmp_path)
    assert [path.name for path in again.files()] == ["a.txt", "x.jpg", "lobby.mp4"]
    assert again.owns(tmp_path / "video")
    assert {path.name for path in again.clear(keep=lambda path: path.name == "a.txt")} == {
        "x.jpg",
        "lobby.mp4",
    }
    assert names(tmp_path) == {"a.txt"}
    assert [path.name for path in OwnedFiles(tmp_path).files()] == ["a.txt"]


def test_a_folder_in_place_of_a_file_is_refused_and_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    for path in written(files, "report.html", "crops/P0001/x.jpg"):
        path.unlink()
    (tmp_path / "report.html").mkdir()
    (tmp_path / "crops" / "P0001").rmdir()
    (tmp_path / "crops" / "P0001").write_text("mine")
    with pytest.raises(
        InputError, match=r"report.html: is a folder where reid writes a file; move it elsewhere"
    ):
        files.claim(tmp_path / "report.html")
    with pytest.raises(InputError, match=r"P0001: is a file where reid writes a folder; move it elsewhere"):
        files.claim(tmp_path / "crops" / "P0001" / "x.jpg")


def test_what_the_user_put_there_is_refused_told_of_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = OwnedFiles(tmp_path)
    written(files, "video/lobby.mp4")
    (tmp_path / "video" / "street.mp4").write_text("mine")
    with pytest.raises(InputError, match=r"street.mp4: is there already, and reid did not write it; move it"):
        files.claim(tmp_path / "video" / "yard.mp4", tmp_path / "video" / "street.mp4")
    assert not files.owns(tmp_path / "video" / "yard.mp4")  # refused together
    assert files.remove(tmp_path / "video" / "street.mp4") == []
    with caplog.at_level(logging.WARNING):
        files.clear()
    assert "kept what reid did not write there: video/street.mp4" in caplog.text
    assert names(tmp_path) == {"video", "video/street.mp4"}


def test_a_name_that_was_removed_is_not_ours_any_more(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    files.remove(*written(files, "clip.mp4"))
    (tmp_path / "clip.mp4").write_text("mine")
    assert files.clear() == OwnedFiles(tmp_path).clear() == []
    assert (tmp_path / "clip.mp4").read_text() == "mine"


def test_a_claim_without_a_file_is_dropped_at_the_next_start(tmp_path: Path) -> None:
    OwnedFiles(tmp_path).claim(tmp_path / "never.txt")
    OwnedFiles(tmp_path).tidy()
    (tmp_path / "never.txt").write_text("mine")
    assert OwnedFiles(tmp_path).clear() == []


def test_links_are_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root, far = tmp_path / "out", tmp_path / "far"
    root.mkdir()
    far.mkdir()
    files = OwnedFiles(root)
    written(files, "model.pth", "video/lobby.mp4")
    (root / "video" / "lobby.mp4").rename(far / "lobby.mp4")
    (root / "video").rmdir()
    (root / "video").symlink_to(far)
    (far / "model.pth").write_text("moved to the large disk")
    (root / "model.pth").unlink()
    (root / "model.pth").symlink_to(far / "model.pth")
    again = OwnedFiles(root)
    again.tidy()
    with pytest.raises(InputError, match="lies behind a link"):
        again.claim(root / "video" / "street.mp4")
    again.remove(root / "video" / "lobby.mp4", root / "model.pth")
    assert "left as it is, as it lies behind a link" in caplog.text
    assert names(far) == {"lobby.mp4", "model.pth"}
    assert (root / "video").is_symlink()
    assert not (root / "model.pth").is_symlink()


@pytest.mark.parametrize(
    "line", ['"../mine.txt"', '"/etc/x"', '""', "7", '{"a": 1}', "[" * 5000, "\xff", '"mine']
)
def test_a_damaged_list_reaches_nothing_else(line: str, tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (tmp_path / "mine.txt").write_text("mine")
    written(OwnedFiles(root), "a.txt")
    with (root / LIST).open("a", encoding="latin-1") as file:
        file.write(line)  # torn: without an end
    files = OwnedFiles(root)
    written(files, "b.txt")
    again = OwnedFiles(root)
    assert [path.name for path in again.files()] == ["a.txt", "b.txt"]
    again.clear()
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_half_written_files_are_swept_where_the_whole_ones_are_ours(tmp_path: Path) -> None:
    files = OwnedFiles(tmp_path)
    written(files, "a.json", "state.pt")
    partial = [".a.99-0.partial.json", f".state.pt.{'0' * 32}", ".state.pt.99.partial"]
    mine = [".b.99-0.partial.json", f".mine.{'0' * 32}", ".a.json"]
    for name in (*partial, *mine):
        (tmp_path / name).write_text("half")
    OwnedFiles(tmp_path).tidy()
    assert names(tmp_path) == {"a.json", "state.pt", *mine}


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    written(OwnedFiles(tmp_path), "caf\udce9.txt", "a\nb.txt", "ü.txt")
    assert len(OwnedFiles(tmp_path).clear()) == 3


def test_a_folder_in_the_place_of_the_list_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / LIST).mkdir()
    with pytest.raises(InputError, match=r"\.reid-files: is a folder, where the list .* move it elsewhere"):
        OwnedFiles(tmp_path)
