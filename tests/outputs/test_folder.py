import json
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.outputs import atomic
from reid.outputs.artefact import crops_beside
from reid.outputs.folder import MARKER, ResultsFolder, file_stem

CAMERAS = ["lobby", "street"]


def filled(root: Path, key: str = "one") -> ResultsFolder:
    """A folder with everything a run writes."""
    folder = ResultsFolder.open(root, run_key=key, cameras=CAMERAS)
    paths = [folder.identities, folder.tracklets_csv, folder.tracklets_parquet, folder.report]
    for camera in CAMERAS:
        paths += [folder.camera(camera), crops_beside(folder.camera(camera))]
        paths += [folder.video(camera), folder.tracks(camera)]
        paths += [folder.crop(1, camera, 3, 1), folder.crop(12345, camera, 3, 1)]
    for path in paths:
        atomic.write_bytes(path, b"x")
    atomic.write_text(folder.run, json.dumps({"run_key": key, "cameras": dict.fromkeys(CAMERAS, 0)}))
    return folder


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_layout(tmp_path: Path) -> None:
    filled(tmp_path / "a" / "b")
    assert files(tmp_path / "a" / "b") == {
        ".reid-run.json", "run.json", "report.html", "identities.json", "tracklets.csv", "tracklets.parquet",
        "cameras/lobby.npz", "cameras/street.npz", "cameras/lobby.crops", "cameras/street.crops",
        "video/lobby.mp4", "video/street.mp4", "tracks/lobby.txt", "tracks/street.txt",
        "crops/P0001/lobby_3_1.jpg", "crops/P0001/street_3_1.jpg",
        "crops/P12345/lobby_3_1.jpg", "crops/P12345/street_3_1.jpg",
    }  # fmt: skip


def test_the_same_run_resumes(tmp_path: Path) -> None:
    filled(tmp_path)
    before = files(tmp_path)
    left = tmp_path / "video" / ".lobby.123-0.partial.mp4"
    left.write_text("half")
    for overwrite in (False, True):
        ResultsFolder.open(tmp_path, run_key="one", cameras=CAMERAS, overwrite=overwrite)
        assert files(tmp_path) == before


def test_another_runs_results_are_kept_unless_overwritten(tmp_path: Path) -> None:
    filled(tmp_path)
    before = files(tmp_path)
    with pytest.raises(InputError, match=r"another run's results.*--overwrite"):
        ResultsFolder.open(tmp_path, run_key="two", cameras=["yard"])
    assert files(tmp_path) == before
    ResultsFolder.open(tmp_path, run_key="two", cameras=["yard"], overwrite=True)
    assert files(tmp_path) == {MARKER}
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
    assert json.loads((tmp_path / MARKER).read_text())["run_key"] == "two"


def test_overwriting_spares_what_is_not_ours(tmp_path: Path) -> None:
    filled(tmp_path)
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
    ResultsFolder.open(tmp_path, run_key="two", cameras=["yard"], overwrite=True)
    assert files(tmp_path) == mine | {MARKER}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_foreign_folder_is_refused_whatever_the_flags(tmp_path: Path, overwrite: bool) -> None:
    for name in ("video/lobby.mp4", "run.json", "report.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match=r"not results of reid \('report.html' and 2 more\)"):
        ResultsFolder.open(tmp_path, run_key="one", cameras=CAMERAS, overwrite=overwrite)
    assert files(tmp_path) == {"video/lobby.mp4", "run.json", "report.html"}


def test_a_copy_without_hidden_files_is_known_by_its_run_json(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / MARKER).unlink()
    with pytest.raises(InputError, match="another run's"):
        ResultsFolder.open(tmp_path, run_key="two", cameras=CAMERAS)
    ResultsFolder.open(tmp_path, run_key="two", cameras=["yard"], overwrite=True)
    assert files(tmp_path) == {MARKER}


def test_overwriting_keeps_the_artefacts_of_cameras_that_are_needed_again(tmp_path: Path) -> None:
    filled(tmp_path)
    ResultsFolder.open(tmp_path, run_key="two", cameras=["street", "yard"], overwrite=True)
    assert files(tmp_path) == {MARKER, "cameras/street.npz", "cameras/street.crops"}
    ResultsFolder.open(tmp_path, run_key="three", cameras=["yard"], overwrite=True)
    assert files(tmp_path) == {MARKER}


def test_crops_without_their_arrays_are_swept_away(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    folder.camera("lobby").unlink()
    (tmp_path / "cameras" / ".street.123-0.partial.crops").write_text("half")
    (tmp_path / "cameras" / "mine.crops").write_text("mine")
    ResultsFolder.open(tmp_path, run_key="one", cameras=CAMERAS)
    left = {path.name for path in (tmp_path / "cameras").iterdir()}
    assert left == {"street.npz", "street.crops", "mine.crops"}


def test_folders_that_count_as_empty(tmp_path: Path) -> None:
    for name in (".DS_Store", "..reid-run.99-0.partial.json"):
        (tmp_path / name).write_text("")
    ResultsFolder.open(tmp_path, run_key="one", cameras=CAMERAS)
    assert files(tmp_path) == {MARKER, ".DS_Store"}


def test_a_file_or_an_unwritable_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        ResultsFolder.open(tmp_path / "file", run_key="one", cameras=CAMERAS)
    with pytest.raises(InputError, match=r"cannot write results to .*choose another --output"):
        ResultsFolder.open(tmp_path / "file" / "below", run_key="one", cameras=CAMERAS)


def test_camera_names_become_file_names_one_to_one() -> None:
    assert file_stem("Eingang Süd-2 <b>") == "Eingang Süd-2 %3Cb%3E"
    assert file_stem("lobby") == "lobby"
    names = ["a/b", "a%2Fb", "a\\b", "..", ".", "a ", "a", "ü" * 200, "ü" * 201, "a\n", "../../etc/passwd"]
    stems = [file_stem(name) for name in names]
    assert len(set(stems)) == len(names)
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
        assert len(stem.encode()) <= 200
    with pytest.raises(InputError, match="needs a name"):
        file_stem("")
