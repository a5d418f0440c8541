"""Results whose writing was killed: it is told, nothing takes the half for the whole, and the next time mends it."""

import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import evaluate
from pipelines.exporting.people import ExportedTracklet, read_site
from pipelines.recordings.results import Results
from pipelines.recordings.results_folder import bring_in_line, half_written
from pipelines.reviewing import writing
from pipelines.reviewing.opening import open_site
from pipelines.reviewing.up_to_date import says_all
from pipelines.reviewing.writing import link_again, write_again
from pipelines.runtime.progress import reporter
from pipelines.training.data import read
from reid.errors import InputError
from reid.training.config import TrainConfig
from tests.pipelines.reviewing.results import make_results, put_videos
from tests.pipelines.reviewing.test_writing import FIRST, QUIET, SEEN, lie, opened, place, who
from tests.video.media import make_video


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_results(tmp_path / "day", SEEN)


def write_and_die(root: Path, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Split a/3 off and write results again, and end as by a kill before the first file of `at` is placed."""
    with opened(root) as site:
        site.store.split(1, [place(site, "a/3")])
        moved, real = [], os.replace

        def killed(source: Path, target: Path) -> None:
            if Path(target).relative_to(root).parts[0] == at:
                raise KeyboardInterrupt
            moved.append(target)
            real(source, target)

        with monkeypatch.context() as dying:
            dying.setattr(writing, "os", SimpleNamespace(replace=killed))
            with pytest.raises(KeyboardInterrupt):
                write_again(site.runs[0], site.store, QUIET)
    assert moved


@pytest.mark.parametrize("at", ["identities.json", "tracks"])
def test_it_is_told_and_the_next_time_mends_it(root: Path, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_and_die(root, at, monkeypatch)
    said = io.StringIO()
    with open_site([root], reporter(out=io.StringIO(), err=said)) as site:
        assert "is half written, as the program was ended while it wrote it" in said.getvalue()
        assert not says_all(site.runs[0], site.store)
        assert write_again(site.runs[0], site.store, QUIET).files
        assert write_again(site.runs[0], site.store, QUIET).files == 0
    assert half_written(root) is None
    assert who(root) == FIRST | {"a/3": "P0005"}
    assert lie(root)["P0005"] == {"a/3"}
    assert lie(root)["P0001"] == {"a/1"}


def test_a_killed_reid_video_is_told_and_mended_too(root: Path) -> None:
    """Between tables and crops: what tells of who is who is there, and all else is missing."""
    with opened(root) as site:
        site.store.reassign(1, [place(site, "a/3")], 2)
        one = site.runs[0]
        linked = link_again(one, site.store)
        bring_in_line(one.owned, linked.linking, one.run.config.outputs)
        results = Results(
            folder=one.run.folder,
            files=one.owned.files,
            outputs=one.run.config.outputs.model_copy(update={"crops": False}),
            cameras=linked.cameras,
            linking=linked.linking,
            clock=one.run.clock,
        )
        results.write()
    assert not (root / "crops").exists()
    assert who(root)["a/3"] == "P0002"
    said = io.StringIO()
    with open_site([root], reporter(out=io.StringIO(), err=said)) as site:
        assert "is half written, as the program was ended" in said.getvalue()
        assert write_again(site.runs[0], site.store, QUIET).files
    assert lie(root)["P0002"] >= {"a/3"}
    assert (root / "report.html").exists()


def test_what_reads_the_files_refuses_the_half(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_and_die(root, "tracks", monkeypatch)
    why = f"^{root}: is half written, as the program was ended while it wrote it"
    with pytest.raises(InputError, match=why):
        evaluate.run(root, root / "truth", QUIET)
    with pytest.raises(InputError, match=why):
        read(TrainConfig(sources=(str(root),)))
    people = {str(one.tracklet.key): one.person_id for one in exported(root)}
    assert people["a/3"] == 5, "the gallery is whole"
    (root / "gallery.db").rename(root / "elsewhere.db")
    with pytest.raises(InputError, match=why):
        exported(root)


def exported(root: Path) -> tuple[ExportedTracklet, ...]:
    return read_site([root], reviewed_only=False, progress=QUIET).tracklets


@pytest.mark.slow
def test_videos_are_drawn_again_that_a_kill_left_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: make_video(tmp_path / f"{name}.mp4", 160, size=(320, 240)) for name in SEEN}
    root = make_results(tmp_path / "day", SEEN, video=True, files=files)
    put_videos(root, b"of the former people")
    write_and_die(root, "video", monkeypatch)
    assert who(root)["a/3"] == "P0005", "the tables are new"
    assert (root / "video" / "a.mp4").read_bytes() == b"of the former people"
    with opened(root) as site:
        assert write_again(site.runs[0], site.store, QUIET).drawn == ("a", "b")
        assert says_all(site.runs[0], site.store)
    assert (root / "video" / "a.mp4").stat().st_size > 1000
