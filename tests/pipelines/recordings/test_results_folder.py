"""The results folder of a run: resumed, replaced or refused; and of one tale, whatever was written before."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.recordings.results_folder import bring_in_line, note_written, results_folder
from pipelines.runtime.ownership import LOCK, MARK, OwnedFolder
from reid.config import OutputConfig, VideoConfig
from reid.errors import InputError
from reid.linking.offline import Linking
from reid.outputs.artefact import crops_beside
from reid.outputs.folder import ResultsFolder
from reid.owned_files import LIST
from reid.types import Embeddings, Identity, Match, TrackletKey

CAMERAS = ["lobby", "street"]
OUTPUTS = {"video/lobby.mp4", "video/street.mp4", "tracks/lobby.txt", "tracks/street.txt",
           "crops/P0001/lobby_1_1.jpg",
           "identities.json", "tracklets.csv", "tracklets.parquet", "zones.csv", "static.json",
           "report.html"}  # fmt: skip
ALWAYS = {
    "run.json",
    "cameras/lobby.npz",
    "cameras/lobby.crops",
    "cameras/street.npz",
    "cameras/street.crops",
}


def linking(*people: int, distance: float = 0.1, known: bool = False) -> Linking:
    """Track n of the lobby is the n-th of the people."""
    keys = [TrackletKey(camera_id="lobby", track_id=track) for track in range(1, len(people) + 1)]
    nothing = Embeddings(vectors=np.zeros((0, 2), np.float32), encoder_id="e")
    return Linking(
        identities=tuple(
            Identity(person_id=person, tracklets=(), prototypes=nothing, known=known) for person in {*people}
        ),
        matches=tuple(
            Match(
                tracklet=key, person_id=person, distance=distance, runner_up_id=None, runner_up_distance=None
            )
            for key, person in zip(keys, people, strict=True)
        ),
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(
    root: Path,
    key: str = "one",
    found: Linking | None = None,
    *,
    cameras: Sequence[str] = CAMERAS,
    overwrite: bool = False,
    **outputs: bool,
) -> None:
    """What a run does to its folder: all files that the switches ask for, with its key in each."""
    config = VideoConfig(output=root, overwrite=overwrite, outputs=OutputConfig(**outputs))
    with results_folder(config, run_key=key, cameras=cameras, inputs=()) as folder:
        paths = ResultsFolder(root)
        for camera in cameras:
            for path in (crops_beside(paths.camera(camera)), paths.camera(camera)):
                write(path, key)
        found = found or linking(1)
        bring_in_line(folder, found, config.outputs)
        for path in paths.fixed(cameras, [name for name, on in config.outputs.model_dump().items() if on]):
            write(path, f"{key} {found.matches[0].person_id}")
        if config.outputs.crops:
            crop = paths.crop(found.matches[0].person_id or 0, "lobby", 1, 1)
            folder.files.remove(*(path for path in folder.files.files() if paths.kind(path) == "crops"))
            folder.files.claim(crop)
            write(crop, key)
        note_written(folder)


def files(root: Path) -> set[str]:
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith((MARK, LIST, LOCK))}


def test_the_same_run_resumes(tmp_path: Path) -> None:
    run(tmp_path)
    assert files(tmp_path) == OUTPUTS | ALWAYS
    (tmp_path / "video" / ".lobby.123-0.partial.mp4").write_text("half")
    for overwrite in (False, True):
        run(tmp_path, overwrite=overwrite)
        assert files(tmp_path) == OUTPUTS | ALWAYS


def test_a_file_that_a_failed_run_never_wrote_is_the_users_when_it_comes(tmp_path: Path) -> None:
    run(tmp_path, video=False)
    config = VideoConfig(output=tmp_path)
    with (
        pytest.raises(ValueError, match="failed"),
        results_folder(config, run_key="one", cameras=CAMERAS, inputs=()),
    ):
        raise ValueError("failed")
    write(tmp_path / "video" / "lobby.mp4", "mine")
    run(tmp_path, "two", overwrite=True, video=False)
    assert (tmp_path / "video" / "lobby.mp4").read_text() == "mine"


def test_another_runs_results_are_kept_unless_overwritten(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(InputError, match=r"another run's results.*--overwrite"):
        run(tmp_path, "two", cameras=["yard"])
    assert files(tmp_path) == OUTPUTS | ALWAYS
    run(tmp_path, "two", cameras=["yard"], overwrite=True, video=False, crops=False)
    assert files(tmp_path) == {
        "run.json", "report.html", "identities.json", "tracklets.csv", "tracklets.parquet", "tracks/yard.txt",
        "cameras/yard.npz", "cameras/yard.crops", "static.json", "zones.csv",
    }  # fmt: skip
    assert not (tmp_path / "video").exists()


def test_overwriting_keeps_what_is_not_ours_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path)
    mine = {
        "notes.txt",
        "video/holiday.mp4",
        "crops/P0001/me.jpg",
        "crops/best/lobby_1_1.jpg",
        "cameras/a.npz",
    }
    for name in mine:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    run(tmp_path, "two", overwrite=True)
    assert files(tmp_path) == mine | OUTPUTS | ALWAYS
    assert all((tmp_path / name).read_text() == "mine" for name in mine)
    assert "kept what reid did not write there: cameras/a.npz, crops/P0001/me.jpg, crops/best" in caplog.text


def test_a_name_that_the_user_took_is_refused_before_anything_is_removed(tmp_path: Path) -> None:
    run(tmp_path, video=False)
    (tmp_path / "video").mkdir()
    (tmp_path / "video" / "lobby.mp4").write_text("mine")
    with pytest.raises(InputError, match=r"video/lobby.mp4: is there already, and reid did not write it"):
        run(tmp_path)
    assert files(tmp_path) == ALWAYS | OUTPUTS - {"video/street.mp4"}
    assert (tmp_path / "video" / "lobby.mp4").read_text() == "mine"


def test_overwriting_keeps_the_artefacts_of_cameras_that_are_needed_again(tmp_path: Path) -> None:
    run(tmp_path)
    config = VideoConfig(output=tmp_path, overwrite=True)
    with results_folder(config, run_key="two", cameras=["street", "yard"], inputs=()):
        assert files(tmp_path) == {"cameras/street.npz", "cameras/street.crops"}
    run(tmp_path, "two", cameras=["street", "yard"])


def test_crops_without_their_arrays_are_swept_away(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "cameras" / "lobby.npz").unlink()
    (tmp_path / "cameras" / ".street.123-0.partial.crops").write_text("half")
    (tmp_path / "cameras" / "mine.crops").write_text("mine")
    with results_folder(VideoConfig(output=tmp_path), run_key="one", cameras=CAMERAS, inputs=()):
        left = {path.name for path in (tmp_path / "cameras").iterdir()}
        assert left == {"street.npz", "street.crops", "mine.crops"}


@pytest.mark.parametrize("off", ["video", "tracks", "tables", "crops", "report"])
def test_outputs_with_other_names_go_where_they_are_not_made_again(
    off: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path)
    run(tmp_path, **{off: False})  # nothing has changed
    assert files(tmp_path) == OUTPUTS | ALWAYS
    assert "removed" not in caplog.text
    run(tmp_path, found=linking(7), **{off: False})
    kinds = ResultsFolder(tmp_path)
    gone = {name for name in OUTPUTS if kinds.kind(tmp_path / name) == off}
    left = {name.replace("P0001", "P0007") for name in OUTPUTS - gone}
    assert files(tmp_path) == left | ALWAYS
    assert f"removed {sorted(gone)[0]}" in caplog.text
    assert "which told of other identities than this run found" in caplog.text
    assert (tmp_path / "run.json").read_text() == "one 7"
    run(tmp_path, found=linking(7))
    assert files(tmp_path) == {name.replace("P0001", "P0007") for name in OUTPUTS} | ALWAYS


def test_a_kill_while_outputs_are_made_anew_leaves_none_with_other_names(tmp_path: Path) -> None:
    run(tmp_path)
    config = VideoConfig(output=tmp_path)
    with results_folder(config, run_key="one", cameras=CAMERAS, inputs=()) as folder:
        bring_in_line(folder, linking(7), config.outputs)
        assert files(tmp_path) == ALWAYS
        (tmp_path / "video").mkdir(exist_ok=True)
        (tmp_path / "video" / "lobby.mp4").write_text("one 7")  # and the next was not begun
    run(tmp_path, found=linking(7), video=False)
    assert (tmp_path / "video" / "lobby.mp4").read_text() == "one 7"
    run(tmp_path, found=linking(1), video=False)
    assert not (tmp_path / "video").exists()


def test_tables_also_go_for_other_distances_and_videos_for_who_is_known(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, found=linking(1, distance=0.2), tables=False, video=False)
    assert not (tmp_path / "identities.json").exists()
    assert (tmp_path / "video" / "lobby.mp4").exists()
    run(tmp_path, found=linking(1, distance=0.2, known=True), report=False)
    assert not (tmp_path / "report.html").exists()


def test_scores_go_with_the_tracks_that_they_were_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path / "out")
    for camera in CAMERAS:
        for file in (tmp_path / "out" / "tracks" / f"{camera}.txt", tmp_path / "truth" / f"{camera}.txt"):
            write(file, "1,1,10,10,20,40,1,-1,-1,-1\n")
    write(tmp_path / "out" / "run.json", "{}")
    assert main(["evaluate", str(tmp_path / "out"), "--truth", str(tmp_path / "truth")]) == 0
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["global_ids"]["idf1"] == 1
    run(tmp_path / "out", video=False)
    assert (tmp_path / "out" / "scores.json").exists()
    run(tmp_path / "out", found=linking(7))
    assert not (tmp_path / "out" / "scores.json").exists()
    assert "removed scores.json, which told of other identities" in caplog.text
    write(tmp_path / "out" / "scores.json", '{"mine": 1}')
    assert main(["evaluate", str(tmp_path / "out"), "--truth", str(tmp_path / "truth")]) == 2
    assert (tmp_path / "out" / "scores.json").read_text() == '{"mine": 1}'


def test_results_of_an_earlier_version_are_replaced_and_what_they_tell_is_not_trusted(tmp_path: Path) -> None:
    marker = {"run_key": "one", "layout": 1, "cameras": CAMERAS}
    (tmp_path / ".reid-run.json").write_text(json.dumps(marker))
    earlier = (OUTPUTS | ALWAYS) - {"static.json", "zones.csv"}
    for name in earlier:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    with pytest.raises(InputError, match="another run's"):
        run(tmp_path, "two")
    assert files(tmp_path) == earlier | {".reid-run.json"}
    config = VideoConfig(output=tmp_path)
    with results_folder(config, run_key="one", cameras=CAMERAS, inputs=()):
        assert (tmp_path / "cameras" / "lobby.npz").read_text() == "old"
    run(tmp_path, video=False)
    assert files(tmp_path) == {name for name in OUTPUTS if not name.startswith("video")} | ALWAYS


def test_a_failed_run_of_an_earlier_version_blocks_nothing(tmp_path: Path) -> None:
    (tmp_path / ".reid-run.json").write_text(json.dumps({"run_key": "x", "layout": 1, "cameras": CAMERAS}))
    run(tmp_path)
    assert files(tmp_path) == OUTPUTS | ALWAYS
    with pytest.raises(InputError, match="was written by reid video"), OwnedFolder.open(tmp_path, job="live"):
        pass
