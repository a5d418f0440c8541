"""The gallery that a results folder keeps of its own: found by its header, never lost, and gone as a whole."""

import shutil
from pathlib import Path

import pytest

from pipelines.exporting.people import read_site
from pipelines.recordings.own_gallery import linked_gallery, own_gallery
from pipelines.recordings.results_folder import results_folder
from pipelines.reviewing.opening import open_site
from pipelines.reviewing.run_gallery import RunGallery
from pipelines.runtime.progress import reporter
from reid.config import VideoConfig
from reid.errors import InputError, StoreError
from tests.pipelines.reviewing.results import make_results
from tests.tracklets import ENCODER

SEEN = {"a": {1: 0, 2: 1}, "b": {1: 1}}
QUIET = reporter(quiet=True)
RUN = "0123456789abcdef01234567"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Results with a gallery of their own."""
    root = make_results(tmp_path / "day", SEEN, run_id=RUN)
    with open_site([root], QUIET):
        pass
    return root


def named(root: Path) -> None:
    """Decide something."""
    with open_site([root], QUIET) as site:
        site.store.rename(1, "Ann")


def open_for(root: Path, *, run_id: str = RUN, gallery: Path | None = None) -> RunGallery:
    config = VideoConfig(output=root, overwrite=True, gallery=gallery)
    return RunGallery(config, run_id, ENCODER, None, QUIET)


def replace(root: Path) -> None:
    """Do what another run with --overwrite does first."""
    config = VideoConfig(output=root, overwrite=True)
    with results_folder(config, run_key="another", cameras=["a", "b"], inputs=()):
        pass


def test_no_run_replaces_decisions_whatever_gallery_it_names(root: Path, tmp_path: Path) -> None:
    named(root)
    with pytest.raises(InputError) as error:
        open_for(root, gallery=tmp_path / "site.db")
    assert str(error.value) == (
        f"--output {root}: gallery.db in it keeps what a person decided (1 decision), which would be lost; name "
        f"another folder, leave out --gallery, or move {root / 'gallery.db'} elsewhere"
    )
    assert not (tmp_path / "site.db").exists()
    with pytest.raises(InputError, match=r"about other recordings \(1 decision\), which would be lost"):
        open_for(root, run_id="f" * 24, gallery=tmp_path / "site.db")
    with pytest.raises(InputError, match=r"about other recordings \(1 decision\), which would be lost"):
        open_for(root, run_id="f" * 24)
    own = open_for(root)
    assert own.store is not None
    assert [one.label for one in own.store.people()] == ["Ann", None]
    own.close()


def test_another_encoder_is_refused_with_what_carries_the_people_over(root: Path) -> None:
    before = (root / "gallery.db").read_bytes()
    with pytest.raises(StoreError, match=rf"`reid gallery convert {root / 'gallery.db'} --encoder NEW`"):
        RunGallery(VideoConfig(output=root, overwrite=True), RUN, "other@1", None, QUIET)
    assert (root / "gallery.db").read_bytes() == before


def test_a_gallery_without_decisions_goes_with_what_lies_beside_it(root: Path, tmp_path: Path) -> None:
    for suffix in ("-wal", "-shm", ".lock", ".faiss"):
        (root / f"gallery.db{suffix}").write_bytes(b"")  # a killed review left them
    with open_site([root], QUIET):
        (root / "gallery.db.faiss").write_bytes(b"")
    (root / "gallery.db-wal").write_bytes(b"left")
    open_for(root, gallery=tmp_path / "site.db").close()
    replace(root)
    assert not list(root.glob("gallery.db*"))


def test_a_log_that_outlived_its_gallery_is_not_played_into_the_next(root: Path) -> None:
    with open_site([root], QUIET) as site:
        site.store.rename(1, "Ann")
        log = (root / "gallery.db-wal").read_bytes()
    assert log
    (root / "gallery.db").unlink()
    (root / "gallery.db-wal").write_bytes(log)
    with open_site([root], QUIET) as site:
        assert [one.label for one in site.store.people()] == [None, None]


def test_a_gallery_is_known_by_its_header_where_hidden_files_were_not_copied(
    root: Path, tmp_path: Path
) -> None:
    named(root)
    copy = tmp_path / "copy"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*"))
    assert own_gallery(copy) == copy / "gallery.db"
    with pytest.raises(InputError, match="keeps what a person decided"):
        open_for(copy, run_id="f" * 24)
    with open_site([copy], QUIET) as site:
        assert [one.label for one in site.store.people()] == ["Ann", None]
        site.store.undo()


@pytest.mark.parametrize("damage", ["empty", "zeros", "folder"])
def test_a_damaged_gallery_is_refused_and_not_replaced(root: Path, damage: str) -> None:
    named(root)
    path = root / "gallery.db"
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"" if damage == "empty" else bytes(4096) + content[4096:])
    before = None if path.is_dir() else path.read_bytes()
    said = "gallery.db: is damaged: .* put a copy of it back, or move it elsewhere to go on without these decisions"
    with pytest.raises(InputError, match=said), open_site([root], QUIET):
        pass
    with pytest.raises(InputError, match=said):
        open_for(root)
    with pytest.raises(InputError, match=said):
        open_for(root, run_id="f" * 24)
    with pytest.raises(InputError, match=said):
        read_site([root], reviewed_only=False, progress=QUIET)
    assert (None if path.is_dir() else path.read_bytes()) == before
    path.rename(root.parent / "elsewhere")
    with open_site([root], QUIET) as site:
        assert site.store.decisions() == []


def test_a_file_of_the_users_is_no_gallery(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN, run_id=RUN)
    (root / "gallery.db").write_bytes(b"mine")
    assert own_gallery(root) is None
    with pytest.raises(InputError, match="reid did not write it"), open_site([root], QUIET):
        pass
    assert (root / "gallery.db").read_bytes() == b"mine"


def test_a_run_takes_the_encoder_of_the_gallery_that_it_links_with(root: Path, tmp_path: Path) -> None:
    config = VideoConfig(output=root, overwrite=True)
    assert linked_gallery(config, RUN) == root / "gallery.db"
    assert linked_gallery(config, "f" * 24) is None, "that of other recordings is about to be replaced"
    named = config.model_copy(update={"gallery": tmp_path / "site.db"})
    assert linked_gallery(named, RUN) == tmp_path / "site.db"
